"""The commands by which a person asks for something to be done about jobs and runs."""
