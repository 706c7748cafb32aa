"""The projection files, and whether they are valid."""
