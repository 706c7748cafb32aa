"""The commands of the group `playbooks`."""
