"""For what a run waits now, as an explanation tells it."""
