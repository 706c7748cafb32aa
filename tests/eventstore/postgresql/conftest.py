"""Fixtures of these tests."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.support.mirrors import mirrors_are_closed
from tests.support.postgresql_fixtures import TestDatabase
from tests.support.postgresql_wire import Wire

__all__ = ["mirrors_are_closed"]


@pytest.fixture
def wire(pg_ledger: TestDatabase) -> Iterator[Wire]:
    """A proxy before the database."""
    with Wire(pg_ledger.server.socket) as opened:
        yield opened
