"""Fixtures of PostgreSQL, in `tests/conftest.py`: a server a worker, a fresh database with a ledger a test."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest

from eventstore.postgresql.address import DatabaseAddress, parse_address
from tests.support import postgresql as pg


@dataclass(frozen=True)
class TestDatabase:
    """A database of its own for one test, with a ledger that holds its entry 0.

    Attributes:
        server: on which it is.
        name: of the database.
    """

    __test__ = False

    server: pg.Server
    name: str

    @property
    def url(self) -> str:
        """Where nodes find it, as the role that they use."""
        return self.server.url(self.name)

    @property
    def address(self) -> DatabaseAddress:
        """The same, read."""
        return parse_address(self.url)

    @property
    def owner(self) -> DatabaseAddress:
        """The same, as the role that owns the tables."""
        return parse_address(self.server.url(self.name, pg.OWNER))

    def execute(self, statement: str) -> list[tuple[object, ...]]:
        """Execute a statement as the owner; the rows that it gives."""
        return self.server.execute(statement, self.name)


def create_ledger(server: pg.Server, database: str) -> None:
    """Put the tables and a new ledger into a database."""
    from eventstore.postgresql.creation import DatabaseOwner
    from eventstore.postgresql.genesis import new_genesis

    owner = DatabaseOwner(parse_address(server.url(database, pg.OWNER)))
    if not owner.has_role(pg.WRITER):
        owner.create_role(pg.WRITER)
    owner.create(new_genesis("tests", "user:tests@here", datetime(2026, 1, 1, tzinfo=UTC)), pg.WRITER)
    owner.close()


@pytest.fixture(scope="session")
def pg_cluster(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The files of a cluster in which nothing is, made once for all workers: for `Server.copied`."""
    base = tmp_path_factory.getbasetemp()
    kept = (base.parent if "PYTEST_XDIST_WORKER" in os.environ else base) / "postgresql-cluster"
    with (base.parent / "postgresql-cluster.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not kept.exists():
            first = pg.Server.create()
            first.keep(kept)
            first.remove()
    return kept


@pytest.fixture(scope="session")
def postgresql(pg_cluster: Path) -> Iterator[pg.Server]:
    """A server that flushes nothing to disk, for this worker."""
    server = pg.Server.copied(pg_cluster)
    try:
        server.start()
        yield server
    finally:
        server.remove()
        pg.remove_copies()


@pytest.fixture(scope="session")
def postgresql_template(postgresql: pg.Server) -> str:
    """A database with a ledger, to be copied."""
    name = postgresql.new_database()
    create_ledger(postgresql, name)
    return name


@pytest.fixture
def pg_database(postgresql: pg.Server, postgresql_template: str) -> Iterator[TestDatabase]:
    """A fresh database with a ledger."""
    name = postgresql.new_database(postgresql_template)
    yield TestDatabase(postgresql, name)
    postgresql.drop_database(name)


@pytest.fixture(scope="session")
def pg_worker_database(postgresql: pg.Server, postgresql_template: str) -> TestDatabase:
    """A database that many tests use one after the other."""
    return TestDatabase(postgresql, postgresql.new_database(postgresql_template))


@pytest.fixture
def pg_ledger(pg_worker_database: TestDatabase) -> TestDatabase:
    """A database whose ledger holds its entry 0, for tests that change nothing but rows: cheaper than a fresh one."""
    pg_worker_database.execute(
        "TRUNCATE cronledger.nodes, cronledger.configs; DELETE FROM cronledger.entries WHERE seq > 0;"
        "UPDATE cronledger.head SET seq = 0, halted = NULL, hash = (SELECT substring("
        "convert_from(line, 'UTF8') from '\"hash\":\"([0-9a-f]{64})\"}.$') FROM cronledger.entries)"
    )
    return pg_worker_database
