"""Log entries at the terminal: which are wanted, and how they are shown."""
