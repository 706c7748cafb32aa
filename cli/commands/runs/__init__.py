"""The commands of the group `runs`."""
