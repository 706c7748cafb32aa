from __future__ import annotations

import doctest
import importlib

import pytest


@pytest.mark.parametrize("module", ["scheduler.configuration", "scheduler.configuration.errors"])
def test_examples_in_docstrings_are_true(module: str) -> None:
    """Each example in a docstring gives what it says."""
    result = doctest.testmod(importlib.import_module(module))
    assert (result.failed, result.attempted > 0) == (0, True)
