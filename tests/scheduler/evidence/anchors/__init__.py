"""Who else remembers checkpoints."""
