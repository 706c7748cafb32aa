"""A folder with files of chosen ages, and what is left of them."""

from __future__ import annotations

import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from scheduler.builtin.retention import ProtectedFiles, Target, apply
from scheduler.builtin.retention_report import RetentionTally

NOW = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)
CUTOFF = NOW - timedelta(hours=24)
OLD = CUTOFF - timedelta(seconds=1)
NOTHING_PROTECTED = ProtectedFiles(frozenset(), frozenset(), None, lambda folder, name: False)


def put(path: Path, changed: datetime = OLD, content: str = "12345") -> Path:
    """Make a file that was last changed at a moment, and the folders above it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(content)
    nanoseconds = round((changed - datetime(1970, 1, 1, tzinfo=UTC)) / timedelta(microseconds=1)) * 1000
    os.utime(path, ns=(nanoseconds, nanoseconds))
    return path


def left(folder: Path) -> set[str]:
    """Everything in a folder and below, as relative paths."""
    return {str(path.relative_to(folder)) for path in folder.rglob("*")}


def clean(
    folder: Path,
    pattern: str | None = "*",
    protected: ProtectedFiles = NOTHING_PROTECTED,
    dry_run: bool = False,
) -> RetentionTally:
    """Clean one folder of what was changed before `CUTOFF`."""
    tally = RetentionTally()
    apply(Target(folder, pattern), CUTOFF, protected, tally, dry_run=dry_run)
    return tally


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The folder that is cleaned; beside it is what must survive."""
    path = tmp_path / "given"
    path.mkdir()
    return path
