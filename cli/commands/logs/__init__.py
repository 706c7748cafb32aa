"""The commands of the group `logs`."""
