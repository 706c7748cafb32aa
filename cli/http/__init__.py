"""Listening for HTTP, for the commands that serve it: within bounds, until they are told to stop."""
