"""Tests of archives: what leaves, in which order, what is recorded of it."""
