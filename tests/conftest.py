"""Options and fixtures that all tests share."""

from __future__ import annotations

import os

import pytest
from hypothesis import settings

from tests.support.examples import register

register()


def pytest_addoption(parser: pytest.Parser) -> None:
    """`--hunt`: look much longer than a normal run can, from many seeds."""
    parser.addoption("--hunt", action="store_true", help="the long hunts: crashes, kills, simulations")


def pytest_configure(config: pytest.Config) -> None:
    """A normal run tries the same examples every time; a hunt tries many new ones."""
    os.umask(0o022)  # a config that a group can write is refused
    settings.load_profile("hunt" if config.getoption("--hunt") else "always the same")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Long tests go first, so that none is waited for at the end; what a shifted date forbids is left out."""
    items.sort(key=lambda item: item.get_closest_marker("long") is None)
    if "CRONLEDGER_SHIFTED" not in os.environ:
        return
    for item in items:
        marker = item.get_closest_marker("unshifted")
        if marker is not None:
            item.add_marker(pytest.mark.skip(reason=marker.args[0]))


@pytest.fixture(scope="session")
def hunt(request: pytest.FixtureRequest) -> bool:
    """Whether this is a long hunt."""
    return bool(request.config.getoption("--hunt"))


@pytest.fixture(scope="session")
def seeds(hunt: bool) -> range:
    """The seeds that a randomised test runs with: always the same few, or many."""
    return range(200) if hunt else range(5)
