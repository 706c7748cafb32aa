"""The simulated database is what it is taken for: what it acknowledged stays, each trouble is what its name says."""

from __future__ import annotations

import os
import select

import pytest

from eventstore.encoder import compose
from eventstore.entry import check_lines
from eventstore.errors import NoAnswer, Unavailable
from eventstore.replicated.database import Database, DatabaseHead, NodeIdentity
from eventstore.store import GENESIS, Event, Head
from tests.support.simulated_database import Met, SimulatedDatabase, Trouble
from tests.support.simulated_server import BEGIN, DatabaseServer, head_of

ANN = NodeIdentity("a", "1" * 32, "host-a")


def lines_after(head: Head, *said: str) -> tuple[list[bytes], Head]:
    """Entries that may follow a head, and the head that they make."""
    events = [Event(type="thing.happened", actor="test", data={"said": each}) for each in said]
    lines = compose(events, head, head.seq + 1, BEGIN)
    return lines, head_of(lines[-1])


def append(database: Database, *said: str, expected: Head | None = None) -> tuple[bool, Head]:
    """Append once; whether the head moved, and to what it was to move."""
    expected = expected or database.head().head
    lines, new = lines_after(expected, *said)
    return database.append(expected, lines, new), new


def test_the_head_moves_only_from_where_it_is_expected() -> None:
    """Of two that append after the same entry one succeeds, and the lines are a chain from entry 0 on."""
    server = DatabaseServer()
    one, other = SimulatedDatabase(server, "one"), SimulatedDatabase(server, "other")
    begin = one.head().head
    assert append(one, "first", "second", expected=begin)[0]
    assert not append(other, "too late", expected=begin)[0]
    block = b"".join(other.lines(0, 100))
    assert [line.seq for line in check_lines(block, 0, GENESIS)] == [0, 1, 2]
    assert other.lines(1, 1) == [server.lines()[1]]
    assert other.lines(3, 100) == []


@pytest.mark.parametrize(
    ("trouble", "error", "done"),
    [
        (Trouble.UNREACHABLE, Unavailable, False),
        (Trouble.NEVER_ARRIVED, NoAnswer, False),
        (Trouble.ANSWER_LOST, NoAnswer, True),
        (Trouble.NOT_SAFE, NoAnswer, True),
        (Trouble.IN_FLIGHT, NoAnswer, True),
    ],
)
def test_a_trouble_is_what_it_is_called(trouble: Trouble, error: type[Exception], done: bool) -> None:
    """Only the call that it was said for meets it, and the statement was carried out, or was not."""
    server = DatabaseServer()
    database = SimulatedDatabase(server)
    database.meet(trouble, "append")
    before = database.head().head
    with pytest.raises(error):
        append(database, "said")
    assert (database.head().head != before) == done
    assert append(database, "again")[0]


def test_what_is_in_flight_is_carried_out_when_its_time_comes() -> None:
    """It is carried out in between what others say, once, and loses if they moved the head."""
    server = DatabaseServer()
    one, other = SimulatedDatabase(server, "one"), SimulatedDatabase(server, "other")
    for others_are_first in (False, True):
        one.meet(Met(Trouble.IN_FLIGHT, delay_s=5.0), "append")
        before = one.head().head
        lines, new = lines_after(before, "late")
        with pytest.raises(NoAnswer):
            one.append(before, lines, new)
        server.timeline.pass_(4.9)
        assert other.head().head == before
        if others_are_first:
            assert append(other, "quick")[0]
        server.timeline.pass_(0.2)
        assert (other.head().head == new) != others_are_first
    assert server.arrive(all_=True) == 0


def test_a_fail_over_loses_only_what_was_not_acknowledged() -> None:
    """What is not safe is lost, unless something of the writer's own was acknowledged after it."""
    server = DatabaseServer()
    database = SimulatedDatabase(server)
    for confirmed in (False, True):
        before = database.head()
        database.meet(Trouble.NOT_SAFE, "append")
        with pytest.raises(NoAnswer):
            append(database, "seen")
        assert database.head() != before
        if confirmed:
            database.confirm()
        assert server.fail_over() == (0 if confirmed else 1)
        assert (database.head() == before) != confirmed


def test_a_halted_database_takes_nothing() -> None:
    """The first reason stays, and no append succeeds until the database was refilled."""
    server = DatabaseServer()
    database = SimulatedDatabase(server)
    append(database, "first", "second")
    lost = server.lines()[2:]
    server.set_back(1)
    database.halt("it was set back")
    database.halt("another reason")
    assert database.head() == DatabaseHead(head_of(server.lines()[1]), "it was set back")
    assert not append(database, "third")[0]
    server.refill(lost)
    assert append(database, "third")[0]


def test_a_line_that_was_removed_ends_what_is_read() -> None:
    """No gap is read over."""
    server = DatabaseServer()
    database = SimulatedDatabase(server)
    append(database, "first", "second", "third")
    server.remove(2)
    assert [len(database.lines(first, 10)) for first in (1, 2, 3)] == [1, 0, 1]


def test_nobody_reaches_a_database_that_is_away_or_cut_off() -> None:
    """Whether it fails before the statement or after it decides what is raised."""
    server = DatabaseServer()
    one, other = SimulatedDatabase(server, "one"), SimulatedDatabase(server, "other")
    one.cut = True
    with pytest.raises(Unavailable):
        one.confirm()
    other.confirm()
    other.after = lambda call: setattr(server, "away", True)
    with pytest.raises(NoAnswer):
        append(other, "said", expected=server.row().head)
    with pytest.raises(Unavailable):
        other.head()
    assert len(server.lines()) == 2


def test_a_node_s_row_is_its_own() -> None:
    """A counter is raised by whoever claimed the row; another takes it only instead of the one whom it names."""
    server = DatabaseServer()
    database = SimulatedDatabase(server)
    twin = ANN._replace(incarnation="2" * 32)
    assert database.claim(ANN, None)
    assert database.claim(ANN, None)
    first = database.renew(ANN)
    assert first is not None
    server.timeline.pass_(1.0)
    server.step_clock(3_600.0)
    second = database.renew(ANN)
    assert second is not None
    assert second.nodes[0].counter == first.nodes[0].counter + 1
    assert (second.now - first.now).total_seconds() == 3_601.0
    assert not database.claim(twin, None)
    assert database.claim(twin, ANN)
    assert database.renew(ANN) is None
    assert database.pulse().nodes[0].identity == twin


def test_hints_wake_the_others_unless_they_are_lost() -> None:
    """A descriptor becomes readable when somebody else appended, and is quiet again once it was drained."""
    server = DatabaseServer()
    one, other = SimulatedDatabase(server, "one"), SimulatedDatabase(server, "other")

    def hinted(database: SimulatedDatabase) -> bool:
        fd = database.hint_fd()
        assert fd is not None
        return bool(select.select([fd], [], [], 0)[0])

    assert not hinted(one)
    assert not hinted(other)
    append(one, "first")
    assert (hinted(one), hinted(other)) == (False, True)
    other.drain_hints()
    other.hints_lost = True
    append(one, "second")
    assert not hinted(other)
    for database in (one, other):
        fd = database.hint_fd()
        database.close()
        assert fd is not None
        with pytest.raises(OSError, match="Bad file"):
            os.fstat(fd)
