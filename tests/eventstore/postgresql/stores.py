"""A node's store on a real database."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from eventstore.postgresql.address import parse_address
from eventstore.postgresql.database import PostgresqlDatabase
from eventstore.replicated.mirror import Mirror
from eventstore.replicated.replicated_store import ReplicatedStore
from eventstore.store import Entry, Event
from tests.support.postgresql import Server
from tests.support.postgresql_fixtures import create_ledger


def store_at(url: str, folder: Path, call_s: float = 2.0, patience_s: float = 5.0) -> ReplicatedStore:
    """A store with a mirror in this folder; nothing is asked yet."""
    database = PostgresqlDatabase(parse_address(url), call_s=call_s)
    return ReplicatedStore(database, Mirror.open(folder), lambda: datetime.now(UTC), patience_s=patience_s)


def some(name: str, count: int = 2) -> list[Event]:
    """Some events."""
    return [Event(type="test.event", actor="user:a@b", data={"n": f"{name}-{part}"}) for part in range(count)]


def known(entries: list[Entry]) -> list[tuple[int, str]]:
    """What of entries that were acknowledged is to be found again."""
    return [(entry.seq, entry.hash) for entry in entries]


@contextmanager
def server_with_ledger(cluster: Path) -> Iterator[tuple[Server, str]]:
    """A server to which anything may happen, and the name of a database on it with a ledger.

    Args:
        cluster: what it is a copy of.
    """
    server = Server.copied(cluster)
    try:
        server.start()
        name = server.new_database()
        create_ledger(server, name)
        yield server, name
    finally:
        server.remove()
