"""Configs of several files."""
