"""`ledger move` on PostgreSQL: what people do, in their order, and what they are told."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from scheduler.database.agreement import settle_place
from scheduler.home import Home
from scheduler.store import is_on_database, open_store, open_store_to_append
from tests.support.command import call
from tests.support.home import CONFIG, make_home, write_config
from tests.support.postgresql import OWNER, WRITER, Server
from tests.support.postgresql_fixtures import TestDatabase
from tests.support.replicated import mirrored


@pytest.fixture
def empty(postgresql: Server) -> Iterator[TestDatabase]:
    """A database in which nothing is."""
    name = postgresql.new_database()
    yield TestDatabase(postgresql, name)
    postgresql.drop_database(name)


def test_a_home_is_moved_into_a_database(empty: TestDatabase, tmp_path: Path) -> None:
    """The lines are there byte for byte, the next one follows, and the home says where its ledger is."""
    home = make_home(tmp_path)
    assert call("jobs", "disable", "nightly", "--reason", "moving", home=tmp_path).code == 0
    url = empty.server.url(empty.name, WRITER)
    moved = call("ledger", "move", "--to", url, "--as", OWNER, "--json", home=tmp_path)
    assert moved.code == 0, moved.err
    said = json.loads(moved.out)
    rows = empty.execute("SELECT convert_from(line, 'UTF8') FROM cronledger.entries ORDER BY seq")
    assert "".join(str(row[0]) for row in rows).encode() == mirrored(home.own_ledger)
    assert len(rows) == said["entries"]
    with closing(open_store(home)) as store:
        last = next(store.read_backwards())
        assert (last.type, store.ledger_id) == ("ledger.moved", said["ledger"])
    with closing(open_store_to_append(home, "user:ann@here")) as store:
        before = store.head()
        assert before.hash == last.hash
    again = call("ledger", "move", "--to", url, "--as", OWNER, home=tmp_path)
    assert again.code == 2
    assert "already" in again.err
    write_config(tmp_path, f"ledger: {{store: '{said['database']}'}}\n{CONFIG}")
    verified = call("ledger", "verify", home=tmp_path)
    assert verified.code == 0, verified.err + verified.out
    _comes_back(home, url)


def _comes_back(home: Home, url: str) -> None:
    """The home goes on alone, from the entry that says so; the database takes nothing more, in words."""
    elsewhere = call("ledger", "move", "--to", "/srv/ledger", home=home.root)
    assert (elsewhere.code, "nowhere else" in elsewhere.err) == (2, True)
    back = call("ledger", "move", "--to", str(home.own_ledger), home=home.root)
    assert back.code == 0, back.err
    assert not is_on_database(home)
    named = call("jobs", "enable", "nightly", home=home.root)
    assert (named.code, "has a ledger of its own" in named.err) == (2, True)
    write_config(home.root, CONFIG)
    assert call("jobs", "enable", "nightly", home=home.root).code == 0
    assert call("ledger", "verify", home=home.root).code == 0
    there = call("ledger", "move", "--to", url, "--as", OWNER, home=home.root)
    assert (there.code, "Move it into a new database" in there.err) == (2, True)
    _joins_what_moved_away(home.root.with_name("another"), url)


def _joins_what_moved_away(root: Path, url: str) -> None:
    """Another machine learns where the ledger is."""
    home = make_home(root, f"ledger: {{store: '{url}'}}\n{CONFIG}")
    settle_place(home, url)
    refused = call("jobs", "disable", "nightly", home=root)
    assert refused.code == 3
    assert "the ledger was moved to" in refused.err
    refilled = call("database", "refill", home=root)
    assert refilled.code == 3


def test_who_owns_the_tables_is_another_role(tmp_path: Path) -> None:
    """Whoever owns entries can alter them."""
    make_home(tmp_path)
    refused = call("ledger", "move", "--to", "postgresql://me@h/x", "--as", "me", home=tmp_path)
    assert refused.code == 2
    assert "Whoever owns them" in refused.err


def test_a_database_that_is_not_there_is_said(tmp_path: Path) -> None:
    """Nothing is recorded then."""
    home = make_home(tmp_path)
    assert call("jobs", "disable", "nightly", home=tmp_path).code == 0
    before = mirrored(home.own_ledger)
    away = call("ledger", "move", "--to", "postgresql://me@127.0.0.1:1/x", "--as", "you", home=tmp_path)
    assert away.code == 3
    assert "cannot be used" in away.err
    assert mirrored(home.own_ledger) == before
