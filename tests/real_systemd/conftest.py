"""The machine on which units are tried; one for all tests, which have units and homes of their own."""

from __future__ import annotations

import itertools
import os
from collections.abc import Iterator

import pytest

from tests.support.systemd_machine import SystemdMachine
from tests.support.systemd_unit import InstalledUnit

WANTED = "CRONLEDGER_REAL_SYSTEMD"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Only `make test-systemd` runs them."""
    if os.environ.get(WANTED) != "1":
        for item in items:
            if item.path.parent.name == "real_systemd":
                item.add_marker(pytest.mark.skip(reason="`make test-systemd` runs this"))


@pytest.fixture(scope="session")
def machine() -> Iterator[SystemdMachine]:
    """It is started once."""
    with SystemdMachine() as running:
        yield running


@pytest.fixture(scope="session")
def numbers() -> Iterator[int]:
    """What tells units apart."""
    return itertools.count(1)


@pytest.fixture
def unit(machine: SystemdMachine, numbers: Iterator[int]) -> Iterator[InstalledUnit]:
    """A unit as it is installed, with a home of its own; it is not started yet."""
    installed = InstalledUnit(machine, f"try{next(numbers)}")
    yield installed
    installed.end()
