"""The config's JSON Schema, and what validators make of it."""
