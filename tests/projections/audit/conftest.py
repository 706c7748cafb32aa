from __future__ import annotations

import pytest


@pytest.fixture
def few(seeds: range, hunt: bool) -> range:
    """Seeds of lives that are lived twice, by the world and by the report: two, or as many as a hunt has."""
    return seeds if hunt else seeds[:2]
