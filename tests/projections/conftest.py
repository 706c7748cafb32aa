from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.ledger import Writer


@pytest.fixture
def writer(tmp_path: Path) -> Iterator[Writer]:
    """A home with an open ledger whose segments hold eight entries."""
    writer = Writer(tmp_path / "home")
    yield writer
    writer.close()
