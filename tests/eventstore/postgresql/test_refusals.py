"""A database that cannot be used: each is told apart, with what it said, and nothing is written."""

from __future__ import annotations

import os
import pickle
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from eventstore.errors import NoAnswer, OtherLedger, Unavailable
from eventstore.postgresql.address import DatabaseAddress, parse_address
from eventstore.postgresql.database import PostgresqlDatabase
from eventstore.postgresql.refusal import DatabaseUnavailable
from tests.eventstore.postgresql.entries import ONE, after
from tests.support.postgresql import WRITER, Server
from tests.support.postgresql_fixtures import TestDatabase, create_ledger


def refusal(address: DatabaseAddress) -> DatabaseUnavailable:
    """Why it cannot be used; every method says the same."""
    database = PostgresqlDatabase(address)
    with pytest.raises(DatabaseUnavailable) as asked:
        database.head()
    with pytest.raises(DatabaseUnavailable) as changing:
        database.confirm()
    database.close()
    assert (asked.value.reason, asked.value.detail) == (changing.value.reason, changing.value.detail)
    assert asked.value.address == address.shown
    return asked.value


@pytest.fixture
def guest(pg_database: TestDatabase) -> Iterator[DatabaseAddress]:
    """The database as a role that needs a password."""
    pg_database.execute("CREATE ROLE guest LOGIN PASSWORD 'right' IN ROLE ledger")
    yield parse_address(pg_database.server.url(pg_database.name, "guest"))
    pg_database.execute("DROP ROLE guest")


def test_a_wrong_password(guest: DatabaseAddress, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """From a password file or from the environment; the right one of either is taken."""
    passfile = tmp_path / "pgpass"
    monkeypatch.setenv("PGPASSFILE", str(passfile))
    assert refusal(guest).reason == "wrong_password"
    monkeypatch.setenv("PGPASSWORD", "wrong")
    assert refusal(guest).detail == 'password authentication failed for user "guest"'
    monkeypatch.delenv("PGPASSWORD")
    passfile.write_text("*:*:*:guest:right\n", encoding="ascii")
    passfile.chmod(0o600)
    database = PostgresqlDatabase(guest)
    assert database.head().head.seq == 0
    assert "right" not in database.address
    database.close()


def test_a_database_that_is_not_there(postgresql: Server, pg_database: TestDatabase) -> None:
    """Its name is told."""
    found = refusal(parse_address(postgresql.url("nowhere")))
    assert (found.reason, found.detail) == ("no_database", 'database "nowhere" does not exist')


def test_a_role_that_is_not_there(postgresql: Server, pg_database: TestDatabase) -> None:
    """PostgreSQL's own words are told."""
    found = refusal(parse_address(postgresql.url(pg_database.name, "stranger")))
    assert (found.reason, found.detail) == ("refused", 'role "stranger" does not exist')


def test_a_host_that_is_not_there(monkeypatch: pytest.MonkeyPatch) -> None:
    """A name without an address, and an address at which nobody listens."""
    assert refusal(parse_address("postgresql://ledger@db.invalid/x")).reason == "unknown_host"
    nobody = refusal(parse_address("postgresql://ledger@127.0.0.1:1/x"))
    assert nobody.reason == "unreachable"
    assert "refused" in nobody.detail
    assert refusal(parse_address("postgresql://ledger@/x?host=/nowhere")).reason == "unreachable"


def test_rules_that_do_not_let_one_in(postgresql: Server, pg_database: TestDatabase) -> None:
    """pg_hba.conf has no line for it."""
    rules = (postgresql.data / "pg_hba.conf").read_text(encoding="ascii")
    postgresql.allow("local all keeper trust")
    postgresql.execute("SELECT pg_reload_conf()")
    try:
        found = refusal(pg_database.address)
    finally:
        postgresql.allow(*rules.splitlines())
        postgresql.execute("SELECT pg_reload_conf()")
    assert found.reason == "not_allowed"


def test_a_database_of_another_ledger(pg_database: TestDatabase) -> None:
    """Both identities are told."""
    database = PostgresqlDatabase(pg_database.address, "f" * 32)
    with pytest.raises(OtherLedger) as caught:
        database.confirm()
    assert (caught.value.place, caught.value.expected) == (pg_database.address.shown, "f" * 32)
    other = PostgresqlDatabase(pg_database.address)
    assert caught.value.found == other.ledger_id
    other.close()


def test_a_database_that_becomes_that_of_another_ledger(pg_database: TestDatabase) -> None:
    """Replaced while it was away: the identity is that of the first connection."""
    database = PostgresqlDatabase(pg_database.address)
    head = database.head().head
    pg_database.execute("DROP SCHEMA cronledger CASCADE")
    create_ledger(pg_database.server, pg_database.name)
    pg_database.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'ledger'")
    with pytest.raises((Unavailable, NoAnswer)):
        database.append(head, *after(head, 1))
    with pytest.raises(OtherLedger):
        database.append(head, *after(head, 1))
    assert pg_database.execute("SELECT seq FROM cronledger.head") == [(0,)]
    database.close()


@pytest.mark.parametrize(("version", "reason"), [(2, "newer_schema"), (0, "older_schema")])
def test_tables_of_another_version(pg_database: TestDatabase, version: int, reason: str) -> None:
    """Both versions are told."""
    pg_database.execute(f"UPDATE cronledger.head SET schema_version = {version}")
    found = refusal(pg_database.address)
    assert found.reason == reason
    assert found.detail == f"its tables have version {version}, this software uses 1"


def test_a_database_without_tables(postgresql: Server, pg_database: TestDatabase) -> None:
    """An empty one, and one in which a move was begun and not finished."""
    pg_database.execute("DELETE FROM cronledger.head")
    assert refusal(pg_database.address).reason == "unfinished"
    pg_database.execute("DROP SCHEMA cronledger CASCADE")
    assert refusal(pg_database.address).reason == "without_tables"


@pytest.mark.parametrize(
    "lost",
    [
        "USAGE ON SCHEMA cronledger",
        "INSERT ON cronledger.entries",
        "SELECT ON cronledger.entries",
        "UPDATE (seq, hash, halted) ON cronledger.head",
        "UPDATE ON cronledger.nodes",
        "SELECT ON cronledger.head",
        "INSERT ON cronledger.configs",
        "UPDATE (counter) ON cronledger.confirmations",
    ],
)
def test_a_role_without_a_right(pg_database: TestDatabase, lost: str) -> None:
    """Found when it connects, not in the middle of a night."""
    pg_database.execute(f"REVOKE {lost} FROM {WRITER}")
    assert refusal(pg_database.address).reason == "without_rights"


def test_a_role_whose_transactions_are_read_only(pg_database: TestDatabase) -> None:
    """Set for the role, or for the database."""
    pg_database.execute(f"ALTER DATABASE {pg_database.name} SET default_transaction_read_only = on")
    assert refusal(pg_database.address).reason == "read_only"


def test_too_many_connections(pg_database: TestDatabase) -> None:
    """It is there, and has none to spare."""
    held = PostgresqlDatabase(pg_database.address)
    held.head()
    pg_database.execute(f"ALTER DATABASE {pg_database.name} CONNECTION LIMIT 1")
    assert refusal(pg_database.address).reason == "starting"
    held.close()


def test_a_head_that_is_removed_by_hand(pg_database: TestDatabase) -> None:
    """While a node is connected: it is told by every question, and nothing can be appended."""
    database = PostgresqlDatabase(pg_database.address)
    start = database.head().head
    assert database.claim(ONE, None)
    pg_database.execute("DELETE FROM cronledger.head")
    for ask in (database.head, database.pulse, lambda: database.renew(ONE)):
        with pytest.raises(DatabaseUnavailable) as caught:
            ask()
        assert caught.value.reason == "unfinished"
    assert not database.append(start, *after(start, 1))
    assert database.lines(1, 1) == []
    database.close()


def test_a_disk_that_is_full(pg_database: TestDatabase) -> None:
    """Nothing is written, not even the head; when there is room again the same append goes through."""
    database = PostgresqlDatabase(pg_database.address)
    start = database.head().head
    lines, new = after(start, 3)
    pg_database.execute(
        "CREATE FUNCTION full_disk() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN IF NEW.seq = 3 THEN "
        "RAISE EXCEPTION 'could not extend file: No space left on device' USING ERRCODE = 'disk_full'; END IF; "
        "RETURN NEW; END $$;"
        "CREATE TRIGGER full_disk BEFORE INSERT ON cronledger.entries FOR EACH ROW EXECUTE FUNCTION full_disk()"
    )
    with pytest.raises(DatabaseUnavailable, match="No space left") as caught:
        database.append(start, lines, new)
    assert caught.value.reason == "full"
    assert database.head().head == start
    assert database.lines(1, 10) == []
    pg_database.execute("DROP TRIGGER full_disk ON cronledger.entries")
    assert database.append(start, lines, new)
    database.close()


def test_an_entry_behind_the_head(pg_database: TestDatabase) -> None:
    """The head was set back by hand: the append finds an entry where it wants to write, and changes nothing."""
    database = PostgresqlDatabase(pg_database.address)
    start = database.head().head
    lines, new = after(start, 1)
    assert database.append(start, lines, new)
    pg_database.execute(f"UPDATE cronledger.head SET seq = 0, hash = '{start.hash}'")
    with pytest.raises(DatabaseUnavailable) as caught:
        database.append(start, *after(start, 2, who="b"))
    assert caught.value.reason == "entry_in_the_way"
    assert database.head().head == start
    assert database.lines(1, 10) == lines
    database.close()


def test_a_refusal_survives_the_way_to_another_process(pg_database: TestDatabase) -> None:
    """Its facts stay facts."""
    pg_database.execute("DROP SCHEMA cronledger CASCADE")
    found = refusal(pg_database.address)
    again = pickle.loads(pickle.dumps(found))
    assert (again.address, again.reason, again.detail) == (found.address, found.reason, found.detail)


ODD = {
    "latin": "ENCODING 'LATIN1' LC_COLLATE 'C' LC_CTYPE 'C'",
    "no encoding": "ENCODING 'SQL_ASCII' LC_COLLATE 'C' LC_CTYPE 'C'",
    "japanese": "ENCODING 'EUC_JP' LC_COLLATE 'C' LC_CTYPE 'C'",
}
SETTINGS = {
    "TimeZone": "'Pacific/Apia'",
    "DateStyle": "'SQL, DMY'",
    "IntervalStyle": "'iso_8601'",
    "bytea_output": "'escape'",
    "standard_conforming_strings": "off",
    "backslash_quote": "on",
    "extra_float_digits": "-15",
    "synchronous_commit": "off",
    "default_transaction_isolation": "'serializable'",
    "search_path": "'elsewhere'",
    "client_encoding": "'LATIN1'",
    "transform_null_equals": "on",
    "statement_timeout": "'900ms'",
    "lock_timeout": "'1ms'",
    "plan_cache_mode": "'force_generic_plan'",
    "array_nulls": "off",
}
"""What a database may be set to, all at once."""


@pytest.mark.parametrize("odd", ODD)
def test_an_odd_database_does_not_matter(postgresql: Server, odd: str, pg_database: TestDatabase) -> None:
    """Encoding, time zone, every setting that could be in the way: the same bytes and texts, and safe on disk."""
    name = postgresql.new_database("template0", ODD[odd])
    create_ledger(postgresql, name)
    for setting, value in SETTINGS.items():
        postgresql.execute(f"ALTER DATABASE {name} SET {setting} = {value}")
    database = PostgresqlDatabase(parse_address(postgresql.url(name)))
    start = database.head().head
    lines, new = after(start, 3, who="bü\\'ro\x7f\N{SNOWMAN}")
    assert database.append(start, lines, new)
    assert database.lines(1, 10) == lines
    why = "büro \\ ' \N{SNOWMAN} \U0001f512\n"
    database.halt(why)
    assert database.head() == (new, why)
    assert abs((database.pulse().now.timestamp()) - time.time()) < 60
    database.keep_config("e" * 64, os.urandom(10_000))
    kept = database.config("e" * 64)
    assert kept is not None
    assert len(kept) == 10_000
    database.close()
    postgresql.drop_database(name)
