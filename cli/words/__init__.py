"""The sentences of the command line: entries, jobs, runs and explanations in words."""
