"""One system call fails in the midst of a scheduler's life, at each place of the product that makes one."""

from __future__ import annotations

import errno
import random
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import cycle
from pathlib import Path
from typing import NamedTuple

import pytest

from eventstore.journal import Journal
from tests.support.failing_calls import Calls, CallSite, failing_calls
from tests.support.home import files_of, make_home, restore
from tests.support.left_behind import end_what_is_left
from tests.support.life_laws import check_end, check_home
from tests.support.scripted_serve import CONFIG, HandClock, Life, lived

ERRORS = [errno.EIO, errno.ENOSPC, errno.EMFILE, errno.EACCES, errno.ENOMEM]
SEGMENT_ENTRIES = 16
TIMES = [1, 3]
"""So many calls in a row fail."""
PAUSE_S = 20.0
"""The scheduler was down for so long, and for as long as the tests took so far."""
TRIED = 2
"""So many places are tried in a normal run."""


class Fault(NamedTuple):
    """What fails: at which place, the calls from which on, with which `errno`, how many of them in a row."""

    site: CallSite | None = None
    occurrence: int = 0
    number: int = errno.EIO
    times: int = 1


class FailingLife(Life):
    """A life in which calls fail, and are counted."""

    def __init__(self, root: Path, fault: Fault, ahead_s: float = PAUSE_S) -> None:
        super().__init__(root, HandClock(ahead_s))
        self._fault = fault
        self._calls = Calls(None, 0, 0)

    @contextmanager
    def around(self) -> Iterator[None]:
        """Where the calls fail."""
        site, occurrence, number, times = self._fault
        with failing_calls(
            site, occurrence=occurrence, number=number, times=times, through_library=True
        ) as self._calls:
            yield

    @contextmanager
    def apart(self) -> Iterator[None]:
        """Where they do not."""
        self._calls.watched = False
        try:
            yield
        finally:
            self._calls.watched = True

    def kept(self) -> dict[CallSite, int]:
        """How many calls were made where."""
        return self._calls.made


class Served(NamedTuple):
    """A home that was served: its folder, and how many calls were made where in that life."""

    root: Path
    made: dict[CallSite, int]


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Served:
    """A home with a short history in short segments."""
    home = make_home(tmp_path_factory.mktemp("served") / "home", CONFIG)
    with Journal.open(home.ledger, software="test", segment_entries=SEGMENT_ENTRIES):
        pass
    told = lived(FailingLife(home.root, Fault(), ahead_s=0.0))
    assert told.code == 0, told
    return Served(home.root, told.kept)


def some_faults(made: dict[CallSite, int]) -> list[Fault]:
    """A few, always the same ones as long as the places are the same."""
    chance = random.Random(27)
    return [
        Fault(site, chance.randrange(count), chance.choice(ERRORS), chance.choice(TIMES))
        for site, count in chance.sample(sorted(made.items()), TRIED)
    ]


def all_faults(made: dict[CallSite, int]) -> Iterator[Fault]:
    """At each place, at its first call, at a middle one and at its last one."""
    turns = zip(cycle(ERRORS), cycle(TIMES))
    for site, count in sorted(made.items()):
        for occurrence in sorted({0, count // 2, count - 1}):
            yield Fault(site, occurrence, *next(turns))


@pytest.mark.real
def test_a_failing_call_in_a_schedulers_life_loses_and_doubles_nothing(served: Served, hunt: bool) -> None:
    """It goes on, or ends with a sentence; the next one finds all that was acknowledged, and settles the rest."""
    root, made = served
    files = files_of(root)
    for fault in all_faults(made) if hunt else some_faults(made):
        try:
            told = lived(FailingLife(root, fault))
            check_end(told)
            check_home(root, told)
        except BaseException as problem:
            problem.add_note(str(fault))
            raise
        finally:
            end_what_is_left()
            restore(root, files)
