"""The audit report for people: its words once, and their two forms, text of 80 columns and a page that prints."""
