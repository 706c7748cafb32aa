"""Tests of the commands about the config in force."""
