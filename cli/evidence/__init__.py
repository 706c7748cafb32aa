"""What commands about evidence have in common: keys, checkpoints, proofs, bundles, and what is said of them."""
