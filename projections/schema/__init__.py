"""What the tables and views mean: their columns, their SQL."""
