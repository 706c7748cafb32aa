"""The commands of a witness."""
