"""Who may use the console over a network."""
