"""Runs at the terminal: starting them, watching them, cancelling them, finding them."""
