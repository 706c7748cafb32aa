"""Tests of the plan of an edit."""
