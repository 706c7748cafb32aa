"""Tests of what is in force on several machines."""
