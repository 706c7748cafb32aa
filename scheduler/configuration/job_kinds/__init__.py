"""Kinds of jobs that are no commands: those that come along, and those in Python that the home or packages bring."""
