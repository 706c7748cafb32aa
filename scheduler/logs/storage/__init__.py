"""Where log entries and captured output are kept."""
