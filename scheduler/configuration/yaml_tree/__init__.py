"""A config as YAML: from the bytes of a file to a tree of nodes, each of which knows its place in the text.

`source` gives the text, `tree` its nodes, `syntax` words for what is no YAML, and `problems` collects mistakes with
their places. Nothing here knows which keys a config has.
"""
