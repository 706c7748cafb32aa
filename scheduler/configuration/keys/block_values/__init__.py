"""Keys whose value is a block of keys of its own: how each is read, merged and shown."""
