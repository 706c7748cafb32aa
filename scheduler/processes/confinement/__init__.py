"""What a process does to itself before it becomes a job's: limits, and another user."""
