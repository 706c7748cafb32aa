"""Log entries at the terminal: which are asked for, and how they are shown."""
