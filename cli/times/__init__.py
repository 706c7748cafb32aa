"""Times and durations as people type and read them."""
