"""The laws: what an entry may say, given the entries before it."""
