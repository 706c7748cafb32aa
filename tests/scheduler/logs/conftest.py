from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.output import HandWritten


@pytest.fixture
def home(tmp_path: Path) -> Iterator[HandWritten]:
    """A home written by hand."""
    home = HandWritten(tmp_path / "home")
    yield home
    home.close()
