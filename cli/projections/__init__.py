"""What the commands about projections share."""
