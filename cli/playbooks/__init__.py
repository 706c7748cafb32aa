"""Runbooks that the command shows, and the pages they are kept in."""
