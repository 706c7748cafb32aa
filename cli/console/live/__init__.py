"""What is appended, told to browsers as it comes."""
