"""The commands of the group `home`."""
