"""Comparing this machine's mirror with the database: looking, words, what is kept of a fork."""
