"""What commands about evidence have in common: bundles, notes, checkpoints that are remembered."""
