"""Keys and their lines in little room behave as a dict of them does."""

from __future__ import annotations

import pytest

from scheduler.configuration.model import KeyLines


@pytest.mark.parametrize("lines", [{}, {"command": 3}, {"schedule": 70_000, "env": 1, "env.LANG": 4_000_000}])
def test_it_holds_what_a_dict_holds(lines: dict[str, int]) -> None:
    """In the same order, and nothing else."""
    packed = KeyLines(lines)
    assert list(packed.items()) == list(lines.items())
    assert packed == lines
    assert packed.get("every") is None
    with pytest.raises(KeyError):
        packed["every"]
    assert KeyLines(lines) == packed
