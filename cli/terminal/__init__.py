"""What is written to a terminal or a pipe: widths, wrapping, tables, progress."""
