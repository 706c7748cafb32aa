"""Figures of a home as Prometheus reads them, for the console and for files."""
