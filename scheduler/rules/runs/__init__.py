"""What becomes of runs that are owed: which start, wait, are skipped, tried again, replaced or lost."""
