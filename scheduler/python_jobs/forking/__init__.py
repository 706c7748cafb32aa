"""The fork server for jobs in Python, and the scheduler's side of it."""
