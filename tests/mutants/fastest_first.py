"""A plugin of pytest: of the tests that run a mutant, the quickest go first, so that most mutants die in no time."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

_MEASURED = Path("mutmut-stats.json")
"""Written by the tester after it ran each test once, in the folder in which the tests run."""


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Order the tests by the time that each took."""
    if _MEASURED.exists():
        durations_s = json.loads(_MEASURED.read_text(encoding="utf-8"))["duration_by_test"]
        items.sort(key=lambda item: durations_s.get(item.nodeid, 0.0))
