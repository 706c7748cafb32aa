"""A database that was set back or altered by hand, and mirrors that do not fit: found, and left as they are."""

from __future__ import annotations

import shutil
import signal
from pathlib import Path

import pytest

from eventstore.errors import Halted, NoAnswer, OtherLedger, Unavailable
from eventstore.postgresql.address import parse_address
from eventstore.postgresql.database import PostgresqlDatabase
from eventstore.replicated.replicated_store import ReplicatedStore
from tests.eventstore.postgresql.stores import known, server_with_ledger, some, store_at
from tests.eventstore.postgresql.writers import all_lines, check
from tests.support.journal import StepClock
from tests.support.postgresql import give
from tests.support.postgresql_fixtures import TestDatabase, create_ledger
from tests.support.replicated import mirrored


def test_a_database_that_is_set_back_to_an_old_backup(pg_cluster: Path, tmp_path: Path) -> None:
    """The node that knows better halts everybody; filled in from its mirror, the ledger is as it was, to the byte."""
    with server_with_ledger(pg_cluster) as (server, name):
        store, other = (store_at(server.url(name), tmp_path / each) for each in ("mirror", "other"))
        store.refresh()
        acknowledged = known(store.append(some("before", 5)))
        server.stop(how=signal.SIGINT)
        server.keep(tmp_path / "backup")
        server.start()
        with pytest.raises((Unavailable, NoAnswer)):
            store.refresh()
        store.refresh()
        acknowledged += known(store.append(some("after", 5)))
        server.stop()
        shutil.rmtree(server.data)
        shutil.copytree(tmp_path / "backup", server.data)
        give(server.data)
        server.start()
        other.refresh()
        with pytest.raises((Unavailable, NoAnswer)):
            store.refresh()
        with pytest.raises(Halted, match="lost entries"):
            store.refresh()
        with pytest.raises(Halted):
            other.append(some("never"))
        database = PostgresqlDatabase(parse_address(server.url(name)))
        head = database.head().head
        assert head.seq == 5
        files = mirrored(tmp_path / "mirror")
        assert database.refill(head, files.splitlines(keepends=True)[6:], store.head())
        assert database.resume(store.head())
        acknowledged += known(other.append(some("later")))
        store.refresh()
        lines = all_lines(parse_address(server.url(name)))
        assert b"".join(lines).startswith(files)
        check(lines, acknowledged, tmp_path / "mirror", tmp_path / "other")
        for each in (store, other, database):
            each.close()


@pytest.mark.parametrize(
    ("statement", "words"),
    [
        ("UPDATE cronledger.entries SET line = overlay(line placing 'x' from 9) WHERE seq = 2", "altered"),
        ("DELETE FROM cronledger.entries WHERE seq = 2", "has no entry 2"),
        ("UPDATE cronledger.head SET hash = repeat('a', 64)", "altered"),
    ],
)  # fmt: skip
def test_a_row_that_is_altered_or_removed_by_hand(
    pg_ledger: TestDatabase, tmp_path: Path, statement: str, words: str
) -> None:
    """Found by whoever fetches it, and told to everybody."""
    store, other = (store_at(pg_ledger.url, tmp_path / each) for each in ("mirror", "other"))
    store.refresh()
    store.append(some("one", 3))
    pg_ledger.execute(statement)
    with pytest.raises(Halted, match=words):
        other.refresh()
    with pytest.raises(Halted, match=words):
        store.refresh()
    with pytest.raises(Halted):
        store.append(some("never"))
    assert pg_ledger.execute("SELECT halted IS NOT NULL FROM cronledger.head") == [(True,)]
    store.close()
    other.close()


def test_a_mirror_that_is_far_behind(pg_ledger: TestDatabase, tmp_path: Path) -> None:
    """It comes up to date, a bounded piece at a time."""
    store = store_at(pg_ledger.url, tmp_path / "mirror")
    store.refresh()
    for number in range(5):
        store.append(some(f"{number}", 1_100))
    behind = store_at(pg_ledger.url, tmp_path / "behind")
    assert behind.refresh() == store.head()
    check(all_lines(pg_ledger.address), [], tmp_path / "mirror", tmp_path / "behind")
    store.close()
    behind.close()


def test_a_mirror_that_is_damaged(pg_ledger: TestDatabase, tmp_path: Path) -> None:
    """A bit that flipped is set aside and fetched again; no entry tells of it."""
    store = store_at(pg_ledger.url, tmp_path / "mirror")
    store.refresh()
    acknowledged = known(store.append(some("one", 3)))
    store.close()
    (segment,) = (tmp_path / "mirror").glob("*.jsonl")
    data = bytearray(segment.read_bytes())
    data[len(data) - 200] ^= 1
    segment.write_bytes(data)
    again = ReplicatedStore.open(PostgresqlDatabase(pg_ledger.address), tmp_path / "mirror", StepClock())
    assert known(list(again.read(1))) == acknowledged
    lines = all_lines(pg_ledger.address)
    check(lines, acknowledged, tmp_path / "mirror")
    assert len(lines) == 4
    again.close()


def test_a_mirror_that_is_somebody_elses(pg_ledger: TestDatabase, tmp_path: Path) -> None:
    """Neither the mirror nor the database is touched."""
    other = pg_ledger.server.new_database()
    create_ledger(pg_ledger.server, other)
    store = store_at(pg_ledger.server.url(other), tmp_path / "mirror")
    store.refresh()
    store.append(some("other", 3))
    store.close()
    before = (tmp_path / "mirror" / "00000000000000000000.jsonl").read_bytes()
    database = PostgresqlDatabase(pg_ledger.address)
    with pytest.raises(OtherLedger):
        ReplicatedStore.open(database, tmp_path / "mirror", StepClock())
    assert (tmp_path / "mirror" / "00000000000000000000.jsonl").read_bytes() == before
    assert database.head().head.seq == 0
    database.close()
    pg_ledger.server.drop_database(other)
