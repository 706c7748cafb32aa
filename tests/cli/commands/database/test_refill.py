"""`ledger verify --database` and `database refill`, on PostgreSQL that was set back, altered or forked."""

from __future__ import annotations

import json
from contextlib import closing
from pathlib import Path

import pytest

from scheduler.database.agreement import settle_place
from scheduler.home import Home
from scheduler.store import open_store, open_store_to_append
from tests.support.command import Answer, call
from tests.support.home import CONFIG, make_home
from tests.support.journal import event
from tests.support.postgresql_fixtures import TestDatabase
from tests.support.replicated import mirrored


@pytest.fixture
def home(pg_database: TestDatabase, tmp_path: Path) -> Home:
    """A home on the database, with five entries of its own."""
    home = make_home(tmp_path / "a", f"ledger: {{store: '{pg_database.address.shown}'}}\n{CONFIG}")
    settle_place(home, pg_database.address.shown)
    with closing(open_store_to_append(home, "scheduler")) as store:
        for number in range(5):
            store.append([event(number)])
    return home


def verified(home: Home) -> Answer:
    """What `ledger verify --database` says."""
    return call("ledger", "verify", "--database", "--json", home=home.root)


def set_back(database: TestDatabase, seq: int) -> None:
    """An old backup is restored."""
    (row,) = database.execute(f"SELECT convert_from(line, 'UTF8') FROM cronledger.entries WHERE seq = {seq}")
    digest = str(row[0]).rstrip()[-66:-2]
    database.execute(f"DELETE FROM cronledger.entries WHERE seq > {seq}")
    database.execute(f"UPDATE cronledger.head SET seq = {seq}, hash = '{digest}', halted = NULL")


def test_a_database_that_was_set_back_is_refilled(
    pg_database: TestDatabase, home: Home, tmp_path: Path
) -> None:
    """It is found, everybody halts, the lines come back, and another machine has them all."""
    assert json.loads(verified(home).out)["relation"] == "equal"
    before = mirrored(home.mirror)
    set_back(pg_database, 2)
    halted = call("jobs", "disable", "nightly", home=home.root)
    assert halted.code == 3
    assert "database refill" in halted.err
    found = verified(home)
    assert found.code == 1
    said = json.loads(found.out)
    assert (said["relation"], said["same"]) == ("mirror_longer", 3)
    shown = call("database", "refill", "--dry-run", home=home.root)
    assert "Entries 3 to 5 would be put back" in shown.err
    assert "until `cronledger database refill`" in call("status", home=home.root).out
    done = call("database", "refill", home=home.root)
    assert done.code == 0, done.err
    assert "3 entries, from entry 3 on" in done.out
    assert "start it again" in done.err
    assert verified(home).code == 0
    other = make_home(tmp_path / "b")
    settle_place(other, pg_database.url)
    with closing(open_store(other)):
        assert mirrored(other.mirror) == before
    again = call("database", "refill", "--json", home=home.root)
    assert json.loads(again.out)["entries"] == 0


def test_a_fork_is_for_a_person_to_decide(pg_database: TestDatabase, home: Home, tmp_path: Path) -> None:
    """Refilling refuses; the branch that is given up is kept, and both machines have the same afterwards."""
    set_back(pg_database, 3)
    other = make_home(tmp_path / "b")
    settle_place(other, pg_database.url)
    with closing(open_store_to_append(other, "scheduler")) as store:
        store.append([event(40), event(41), event(42)])
    refused = call("database", "refill", home=home.root)
    assert refused.code == 1
    assert "entry 4 in the database is not the one in the mirror" in refused.err
    branch = mirrored(home.mirror)
    kept = call("database", "refill", "--keep", "database", home=home.root)
    assert kept.code == 0, kept.err
    (fork,) = home.var.glob("mirror-fork-4-*")
    assert mirrored(fork) == branch
    assert mirrored(home.mirror) == mirrored(other.mirror)
    with closing(open_store_to_append(home, "scheduler")) as store:
        assert store.append([event(50)])[0].seq == 7


def test_the_mirror_s_branch_may_be_kept(pg_database: TestDatabase, home: Home) -> None:
    """The database's is written out, its owner takes it away, and the mirror's comes back."""
    before = mirrored(home.mirror)
    pg_database.execute(
        "UPDATE cronledger.entries SET line = convert_to(replace(convert_from(line, 'UTF8'), "
        "'nightly', 'nightlx'), 'UTF8') WHERE seq = 4"
    )
    kept = call("database", "refill", "--keep", "mirror", home=home.root)
    assert kept.code == 0, kept.err
    (fork,) = home.var.glob("mirror-fork-4-*")
    assert b"nightlx" in (fork / "database.jsonl").read_bytes()
    for statement in kept.out.strip().splitlines()[1:-1]:
        pg_database.execute(statement)
    assert call("database", "refill", home=home.root).code == 0
    assert verified(home).code == 0
    assert mirrored(home.mirror) == before


def test_a_home_with_its_own_ledger_has_no_database(tmp_path: Path) -> None:
    """That is said."""
    make_home(tmp_path)
    refused = call("database", "refill", home=tmp_path)
    assert refused.code == 2
    assert "in no database" in refused.err
