"""The tree as a tiled log has it: the layout of C2SP tlog-tiles, its files, and the leaves under them."""
