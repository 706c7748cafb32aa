"""What a database lost is put back from a mirror, byte for byte; where both sides went on, a person is asked."""

from __future__ import annotations

from pathlib import Path

import pytest

from eventstore.errors import Halted
from eventstore.replicated.comparison import compare
from eventstore.replicated.mirror import Mirror
from eventstore.replicated.refill import Refilled, RefillRefused, fill, refill
from eventstore.store import Head
from tests.support.journal import event
from tests.support.replicated import (
    RefillableDatabase,
    after,
    lines_of,
    mirrored,
    open_on,
)
from tests.support.simulated_database import Trouble
from tests.support.simulated_server import DatabaseServer, head_of

COUNT = 40


class Killed(BaseException):
    """The process was killed."""


@pytest.fixture
def server() -> DatabaseServer:
    """A database of 40 entries in small segments, which gives few lines at once."""
    server = DatabaseServer(lines=lines_of(COUNT, segment_entries=8))
    server.page_bytes = 2_000
    return server


def mirror_of(server: DatabaseServer, folder: Path) -> Mirror:
    """A mirror that has all that the database has."""
    store, _ = open_on(server, folder)
    store.close()
    return Mirror.open(folder)


def test_the_same_lines_are_equal(server: DatabaseServer, tmp_path: Path) -> None:
    """All entries are compared, and nothing is to be done."""
    database = RefillableDatabase(server)
    with mirror_of(server, tmp_path) as mirror:
        found = compare(database, mirror)
        assert (found.relation, found.same, found.halted) == ("equal", COUNT, None)
        assert refill(database, mirror, found) == Refilled(COUNT, 0, resumed=False)


@pytest.mark.parametrize("seq", [0, 9, 30, COUNT - 2])
def test_what_was_lost_is_put_back(server: DatabaseServer, tmp_path: Path, seq: int) -> None:
    """The lines are those of before, and everybody goes on."""
    before = server.lines()
    database = RefillableDatabase(server)
    with mirror_of(server, tmp_path / "a") as mirror:
        server.set_back(seq)
        found = compare(database, mirror)
        assert (found.relation, found.same) == ("mirror_longer", seq + 1)
        assert refill(database, mirror, found) == Refilled(seq + 1, COUNT - 1 - seq, resumed=True)
    assert (server.lines(), server.row().halted) == (before, None)
    store, _ = open_on(server, tmp_path / "b", "b")
    store.append([event(1)])


def test_a_halted_database_goes_on_when_both_are_equal(server: DatabaseServer, tmp_path: Path) -> None:
    """The flag is taken away only then."""
    mirror_of(server, tmp_path).close()
    server.set_back(20)
    with pytest.raises(Halted):
        open_on(server, tmp_path)
    database = RefillableDatabase(server)
    with Mirror.open(tmp_path) as mirror:
        assert refill(database, mirror, compare(database, mirror)) == Refilled(21, 19, resumed=True)
    assert server.row().halted is None


def test_a_refill_that_is_killed_is_gone_on_with(server: DatabaseServer, tmp_path: Path) -> None:
    """At whichever call; until it is done nobody appends."""
    before = server.lines()
    mirror_of(server, tmp_path).close()
    for when in ("before", "after"):
        for call in ("halt", "refill", "resume"):
            server.set_back(12)
            if call == "resume":
                server.halt("somebody found it")
            database = RefillableDatabase(server, f"{when} {call}")

            def kill(name: str, call: str = call) -> None:
                if name == call:
                    raise Killed

            setattr(database, when, kill)
            with Mirror.open(tmp_path) as mirror:
                with pytest.raises(Killed):
                    refill(database, mirror, compare(database, mirror))
                again = RefillableDatabase(server)
                refill(again, mirror, compare(again, mirror))
            assert server.lines() == before
            assert server.row().halted is None


def test_answers_that_are_lost_double_nothing(server: DatabaseServer, tmp_path: Path) -> None:
    """It is looked before anything is sent again."""
    before = server.lines()
    database = RefillableDatabase(server)
    with mirror_of(server, tmp_path) as mirror:
        server.set_back(3)
        database.meet(Trouble.ANSWER_LOST, "halt")
        refill(database, mirror, compare(database, mirror))
    assert (server.lines(), server.row().halted) == (before, None)


def test_a_shorter_mirror_ends_no_halt(server: DatabaseServer, tmp_path: Path) -> None:
    """Another node's mirror knows more: what it has would be lost for good."""
    with mirror_of(server, tmp_path / "short") as short:
        other, _ = open_on(server, tmp_path / "long", "long")
        other.append([event(1), event(2)])
        server.set_back(20)
        with pytest.raises(Halted):
            other.refresh()
        database = RefillableDatabase(server)
        with pytest.raises(RefillRefused) as refused:
            refill(database, short, compare(database, short))
        assert (refused.value.problem, refused.value.longest) == ("not_longest", COUNT + 1)
        assert len(server.lines()) == 21
    assert server.row().halted is not None


@pytest.mark.parametrize("at", [0, 7, 20, COUNT - 1])
def test_an_altered_line_is_found(server: DatabaseServer, tmp_path: Path, at: int) -> None:
    """The first entry that differs is named, and nothing is put back."""
    database = RefillableDatabase(server)
    with mirror_of(server, tmp_path) as mirror:
        server.alter(at, server.lines()[at].replace(b'"time":"2026', b'"time":"2027'))
        found = compare(database, mirror)
        assert (found.relation, found.same) == ("differ", at)
        with pytest.raises(RefillRefused):
            refill(database, mirror, found)


def test_a_removed_line_is_found(server: DatabaseServer, tmp_path: Path) -> None:
    """The database lacks an entry that it has later ones of."""
    with mirror_of(server, tmp_path) as mirror:
        server.remove(5)
        found = compare(RefillableDatabase(server), mirror)
    assert (found.relation, found.same) == ("differ", 5)


def test_a_fork_is_found(server: DatabaseServer, tmp_path: Path) -> None:
    """Both sides went on from one entry: they differ from the next one on, whichever is longer."""
    with mirror_of(server, tmp_path) as mirror:
        server.set_back(30)
        server.refill(after(head_of(server.lines()[-1]), 15, "fork"))
        found = compare(RefillableDatabase(server), mirror)
    assert (found.relation, found.same) == ("differ", 31)


def test_a_mirror_that_is_behind_is_filled(server: DatabaseServer, tmp_path: Path) -> None:
    """What the database has beyond it is checked against the chain."""
    with mirror_of(server, tmp_path) as mirror:
        server.refill(after(head_of(server.lines()[-1]), 5))
        found = compare(RefillableDatabase(server), mirror)
        assert (found.relation, found.same) == ("database_longer", COUNT)
        fill(RefillableDatabase(server), mirror, found.database)
    assert mirrored(tmp_path) == b"".join(server.lines())
    with Mirror.open(tmp_path) as mirror:
        server.refill(after(Head(mirror.head().seq, "0" * 64), 1))
        found = compare(RefillableDatabase(server), mirror)
    assert (found.relation, found.same) == ("differ", COUNT + 5)
