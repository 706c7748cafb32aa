"""The commands of the group `projections`."""
