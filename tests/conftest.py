"""Options and fixtures that all tests share."""

from __future__ import annotations

import fcntl
import os
import signal
import sys
import tempfile
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from hypothesis import settings

from tests.support.examples import register
from tests.support.left_behind import end_what_is_left
from tests.support.postgresql_fixtures import (
    pg_cluster,
    pg_database,
    pg_ledger,
    pg_worker_database,
    postgresql,
    postgresql_template,
)

__all__ = [
    "pg_cluster",
    "pg_database",
    "pg_ledger",
    "pg_worker_database",
    "postgresql",
    "postgresql_template",
]

register()

MEMORY = Path("/dev/shm")
"""Where Linux keeps files in memory."""
MEMORY_FREE_MIN_BYTES = 4 << 30
"""Several times what a normal run has there at once: what a test made is removed when it has passed."""


def pytest_addoption(parser: pytest.Parser) -> None:
    """`--hunt`: look much longer than a normal run can, from many seeds."""
    parser.addoption("--hunt", action="store_true", help="the long hunts: crashes, kills, simulations")


def pytest_configure(config: pytest.Config) -> None:
    """A normal run tries the same examples every time; a hunt tries many new ones."""
    os.umask(0o022)  # a config that a group can write is refused
    hear_signals()
    hunt = bool(config.getoption("--hunt"))
    settings.load_profile("hunt" if hunt else "always the same")
    if not hunt and memory_will_do():
        # Of `tmp_path` and of `TemporaryDirectory`, unless it was said where.
        os.environ.setdefault("PYTEST_DEBUG_TEMPROOT", str(MEMORY))
        if "TMPDIR" not in os.environ:
            tempfile.tempdir = str(MEMORY)


def hear_signals() -> None:
    """Let commands hear Ctrl-C where the tests themselves do not: `nohup make test &` ignores it for all of them."""
    # SIGHUP stays ignored: the tests are to go on when their terminal is gone.
    for number, plain in ((signal.SIGINT, signal.default_int_handler), (signal.SIGQUIT, signal.SIG_DFL)):
        if signal.getsignal(number) is signal.SIG_IGN:
            signal.signal(number, plain)


def memory_will_do() -> bool:
    """Whether there is a place in memory for the files of a normal run, which would wait a lot for a disk.

    A hunt has its files on the disk, and so has a machine without enough memory, as most containers are.
    """
    try:
        found = os.statvfs(MEMORY)
    except OSError:
        return False
    room_bytes = found.f_bavail * found.f_frsize
    runs_programs = not found.f_flag & os.ST_NOEXEC
    return os.access(MEMORY, os.W_OK) and runs_programs and room_bytes >= MEMORY_FREE_MIN_BYTES


@pytest.hookimpl(wrapper=True)
def pytest_collection(session: pytest.Session) -> Generator[None, object, object]:
    """In a fresh clone one process compiles the tests, not each of them all the tests."""
    if "PYTEST_XDIST_WORKER" not in os.environ or sys.dont_write_bytecode:
        return (yield)
    with one_before_the_others(session.config.rootpath):
        return (yield)


@contextmanager
def one_before_the_others(folder: Path) -> Iterator[None]:
    """Of the processes that come here at once one goes ahead alone; the others follow together when it is through."""
    held = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        try:
            fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            fcntl.flock(held, fcntl.LOCK_SH)
        yield
    finally:
        os.close(held)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Long tests go first, so that none is waited for at the end; what a shifted date forbids is left out."""
    items.sort(key=lambda item: item.get_closest_marker("long") is None)
    if "CRONLEDGER_SHIFTED" not in os.environ:
        return
    for item in items:
        marker = item.get_closest_marker("unshifted")
        if marker is not None:
            item.add_marker(pytest.mark.skip(reason=marker.args[0]))


@pytest.hookimpl(trylast=True)
def pytest_runtest_teardown() -> None:
    """What a killed command left at work is ended, however the test went."""
    end_what_is_left()


@pytest.fixture(scope="session")
def hunt(request: pytest.FixtureRequest) -> bool:
    """Whether this is a long hunt."""
    return bool(request.config.getoption("--hunt"))


@pytest.fixture(scope="session")
def seeds(hunt: bool) -> range:
    """The seeds that a randomised test runs with: always the same few, or many."""
    return range(200) if hunt else range(5)
