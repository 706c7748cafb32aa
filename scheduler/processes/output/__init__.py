"""The files that hold what runs print."""
