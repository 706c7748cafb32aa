"""A scheduler at the limits of its system, where its segments are short: at some of them they end and are sealed."""

from __future__ import annotations

import os
import random
import resource
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from eventstore.journal import Journal
from tests.support.home import make_home
from tests.support.left_behind import end_what_is_left
from tests.support.life_laws import check_end, check_home
from tests.support.limits import become, descriptors_left, lift, lower
from tests.support.scripted_serve import CONFIG, STOP_AT, HandClock, Life, lived

UID = 1_000_000
"""From here on users have no processes."""
IS_ROOT = os.geteuid() == 0


class LimitedLife(Life):
    """A life that a limit binds for a while: of processes, open files or the size of a file."""

    def __init__(self, root: Path, rng: random.Random) -> None:
        # Root alone can become a user of whom it is known how many processes there are.
        self._kind = rng.choice(
            [resource.RLIMIT_NOFILE, resource.RLIMIT_FSIZE, resource.RLIMIT_NPROC][: 2 + IS_ROOT]
        )
        self._room = {
            resource.RLIMIT_NOFILE: rng.choice([0, 1, 2, 3, 4, 6, 9, 14, 20, 30]),
            resource.RLIMIT_FSIZE: rng.choice([0, 1_500, 3_000, 6_000, 20_000]),
            resource.RLIMIT_NPROC: rng.randrange(1, 8),
        }[self._kind]
        begins, ends = rng.choice([0, 1, 4, 10]), rng.choice([13, 18, STOP_AT + 1, STOP_AT + 6])
        self._binds = begins == 0
        super().__init__(root, HandClock(0.0), {begins: self._bind, ends: self._release})
        self.described = f"{self._kind} {self._room} from wait {begins} to {ends}"

    def _bind(self, _: Life) -> None:
        self._binds = True

    def _release(self, _: Life) -> None:
        self._binds = False

    def _apply(self) -> None:
        if self._binds:
            room = self._room
            lower(self._kind, descriptors_left(room) if self._kind == resource.RLIMIT_NOFILE else room)

    @contextmanager
    def around(self) -> Iterator[None]:
        """At its limit."""
        self._apply()
        yield

    @contextmanager
    def apart(self) -> Iterator[None]:
        """Others are not at theirs."""
        lift(self._kind)
        try:
            yield
        finally:
            self._apply()

    def kept(self) -> None:
        """What it came to can be told."""
        lift(self._kind)


@pytest.fixture
def place() -> Iterator[Path]:
    """A folder that everybody may enter."""
    with tempfile.TemporaryDirectory() as made:
        os.chmod(made, 0o755)
        yield Path(made)


def live_limited(place: Path, seed: int) -> None:
    """Live one life from a seed, and a second one without limits."""
    rng = random.Random(seed)
    uid = UID + os.getpid()
    root = make_home(place / str(seed), CONFIG).root
    with Journal.open(root / "var" / "ledger", software="test", segment_entries=rng.choice([2, 3, 5, 8, 13])):
        pass
    if IS_ROOT:
        for path in (root, *root.rglob("*")):
            os.chown(path, uid, uid)

    def unprivileged() -> None:
        if IS_ROOT:
            become(uid)

    life = LimitedLife(root, rng)
    try:
        told = lived(life, unprivileged)
        check_end(told)
        check_home(root, told, unprivileged)
    except BaseException as problem:
        problem.add_note(f"seed {seed}: {life.described}")
        raise
    finally:
        end_what_is_left()


@pytest.mark.real
def test_a_scheduler_at_a_limit_loses_and_doubles_nothing(place: Path, hunt: bool) -> None:
    """Segments end, are sealed, and states are kept, or not; the next scheduler finds all, and settles the rest."""
    for seed in range(300) if hunt else range(2):
        live_limited(place, seed)
