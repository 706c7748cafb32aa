"""Reports that a timeline of jobs is drawn from."""
