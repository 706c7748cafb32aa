"""Cron expressions as people use them: those of public crontabs, Kubernetes and workflow files."""

from __future__ import annotations

from pathlib import Path

_FILE = Path(__file__).with_name("expressions_in_use.txt")
IN_USE = [
    line for line in _FILE.read_text(encoding="utf-8").splitlines() if line and not line.startswith("#")
]
"""The most used ones first; some are mistakes, some belong to other dialects (seconds, Quartz, a zone behind)."""
