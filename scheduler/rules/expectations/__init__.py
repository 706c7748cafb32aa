"""Whether what is expected of jobs holds: what of it is in the state, from when it does not, what is recorded then."""
