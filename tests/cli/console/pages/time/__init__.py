"""Tests of the page of time."""
