"""Every call ends in time, and says whether something may have been changed."""

from __future__ import annotations

import itertools
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress

import pytest

from eventstore.errors import NoAnswer, Unavailable
from eventstore.postgresql.address import parse_address
from eventstore.postgresql.database import PostgresqlDatabase
from eventstore.postgresql.refusal import DatabaseUnavailable
from eventstore.store import Head
from tests.eventstore.postgresql.entries import ONE, after
from tests.support.postgresql import DEADLINE_S, Server
from tests.support.postgresql_fixtures import TestDatabase
from tests.support.postgresql_wire import Do, Message, Wire

CALL_S = 0.5
"""Short, because the tests wait for it."""
SOON_S = 10.0
"""A machine that is held up may take so long for anything; what is not to be waited for comes later, or never."""


@pytest.fixture
def database(wire: Wire, pg_ledger: TestDatabase) -> Iterator[PostgresqlDatabase]:
    """A way to the database that leads through the proxy."""
    opened = PostgresqlDatabase(parse_address(wire.url(pg_ledger.name)), call_s=CALL_S)
    yield opened
    opened.close()


@pytest.fixture
def direct(pg_ledger: TestDatabase) -> Iterator[PostgresqlDatabase]:
    """A way around the proxy."""
    opened = PostgresqlDatabase(pg_ledger.address)
    yield opened
    opened.close()


CHANGES: dict[str, Callable[[PostgresqlDatabase], object]] = {
    "confirm": lambda database: database.confirm(),
    "halt": lambda database: database.halt("why"),
    "claim": lambda database: database.claim(ONE, None),
    "renew": lambda database: database.renew(ONE),
    "keep_config": lambda database: database.keep_config("d" * 64, b"text"),
}
READINGS: dict[str, Callable[[PostgresqlDatabase], object]] = {
    "head": lambda database: database.head(),
    "lines": lambda database: database.lines(0, 10),
    "pulse": lambda database: database.pulse(),
    "config": lambda database: database.config("d" * 64),
}


def no_answer(message: Message) -> Do:
    """Whatever is asked arrives, and no answer comes."""
    return Do.PASS if message.to_server else Do.HOLD


@pytest.mark.parametrize("name", CHANGES)
def test_a_change_without_an_answer_is_in_doubt(name: str, wire: Wire, database: PostgresqlDatabase) -> None:
    """It may have been made."""
    CHANGES[name](database)
    wire.rule = no_answer
    started = time.monotonic()
    with pytest.raises(NoAnswer, match="no answer in time"):
        CHANGES[name](database)
    assert time.monotonic() - started < CALL_S + SOON_S


@pytest.mark.parametrize("name", READINGS)
def test_a_question_without_an_answer_changed_nothing(
    name: str, wire: Wire, database: PostgresqlDatabase
) -> None:
    """The database is away, that is all; when it is back, the next call finds it."""
    answer = READINGS[name](database)
    wire.rule = no_answer
    with pytest.raises(Unavailable, match="no answer in time"):
        READINGS[name](database)
    wire.release()
    again = READINGS[name](database)
    assert again == answer or name == "pulse"


def test_nobody_answers_a_connection(wire: Wire, database: PostgresqlDatabase) -> None:
    """A network that swallows everything, and a change that was never sent: certain."""
    wire.rule = lambda message: Do.HOLD
    started = time.monotonic()
    with pytest.raises(DatabaseUnavailable) as caught:
        database.confirm()
    assert caught.value.reason == "unreachable"
    assert time.monotonic() - started < CALL_S + SOON_S


def test_an_append_in_doubt_is_settled_by_sending_the_same_bytes(
    wire: Wire, database: PostgresqlDatabase, direct: PostgresqlDatabase
) -> None:
    """The answer is lost, the entries are there, once; the same append again finds that the head has moved."""
    start = database.head().head
    lines, new = after(start, 3)
    assert not database.append(new, lines, new)
    wire.rule = no_answer
    with pytest.raises(NoAnswer):
        database.append(start, lines, new)
    wire.release()
    assert not database.append(start, lines, new)
    assert direct.head().head == new
    assert direct.lines(1, 10) == lines


def test_an_append_that_could_not_be_sent_whole_is_certain(
    wire: Wire, database: PostgresqlDatabase, direct: PostgresqlDatabase
) -> None:
    """A network that stops taking bytes in the middle of a large append: the server has no whole statement."""
    start = database.head().head
    lines, new = after(start, 400, size=60_000)
    wire.rule = lambda message: Do.HOLD if message.to_server else Do.PASS
    with pytest.raises(Unavailable, match="no answer in time"):
        database.append(start, lines, new)
    wire.cut()
    assert direct.head().head == start


def test_a_server_that_is_stopped_is_not_waited_for(postgresql: Server, pg_ledger: TestDatabase) -> None:
    """SIGSTOP to all of it: what was sent on a connection is in doubt; a new connection fails for certain."""
    database = PostgresqlDatabase(pg_ledger.address, call_s=CALL_S)
    start = database.head().head
    lines, new = after(start, 1)
    assert not database.append(new, lines, new)
    postgresql.freeze()
    try:
        with pytest.raises(NoAnswer):
            database.append(start, lines, new)
        with pytest.raises(DatabaseUnavailable) as caught:
            database.append(start, lines, new)
    finally:
        postgresql.thaw()
    assert caught.value.reason == "unreachable"
    settled = database.append(start, lines, new)
    assert settled or database.lines(1, 1) == lines
    assert database.head().head == new
    database.close()


def test_a_name_server_that_is_silent_is_not_waited_for(
    monkeypatch: pytest.MonkeyPatch, pg_ledger: TestDatabase
) -> None:
    """However long the system's own call takes; the next call does not begin another one."""
    asked = []
    over = threading.Event()

    def silent(name: str, *_: object, **__: object) -> list[object]:
        asked.append(name)
        over.wait(DEADLINE_S)
        raise OSError("no answer at all")

    monkeypatch.setattr(socket, "getaddrinfo", silent)
    database = PostgresqlDatabase(parse_address("postgresql://ledger@db.invalid/x"), call_s=0.2)
    try:
        for _ in range(3):
            started = time.monotonic()
            with pytest.raises(DatabaseUnavailable, match="no name server answers") as caught:
                database.head()
            assert time.monotonic() - started < SOON_S
            assert caught.value.reason == "unreachable"
    finally:
        over.set()
    assert asked == ["db.invalid"]


def connections(listener: socket.socket) -> int:
    """How many connections were made to a server that never answers, since it was asked last."""
    listener.setblocking(False)
    count = 0
    with suppress(BlockingIOError):
        while True:
            listener.accept()[0].close()
            count += 1
    return count


def test_the_first_host_is_silent_and_the_second_serves(wire: Wire, pg_ledger: TestDatabase) -> None:
    """Each address gets its share of the time; the one that answered is asked first the next time."""
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1]
        url = wire.url(pg_ledger.name).replace("127.0.0.1:", f"127.0.0.1:{port},127.0.0.1:")
        database = PostgresqlDatabase(parse_address(url), call_s=3)
        assert database.head().head.seq == 0
        assert connections(silent) == 1
        wire.cut()
        while True:
            connections(silent)
            try:
                assert database.head().head.seq == 0
            except Unavailable:
                continue
            break
        assert connections(silent) == 0
        database.close()


def test_a_wait_for_a_lock_ends_and_nothing_was_changed(
    pg_ledger: TestDatabase, direct: PostgresqlDatabase
) -> None:
    """Somebody locks the head by hand: the server itself gives up before the client does."""
    database = PostgresqlDatabase(pg_ledger.address, call_s=2)
    start = database.head().head
    assert not database.append(Head(0, "0" * 64), *after(start, 1))
    with pg_ledger.server.connect(pg_ledger.name) as connection:
        connection.execute("BEGIN")
        connection.execute("SELECT FROM cronledger.head FOR UPDATE")
        with pytest.raises(DatabaseUnavailable, match="timeout"):
            database.append(start, *after(start, 1))
    assert direct.head().head == start
    database.close()


def test_a_client_that_stops_anywhere_in_a_statement_holds_no_lock(
    wire: Wire, pg_ledger: TestDatabase, direct: PostgresqlDatabase
) -> None:
    """Whatever the last message is that arrived, another one's append goes on at once."""
    head = direct.head().head
    sent: list[str] = []
    for held in range(9):
        database = PostgresqlDatabase(parse_address(wire.url(pg_ledger.name)), call_s=0.3)
        assert not database.append(Head(head.seq, "0" * 64), *after(head, 1))
        asked = itertools.count()
        sent.clear()

        def stop(message: Message, asked: Iterator[int] = asked, held: int = held) -> Do:
            if not message.to_server:
                return Do.PASS
            sent.append(message.kind)
            return Do.HOLD if next(asked) == held else Do.PASS

        wire.rule = stop
        with suppress(Unavailable, NoAnswer):
            database.append(head, *after(head, 1, who="stopped"))
        head = direct.head().head
        lines, new = after(head, 2)
        started = time.monotonic()
        assert direct.append(head, lines, new)
        assert time.monotonic() - started < SOON_S
        assert direct.lines(head.seq + 1, 10) == lines
        head = new
        wire.release()
        database.close()
        if len(sent) <= held:
            break
    assert len(sent) == held, "each message was held once"


def test_an_interrupt_leaves_no_half_answer(
    wire: Wire, database: PostgresqlDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After Ctrl-C in the middle of an answer, the next call has a connection of its own."""
    head = database.head()
    wire.rule = no_answer

    class Interrupting:
        def register(self, *_: object) -> None:
            raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr("select.poll", Interrupting)
        with pytest.raises(KeyboardInterrupt):
            database.lines(0, 1)
    wire.release()
    assert database.head() == head
    assert wire.connections == 2
