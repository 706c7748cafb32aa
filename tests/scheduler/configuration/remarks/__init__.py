"""Remarks on configs."""
