"""What each type of entry changes in the state; `scheduler.rules.evolve` puts them together."""
