"""Signing checkpoints: what is read back first, what is compared, in which order it becomes durable."""
