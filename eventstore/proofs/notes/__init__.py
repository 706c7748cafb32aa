"""What is signed: notes, checkpoints as their text, and the one place that knows the library for signatures."""
