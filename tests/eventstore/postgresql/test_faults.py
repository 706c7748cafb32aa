"""A replicated store on a real server to which things happen: what was acknowledged is there, once."""

from __future__ import annotations

import gc
import os
import random
import signal
import threading
import time
import tracemalloc
from collections.abc import Iterator
from pathlib import Path

import pytest

from eventstore.errors import InDoubt, LedgerError, NoAnswer
from eventstore.postgresql.address import parse_address
from eventstore.postgresql.database import PostgresqlDatabase
from tests.eventstore.postgresql.stores import known, server_with_ledger, some, store_at
from tests.eventstore.postgresql.writers import Writer, all_lines, check
from tests.support.postgresql import Server
from tests.support.postgresql_fixtures import TestDatabase
from tests.support.postgresql_wire import Do, Message, Wire


@pytest.mark.parametrize("cut", [Do.CUT, Do.CUT_AFTER, Do.CUT_INSIDE])
@pytest.mark.parametrize("to_server", [True, False])
def test_a_connection_that_is_cut_at_any_message(
    wire: Wire, pg_ledger: TestDatabase, tmp_path: Path, to_server: bool, cut: Do, hunt: bool
) -> None:
    """Connecting, preparing, appending, reading: wherever it breaks, the append is there once, or known not to be."""
    # An answer has many small messages: a normal run cuts at some of them.
    step = 1 if hunt or to_server else 5
    acknowledged: list[tuple[int, str]] = []
    at = 0
    while True:
        store = store_at(wire.url(pg_ledger.name), tmp_path / "mirror")
        passed = 0

        def once(message: Message, at: int = at) -> Do:
            nonlocal passed
            if message.to_server is not to_server:
                return Do.PASS
            passed += 1
            return cut if passed == at + 1 else Do.PASS

        wire.rule = once
        while True:
            try:
                store.refresh()
                entries = store.append(some(f"{at}"))
                break
            except LedgerError:
                continue
        acknowledged += known(entries)
        store.close()
        if passed <= at:
            break
        at += step
    assert at > 10, "connecting alone takes more messages"
    lines = all_lines(pg_ledger.address)
    check(lines, acknowledged, tmp_path / "mirror")
    assert len(lines) == 1 + len(acknowledged), "nothing was recorded twice"


@pytest.fixture
def own_server(pg_cluster: Path) -> Iterator[tuple[Server, str]]:
    """A server to which anything may happen, with a ledger."""
    with server_with_ledger(pg_cluster) as both:
        yield both


@pytest.mark.long
@pytest.mark.real
def test_two_writers_while_the_server_is_killed_and_they_are_stopped(
    own_server: tuple[Server, str], tmp_path: Path, hunt: bool
) -> None:
    """kill -9 and a restart, an orderly stop, writers that are SIGSTOPped for longer than their connections live."""
    server, name = own_server
    url = server.url(name)
    writers = [Writer(url, tmp_path, each) for each in ("one", "two")]
    chance = random.Random(3)
    for turn in range(60 if hunt else 4):
        for writer in writers:
            writer.go_on(5)
        time.sleep(chance.random() / 20)
        if turn % 4 == 3:
            server.stop(how=signal.SIGINT)
            server.start()
        elif turn % 2:
            server.kill()
            server.start()
        else:
            writers[0].process.send_signal(signal.SIGSTOP)
            writers[1].go_on(10)
            writers[0].process.send_signal(signal.SIGCONT)
    for writer in writers:
        writer.go_on(5)
        writer.end()
    acknowledged = [each for writer in writers for each in writer.acknowledged]
    check(all_lines(parse_address(url)), acknowledged, *(writer.mirror for writer in writers))


def test_an_append_that_is_still_in_flight_when_it_is_sent_again(
    own_server: tuple[Server, str], tmp_path: Path
) -> None:
    """The first one waits for a lock on the server, its client gave up: it must not come true behind the second."""
    server, name = own_server
    store = store_at(server.url(name), tmp_path / "mirror", call_s=1.0, patience_s=0.2)
    store.refresh()
    (first,) = store.append(some("first", 1))
    with Wire(server.socket) as wire:
        slow = store_at(wire.url(name), tmp_path / "slow", call_s=30.0, patience_s=0.2)
        slow.refresh()
        with server.connect(name) as locking:
            locking.execute("BEGIN")
            locking.execute("SELECT FROM cronledger.head FOR UPDATE")
            # The statement arrives and waits for the lock; then its connection breaks, which the server does not see.
            wire.rule = lambda message: (
                Do.CUT_AFTER if message.body.startswith(b'EXECUTE "append') else Do.PASS
            )
            with pytest.raises(InDoubt):
                slow.append(some("slow", 1))
            locking.execute("ROLLBACK")
        wire.release()
        slow.refresh()
    store.refresh()
    last = store.append(some("last", 1))[-1]
    lines = all_lines(parse_address(server.url(name)))
    assert sum(b'"slow-0"' in line for line in lines) == 1
    check(lines, known([first, last]), tmp_path / "mirror", tmp_path / "slow")
    store.close()
    slow.close()


def test_an_outage_leaks_nothing(own_server: tuple[Server, str], tmp_path: Path) -> None:
    """However many calls fail: no descriptor, no thread, no memory stays behind, and at its end all goes on."""
    server, name = own_server
    database = PostgresqlDatabase(parse_address(server.url(name)), call_s=0.5)
    fd = database.hint_fd()
    head = database.head()
    server.stop()

    def fail(times: int) -> None:
        for _ in range(times):
            with pytest.raises((LedgerError, NoAnswer)):
                database.confirm()
            database.drain_hints()

    fail(20)
    gc.collect()
    tracemalloc.start()
    before = (len(os.listdir("/proc/self/fd")), threading.active_count(), tracemalloc.get_traced_memory()[0])
    fail(300)
    gc.collect()
    after = (len(os.listdir("/proc/self/fd")), threading.active_count(), tracemalloc.get_traced_memory()[0])
    tracemalloc.stop()
    assert after[:2] == before[:2]
    assert after[2] - before[2] < 30_000
    server.start()
    assert database.head() == head
    assert database.hint_fd() == fd
    database.close()
