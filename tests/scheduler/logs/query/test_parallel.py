from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path
from unittest import mock

import pytest

from scheduler.logs.query.parallel import results

HERE = os.getpid()


def square(number: int) -> bytes:
    """Some work."""
    return b"%d" % (number * number)


def children() -> set[str]:
    """The processes that were started and not waited for, by whatever thread; other tests may have left some."""
    listed = Path("/proc/self/task").glob("*/children")
    return {pid for path in listed for pid in path.read_text().split()}


@pytest.fixture(autouse=True)
def nothing_is_left() -> Iterator[None]:
    """Every process that was started has been waited for."""
    before = children()
    yield
    assert children() <= before


@pytest.mark.parametrize("count", [0, 1, 2, 3, 10, 101])
def test_results_come_in_the_order_of_their_tasks(count: int) -> None:
    """Whoever did them."""
    assert list(results(range(count), square)) == [square(number) for number in range(count)]


def test_two_processes_share_the_work() -> None:
    """Every second task is done elsewhere, whatever the size of its result; with one core all are done here."""
    where = [raw[:9] for raw in results(range(6), lambda _: b"%9d" % os.getpid() + b"x" * 300_000)]
    assert where[::2] == [b"%9d" % HERE] * 3
    assert len(set(where[1::2])) == 1
    assert where[1] != where[0]
    with mock.patch("os.sched_getaffinity", return_value={0}):
        assert set(results(range(4), lambda _: b"%d" % os.getpid())) == {b"%d" % HERE}


def test_a_helper_that_dies_is_not_missed() -> None:
    """Its tasks are done here; a task that fails there fails here too."""

    def dies(number: int) -> bytes:
        if number == 3 and os.getpid() != HERE:
            os.kill(os.getpid(), signal.SIGKILL)
        return square(number)

    assert list(results(range(8), dies)) == [square(number) for number in range(8)]

    def fails(number: int) -> bytes:
        if number == 3:
            raise OSError("gone")
        return square(number)

    with pytest.raises(OSError, match="gone"):
        list(results(range(8), fails))


def test_whoever_has_enough_leaves_nothing_behind() -> None:
    """When the caller stops, the other process is ended, though it has work for an hour."""

    def slow(number: int) -> bytes:
        if number:
            time.sleep(3_600)
        return b""

    begun = results(range(10), slow)
    assert next(begun) == b""
    begun.close()  # type: ignore[attr-defined]
