"""What the loop records beside its rounds: what nothing is started or ended by."""
