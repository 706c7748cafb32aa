"""Mirrors that tests open: each is closed when its test is over, whatever became of the test's nodes."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any

import pytest

from eventstore.errors import LedgerError
from eventstore.replicated.mirror import Mirror


@pytest.fixture(autouse=True)
def mirrors_are_closed(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A process that is killed in a simulation closes nothing: its descriptors would stay open in the tests'."""
    opened: list[Mirror] = []
    open_mirror = Mirror.open

    def noted(*args: Any, **options: Any) -> Mirror:
        opened.append(open_mirror(*args, **options))
        return opened[-1]

    monkeypatch.setattr(Mirror, "open", noted)
    yield
    for mirror in opened:
        with contextlib.suppress(LedgerError, OSError):
            mirror.close()
