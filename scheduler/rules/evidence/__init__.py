"""What is on record about keys, checkpoints and anchors, and when the next checkpoint is due."""
