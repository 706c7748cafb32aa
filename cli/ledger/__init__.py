"""Entries at the terminal: as lines, as JSON, as they come."""
