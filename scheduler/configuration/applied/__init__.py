"""A config in force on several machines: its text without secrets, and what each machine puts back into it."""
