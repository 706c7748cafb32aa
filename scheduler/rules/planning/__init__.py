"""What an edit of the config would change, before it does: jobs, instants, runs, what follows. Pure rules."""
