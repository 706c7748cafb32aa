"""The live views over projection files and the entries after them."""
