"""A home with segments that may be archived, and a place for volumes."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from scheduler.home import Home
from tests.support.archived_home import grown


@pytest.fixture(scope="package")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home that is copied."""
    root = tmp_path_factory.mktemp("made") / "home"
    grown(root)
    return root


@pytest.fixture
def home(made: Path, tmp_path: Path) -> Home:
    """A home of its own."""
    return Home(Path(shutil.copytree(made, tmp_path / "home")))


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """Where its volumes are."""
    return tmp_path / "worm"
