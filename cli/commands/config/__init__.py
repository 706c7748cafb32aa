"""Commands about the config in force."""
