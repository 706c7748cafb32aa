"""What commands about evidence have in common."""
