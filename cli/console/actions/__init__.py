"""What a person does on a page, recorded."""
