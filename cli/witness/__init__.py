"""What the commands of a witness share."""
