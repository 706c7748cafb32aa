"""A primary with a synchronous standby: what was acknowledged is on both, and what is not safe is not believed."""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from urllib.parse import quote

import pytest

from eventstore.errors import Halted, InDoubt, NoAnswer, Unavailable
from eventstore.postgresql.address import parse_address
from eventstore.postgresql.database import PostgresqlDatabase
from eventstore.postgresql.refusal import DatabaseUnavailable
from tests.eventstore.postgresql.entries import after
from tests.eventstore.postgresql.stores import known, server_with_ledger, some, store_at
from tests.eventstore.postgresql.writers import Writer, all_lines, check
from tests.support.cluster.pair import Pair
from tests.support.command import await_fact
from tests.support.postgresql import WRITER, Server
from tests.support.replicated import mirrored

pytestmark = [pytest.mark.real, pytest.mark.long]


def _in_background(*steps: Callable[[], object]) -> threading.Thread:
    """Do this one after the other, beside the test."""

    def run() -> None:
        for step in steps:
            step()

    thread = threading.Thread(target=run)
    thread.start()
    return thread


class Servers(Pair):
    """A primary and its standby, with a ledger in a database.

    Attributes:
        database: its name.
        url: of the database, on whichever of them is the primary.
    """

    def __init__(self, primary: Server, database: str) -> None:
        super().__init__(primary)
        self.follow()
        self.database = database
        folders = ",".join(quote(str(each.folder), safe="") for each in self.servers)
        self.url = f"postgresql://{WRITER}@/{database}?host={folders}&port={primary.PORT}"

    @property
    def second(self) -> Server:
        """The standby."""
        assert self.standby is not None
        return self.standby


@pytest.fixture
def pair(pg_cluster: Path) -> Iterator[Servers]:
    """A primary that waits for a standby at each commit, with a ledger."""
    with server_with_ledger(pg_cluster) as (primary, name):
        servers = Servers(primary, name)
        try:
            yield servers
        finally:
            servers.remove()


def check_that_the_replica_is_not_asked(pair: Servers) -> None:
    """It is told apart; with both named, the primary is found whatever their order."""
    database = PostgresqlDatabase(parse_address(pair.second.url(pair.database)))
    with pytest.raises(DatabaseUnavailable) as caught:
        database.head()
    assert caught.value.reason == "replica"
    first, second = pair.url.partition("host=")[2].partition("&")[0].split(",")
    for url in (pair.url, pair.url.replace(f"{first},{second}", f"{second},{first}")):
        either = PostgresqlDatabase(parse_address(url))
        assert either.head().head.seq == 0
        either.close()


def test_a_synchronous_wait_that_is_cancelled_is_no_acknowledgement(pair: Servers, tmp_path: Path) -> None:
    """The entries are there for all to see, and a fail-over would take them away: in doubt, until a later commit."""
    check_that_the_replica_is_not_asked(pair)
    store = store_at(pair.url, tmp_path / "mirror", call_s=30, patience_s=1)
    store.refresh()
    acknowledged = known(store.append(some("safe")))
    waits = "SELECT pid FROM pg_stat_activity WHERE wait_event = 'SyncRep' AND usename = 'ledger'"
    database = PostgresqlDatabase(parse_address(pair.url), call_s=30)
    head = database.head().head
    pair.second.freeze()
    canceller = _in_background(
        lambda: await_fact(lambda: bool(pair.primary.execute(waits))),
        lambda: pair.primary.execute("SELECT pg_cancel_backend(pid) FROM (" + waits + ") AS found"),
    )
    lines, new = after(head, 2)
    with pytest.raises(NoAnswer, match="synchronous"):
        database.append(head, lines, new)
    canceller.join()
    assert pair.primary.execute("SELECT seq FROM cronledger.head", pair.database) == [(new.seq,)]
    fresh = PostgresqlDatabase(parse_address(pair.url), call_s=1)
    with pytest.raises(Unavailable):
        fresh.lines(new.seq, 1)
    pair.second.thaw()
    assert fresh.lines(new.seq, 1) == lines[-1:]
    database.confirm()
    check(all_lines(parse_address(pair.url)), acknowledged)
    for each in (database, fresh, store):
        each.close()


def test_what_a_killed_primary_had_not_copied_is_not_believed(pair: Servers, tmp_path: Path) -> None:
    """Committed there alone, in doubt for its writer; after the fail-over nobody misses it, no mirror has it."""
    writer = store_at(pair.url, tmp_path / "writer", call_s=1, patience_s=0.5)
    writer.refresh()
    acknowledged = known(writer.append(some("safe")))
    pair.second.stop()
    with pytest.raises(InDoubt):
        writer.append(some("doubtful"))
    pair.primary.kill()
    pair.primary.start()
    # It is readable there now, for whoever does not ask whether it is safe.
    assert pair.primary.execute("SELECT seq FROM cronledger.head", pair.database) == [(4,)]
    reader = store_at(pair.url, tmp_path / "reader", call_s=1, patience_s=0.5)
    with pytest.raises(Unavailable):
        reader.refresh()
    # Of the primary it hears nothing more.
    pair.second.start(primary_conninfo="")
    pair.fail_over()
    assert reader.refresh().seq == 2
    acknowledged += known(reader.append(some("after")))
    # Whoever appended first: the writer's own lines come in behind what they expected, or not at all.
    with suppress(InDoubt):
        writer.refresh()
    lines = all_lines(parse_address(pair.url))
    check(lines, acknowledged, tmp_path / "writer", tmp_path / "reader")
    writer.close()
    reader.close()


def test_writers_go_on_when_the_standby_takes_over(pair: Servers, tmp_path: Path, hunt: bool) -> None:
    """Under load: the primary is killed, the standby promoted; nothing acknowledged is lost, nothing is doubled."""
    writers = [Writer(pair.url, tmp_path, name) for name in ("one", "two")]
    chance = random.Random(5)
    for turn in range(20 if hunt else 1):
        if turn:
            pair.follow_again()
        for writer in writers:
            writer.go_on(10)
        time.sleep(chance.random() / 20)
        pair.fail_over()
    for writer in writers:
        writer.go_on(10)
        writer.end()
    acknowledged = [each for writer in writers for each in writer.acknowledged]
    check(all_lines(parse_address(pair.url)), acknowledged, *(writer.mirror for writer in writers))


def test_an_asynchronous_fail_over_is_detected(pair: Servers, tmp_path: Path) -> None:
    """Nobody waited for the standby, and it lacks what was acknowledged: everybody halts, and it can be filled in."""
    store = store_at(pair.url, tmp_path / "mirror")
    store.refresh()
    pair.primary.execute("ALTER SYSTEM RESET synchronous_standby_names")
    pair.primary.execute("SELECT pg_reload_conf()")
    await_fact(lambda: pair.primary.execute("SELECT sync_state FROM pg_stat_replication") == [("async",)])
    pair.second.stop()
    acknowledged = known(store.append(some("lost", 3)))
    # Of the primary it hears nothing more.
    pair.second.start(primary_conninfo="")
    pair.fail_over()
    # The first call finds its connection broken.
    with pytest.raises((Unavailable, NoAnswer)):
        store.refresh()
    with pytest.raises(Halted, match="lost entries"):
        store.refresh()
    other = store_at(pair.url, tmp_path / "other")
    with pytest.raises(Halted):
        other.refresh()
    database = PostgresqlDatabase(parse_address(pair.url))
    head = database.head().head
    missing = mirrored(tmp_path / "mirror").splitlines(keepends=True)[head.seq + 1 :]
    assert database.refill(head, missing, store.head())
    assert database.resume(store.head())
    assert other.refresh() == store.refresh()
    check(all_lines(parse_address(pair.url)), acknowledged, tmp_path / "mirror", tmp_path / "other")
    for each in (store, other, database):
        each.close()
