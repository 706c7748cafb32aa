"""The plan of an edit in words and as JSON."""
