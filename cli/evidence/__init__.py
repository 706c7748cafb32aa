"""What commands share that give evidence out: bundles, and whatever else leaves the machine with proofs in it."""
