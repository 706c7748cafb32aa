"""Fixtures of the ledger's tests."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

_RAM = Path("/dev/shm")


@pytest.fixture
def ram() -> Iterator[Path]:
    """A fresh folder, in memory where there is such a place: for tests that rewrite thousands of files."""
    parent = _RAM if os.access(_RAM, os.W_OK) else None
    folder = Path(tempfile.mkdtemp(prefix="ledger-test-", dir=parent))
    try:
        yield folder
    finally:
        shutil.rmtree(folder)
