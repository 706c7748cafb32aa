"""A plugin of pytest: which tests a mutant is shown to, and the quickest of them first, so that most die at once.

The tester names hundreds of tests on the command line, one by one. pytest does not find all of such a list again
where the names have backslashes in them, so that the files are collected here and the names looked for among their
tests.
"""

from __future__ import annotations

import json
from pathlib import Path

import pytest

_MEASURED = Path("mutmut-stats.json")
"""Written by the tester after it ran each test once, in the folder in which the tests run."""
_NAMED = pytest.StashKey[set[str]]()


def pytest_configure(config: pytest.Config) -> None:
    """Collect the files of the tests that are named."""
    named = {argument for argument in config.args if "::" in argument}
    config.stash[_NAMED] = named
    if named:
        config.args[:] = sorted({argument.partition("::")[0] for argument in config.args})


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave the tests that are named, in the order of the time that each took."""
    named = config.stash[_NAMED]
    if named:
        items[:] = [item for item in items if item.nodeid in named]
    if _MEASURED.exists():
        durations_s = json.loads(_MEASURED.read_text(encoding="utf-8"))["duration_by_test"]
        items.sort(key=lambda item: durations_s.get(item.nodeid, 0.0))
