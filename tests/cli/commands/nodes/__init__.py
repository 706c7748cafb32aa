"""Tests of the commands about nodes."""
