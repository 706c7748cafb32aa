"""Reading what takes long of a config, in a process of its own: whoever serves a home waits for nothing."""
