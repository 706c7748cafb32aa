"""The `channels:` block."""
