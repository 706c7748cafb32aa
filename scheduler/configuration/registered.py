"""The jobs that cronledger brings along: they need no command, for they are found by their names."""

REGISTERED = ("cleanup-sessions", "log-cleanup")
"""Their names."""
