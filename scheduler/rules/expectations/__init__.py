"""Whether what is expected of jobs holds: what of it is in the state, and what is recorded when it does not."""
