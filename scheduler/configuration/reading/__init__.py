"""Reading the config beside whoever serves a home: what takes long of it, and an edit, for who follows it."""
