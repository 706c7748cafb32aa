"""What is told to whom: which entries are news, which channels want them, and when they are sent."""
