"""Who makes a run that a person asks for: the scheduler that serves the home, or this command."""
