"""A home as commands open it: to read, to record, as it was, and the jobs in it by name."""
