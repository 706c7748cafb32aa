"""Tests of `scheduler.database`."""
