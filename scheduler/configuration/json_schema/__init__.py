"""The config as JSON Schema, for editors and other tools."""
