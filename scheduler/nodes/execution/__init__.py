"""What a node executes: what is assigned to it, what it finds of before, and how attempts ended."""
