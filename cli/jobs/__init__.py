"""What commands and pages tell of one job: what it is, and why it did or did not run."""
