"""What `PostgresqlDatabase` answers when all is well."""

from __future__ import annotations

import os
import select
import time
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from eventstore.postgresql.address import parse_address
from eventstore.postgresql.database import PostgresqlDatabase
from eventstore.replicated.database import DatabaseHead, NodeIdentity
from eventstore.store import Head
from tests.eventstore.postgresql.entries import ONE, OTHER, after
from tests.support.postgresql_fixtures import TestDatabase
from tests.support.simulated_server import head_of


@pytest.fixture
def database(pg_ledger: TestDatabase) -> Iterator[PostgresqlDatabase]:
    """One process's way to a fresh database."""
    opened = PostgresqlDatabase(pg_ledger.address)
    yield opened
    opened.close()


@pytest.fixture
def other(pg_ledger: TestDatabase) -> Iterator[PostgresqlDatabase]:
    """Another process's way to it."""
    opened = PostgresqlDatabase(pg_ledger.address)
    yield opened
    opened.close()


def test_a_new_ledger_has_its_entry_0(database: PostgresqlDatabase, pg_ledger: TestDatabase) -> None:
    """The head is that of the one line, which names the ledger."""
    (line,) = database.lines(0, 10)
    assert database.ledger_id.encode() in line
    assert database.head() == DatabaseHead(Head(0, head_of(line).hash))
    assert parse_address(database.address) == pg_ledger.address


def test_what_was_appended_is_read_elsewhere_byte_for_byte(
    database: PostgresqlDatabase, other: PostgresqlDatabase
) -> None:
    """In their order, as many as are wanted."""
    start = database.head().head
    lines, new = after(start, 7)
    assert database.append(start, lines, new)
    assert other.head() == DatabaseHead(new)
    assert other.lines(1, 100) == lines
    assert other.lines(3, 2) == lines[2:4]
    assert other.lines(8, 5) == []


def test_an_append_to_another_head_changes_nothing(
    database: PostgresqlDatabase, other: PostgresqlDatabase
) -> None:
    """Not where the head has moved on, and not where its hash is another."""
    start = database.head().head
    lines, new = after(start, 2)
    assert database.append(start, lines, new)
    assert not other.append(start, lines, new)
    assert not other.append(Head(new.seq, start.hash), *after(new, 1))
    assert other.head() == DatabaseHead(new)
    assert other.lines(0, 10)[1:] == lines


def test_long_lines_come_a_few_at_a_time(database: PostgresqlDatabase) -> None:
    """No answer is longer than a slow network carries in time, and no line is left out for that."""
    start = database.head().head
    lines, new = after(start, 80, size=60_000)
    assert database.append(start, lines, new)
    found: list[bytes] = []
    while piece := database.lines(1 + len(found), 1000):
        assert len(piece) < 40
        found += piece
    assert found == lines


def test_nothing_is_appended_to_a_database_that_is_halted(
    database: PostgresqlDatabase, other: PostgresqlDatabase
) -> None:
    """The first reason stays, in whatever characters it is written."""
    start = database.head().head
    database.halt("node büro: entry 7 differs\nand more")
    other.halt("another reason")
    assert other.head() == DatabaseHead(start, "node büro: entry 7 differs\nand more")
    assert not other.append(start, *after(start, 1))


def test_what_was_lost_is_filled_in_while_halted_and_only_then(database: PostgresqlDatabase) -> None:
    """`refill` needs the flag; `resume` takes it away at the head that is named."""
    start = database.head().head
    lines, new = after(start, 3)
    assert not database.refill(start, lines, new)
    database.halt("set back")
    assert database.refill(start, lines, new)
    assert not database.resume(start)
    assert database.resume(new)
    assert database.head() == DatabaseHead(new)
    assert database.lines(1, 10) == lines


def test_a_nodes_row_is_its_own_until_somebody_takes_it_knowingly(
    database: PostgresqlDatabase, other: PostgresqlDatabase
) -> None:
    """A name that is taken is not renewed; whoever claims it says in whose place."""
    assert database.claim(ONE, None)
    assert database.claim(ONE, None)
    assert not other.claim(OTHER, None)
    assert other.renew(OTHER) is None
    assert other.claim(OTHER, ONE)
    assert database.renew(ONE) is None
    assert [node.identity for node in other.pulse().nodes] == [OTHER]


def test_each_renewal_is_seen_in_the_counter(database: PostgresqlDatabase, other: PostgresqlDatabase) -> None:
    """By the node itself in the same answer, by others when they look."""
    db2 = NodeIdentity("db2", "3" * 32, "db2.example")
    assert database.claim(ONE, None)
    assert other.claim(db2, None)
    mine = database.renew(ONE)
    again = database.renew(ONE)
    assert mine is not None
    assert again is not None
    counters = [
        {node.identity.node: node.counter for node in pulse.nodes} for pulse in (mine, again, other.pulse())
    ]
    assert counters[1]["db1"] == counters[0]["db1"] + 1 == counters[2]["db1"]
    assert {each["db2"] for each in counters} == {1}


def test_a_pulse_without_nodes_tells_clock_and_head(database: PostgresqlDatabase) -> None:
    """The clock is the server's, in UTC, whatever its time zone."""
    before = datetime.now(UTC)
    pulse = database.pulse()
    assert before <= pulse.now <= datetime.now(UTC)
    assert pulse.head == database.head()
    assert pulse.nodes == ()


def test_a_config_is_kept_once(database: PostgresqlDatabase, other: PostgresqlDatabase) -> None:
    """What was kept under a digest stays."""
    assert database.config("d" * 64) is None
    database.keep_config("d" * 64, b"jobs: {}\n\xff\0")
    database.keep_config("d" * 64, b"other")
    assert other.config("d" * 64) == b"jobs: {}\n\xff\0"


def test_an_append_of_another_process_shows_as_a_hint(
    database: PostgresqlDatabase, other: PostgresqlDatabase
) -> None:
    """The descriptor stays the same; one's own appends do not show."""
    fd = database.hint_fd()
    assert fd is not None
    start = database.head().head
    lines, new = after(start, 1)
    assert database.append(start, lines, new)
    assert other.append(new, *after(new, 1))
    assert select.select([fd], [], [], 10)[0]
    database.drain_hints()
    database.drain_hints()
    assert not select.select([fd], [], [], 0)[0]
    assert database.hint_fd() == fd


def test_a_hint_that_came_beside_an_answer_is_not_lost(
    database: PostgresqlDatabase, other: PostgresqlDatabase
) -> None:
    """What a statement's answer swallowed shows all the same."""
    fd = database.hint_fd()
    assert fd is not None
    start = database.head().head
    assert other.append(start, *after(start, 1))
    end = time.monotonic() + 10
    while database.head().head == start or not select.select([fd], [], [], 0)[0]:
        assert time.monotonic() < end
    database.pulse()
    assert select.select([fd], [], [], 0)[0]


def test_a_connection_that_broke_is_made_anew(database: PostgresqlDatabase, pg_ledger: TestDatabase) -> None:
    """The hint's descriptor shows the break, and the next call connects."""
    fd = database.hint_fd()
    assert fd is not None
    start = database.head()
    pg_ledger.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'ledger'")
    # The server's last words and the end of the connection may come one after the other.
    assert select.select([fd], [], [], 10)[0]
    while select.select([fd], [], [], 0.2)[0]:
        database.drain_hints()
    assert database.head() == start


def test_closing_leaves_no_descriptor(pg_ledger: TestDatabase) -> None:
    """Connection, hints and all."""
    before = sorted(os.listdir("/proc/self/fd"))
    opened = PostgresqlDatabase(pg_ledger.address)
    opened.hint_fd()
    opened.head()
    opened.close()
    assert sorted(os.listdir("/proc/self/fd")) == before


def test_a_database_without_notifications(pg_database: TestDatabase) -> None:
    """All goes without hints: who wants to know looks."""
    pg_database.execute("REVOKE EXECUTE ON FUNCTION pg_notify FROM PUBLIC")
    database = PostgresqlDatabase(pg_database.address)
    start = database.head().head
    lines, new = after(start, 1)
    assert database.append(start, lines, new)
    assert database.hint_fd() is None
    database.drain_hints()
    assert database.lines(1, 10) == lines
    database.close()
