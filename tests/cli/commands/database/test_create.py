"""`cronledger database create`: the tables, the roles, and what each may."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from eventstore.postgresql.address import parse_address
from eventstore.postgresql.database import PostgresqlDatabase
from tests.eventstore.postgresql.entries import after
from tests.support.command import Answer, call
from tests.support.postgresql import OWNER, Server
from tests.support.postgresql_fixtures import TestDatabase

NODE = "node-1"
"""A role whose name has to be quoted."""


@pytest.fixture
def empty(postgresql: Server) -> Iterator[TestDatabase]:
    """A database in which nothing is, and no role for nodes."""
    name = postgresql.new_database()
    yield TestDatabase(postgresql, name)
    postgresql.drop_database(name)
    postgresql.execute(f'DROP ROLE IF EXISTS "{NODE}"')


def create(database: TestDatabase, *options: str, user: str = NODE) -> Answer:
    """Run the command with the URL that nodes have."""
    return call("database", "create", database.server.url(database.name, user), *options)


_WITHOUT_DRIVER = """\
import json, sys
sys.modules["psycopg"] = None
from tests.support.command import call
for arguments in json.loads(sys.argv[1]):
    answer = call("database", "create", "postgresql://node@localhost/ledger", *arguments)
    print(json.dumps([answer.code, answer.out, answer.err]))
"""


def test_without_the_driver_it_is_told_how_to_get_it_and_sql_is_shown() -> None:
    """It is an extra: who looks, and who creates, is told its name; showing the SQL asks no database."""
    asked = json.dumps([[], ["--as", OWNER], ["--print"]])
    told = subprocess.run(
        [sys.executable, "-c", _WITHOUT_DRIVER, asked], capture_output=True, text=True, check=True
    )
    looked, created, shown = map(json.loads, told.stdout.splitlines())
    for code, out, err in (looked, created):
        assert (code, out) == (2, "")
        assert err.startswith("error: the driver of PostgreSQL cannot be loaded: ")
        assert "Install it: pip install 'cronledger[postgresql]'." in err
    assert shown[0] == 0
    assert "CREATE TABLE cronledger.entries" in shown[1]


def test_a_database_is_made_ready(empty: TestDatabase) -> None:
    """Role, tables, entry 0; a node can append at once; again says that all is well, and changes nothing."""
    made = create(empty, "--as", OWNER, "--json")
    assert made.code == 0, made.err
    assert "The role node-1 was made, without a password" in made.err
    said = json.loads(made.out)
    assert said["done"] == "created"
    database = PostgresqlDatabase(parse_address(empty.server.url(empty.name, NODE)))
    assert database.ledger_id == said["ledger"]
    head = database.head().head
    (line,) = database.lines(0, 10)
    assert b'"type":"ledger.created"' in line
    assert database.append(head, *after(head, 1))
    before = empty.execute("SELECT * FROM cronledger.entries")
    again = json.loads(create(empty, "--as", OWNER, "--json").out)
    assert (again["done"], again["ledger"]) == ("granted", said["ledger"])
    assert json.loads(create(empty, "--json").out)["done"] == "checked"
    assert empty.execute("SELECT * FROM cronledger.entries") == before
    database.close()


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE cronledger.entries SET line = 'x'",
        "DELETE FROM cronledger.entries",
        "TRUNCATE cronledger.entries",
        "UPDATE cronledger.head SET ledger_id = 'x'",
        "UPDATE cronledger.head SET schema_version = 2",
        "DELETE FROM cronledger.head",
        "INSERT INTO cronledger.head VALUES (false, 0, '', '', 0)",
        "UPDATE cronledger.configs SET text = ''",
        "DELETE FROM cronledger.configs",
        "DELETE FROM cronledger.nodes",
        "ALTER TABLE cronledger.entries ADD COLUMN x int",
        "DROP TABLE cronledger.entries",
        "CREATE TABLE cronledger.x ()",
        "DROP SCHEMA cronledger CASCADE",
    ],
)
def test_a_node_cannot(pg_ledger: TestDatabase, statement: str) -> None:
    """What is recorded is nobody's to alter as the role that nodes have."""
    with (
        pg_ledger.server.connect(pg_ledger.name, "ledger") as connection,
        pytest.raises(psycopg.errors.InsufficientPrivilege),
    ):
        connection.execute(statement.encode())


def test_what_is_printed_does_the_same(empty: TestDatabase) -> None:
    """Whoever may not let a program do it reads it, and runs it by hand."""
    shown = create(empty, "--print")
    assert shown.code == 0, shown.err
    assert "CREATE TABLE cronledger.entries" in shown.out
    empty.server.execute(f'CREATE ROLE "{NODE}" LOGIN')
    empty.execute(shown.out)
    done = create(empty)
    assert done.code == 0, done.err
    assert "all is well" in done.out


def test_rights_that_were_taken_come_back(empty: TestDatabase) -> None:
    """And a second role may be given them."""
    create(empty, "--as", OWNER)
    empty.execute(f'REVOKE INSERT ON cronledger.entries FROM "{NODE}"')
    refused = create(empty)
    assert refused.code == 2
    assert "is not ready" in refused.err
    assert "--as ROLE" in refused.err
    assert create(empty, "--as", OWNER).code == 0
    assert create(empty).code == 0


def test_an_empty_database_needs_an_owner(empty: TestDatabase) -> None:
    """Which is never the role of the nodes."""
    empty.server.execute(f'CREATE ROLE "{NODE}" LOGIN')
    refused = create(empty)
    assert refused.code == 2
    assert "--as ROLE" in refused.err
    same = create(empty, "--as", NODE)
    assert same.code == 2
    assert "cannot belong to node-1" in same.err
    assert empty.execute("SELECT FROM pg_namespace WHERE nspname = 'cronledger'") == []


def test_a_role_that_may_not(empty: TestDatabase) -> None:
    """It is told what it lacks, and nothing is left half-made."""
    empty.server.execute(f'CREATE ROLE "{NODE}" LOGIN; CREATE ROLE poor LOGIN')
    refused = create(empty, "--as", "poor")
    assert refused.code == 3
    assert "poor may not do this" in refused.err
    assert "--print" in refused.err
    assert empty.execute("SELECT FROM pg_namespace WHERE nspname = 'cronledger'") == []
    empty.server.execute("DROP ROLE poor")


def test_tables_of_a_later_version_are_left_alone(empty: TestDatabase) -> None:
    """The software that made them is named as the way out."""
    create(empty, "--as", OWNER)
    empty.execute("UPDATE cronledger.head SET schema_version = 9")
    refused = create(empty, "--as", OWNER)
    assert refused.code == 3
    assert "have version 9" in refused.err
    assert empty.execute("SELECT schema_version FROM cronledger.head") == [(9,)]


def test_a_move_that_was_not_finished_is_left_alone(empty: TestDatabase) -> None:
    """The move goes on by itself."""
    create(empty, "--as", OWNER)
    empty.execute("DELETE FROM cronledger.head")
    refused = create(empty, "--as", OWNER)
    assert refused.code == 3
    assert "ledger move" in refused.err


def test_an_older_version_is_upgraded_and_no_entry_touched(
    empty: TestDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each step is one transaction with the new version's number; run twice it is done once."""
    from eventstore.postgresql import schema

    create(empty, "--as", OWNER)
    before = empty.execute("SELECT xmin, * FROM cronledger.entries")
    monkeypatch.setattr(schema, "VERSION", 2)
    monkeypatch.setitem(schema.UPGRADES, 1, "ALTER TABLE cronledger.nodes ADD COLUMN note text;\n")
    assert json.loads(create(empty, "--as", OWNER, "--json").out)["done"] == "upgraded"
    assert json.loads(create(empty, "--as", OWNER, "--json").out)["done"] == "granted"
    assert empty.execute("SELECT xmin, * FROM cronledger.entries") == before
    assert empty.execute("SELECT schema_version FROM cronledger.head") == [(2,)]
    assert empty.execute("SELECT note FROM cronledger.nodes") == []


def test_the_config_names_the_database(empty: TestDatabase, tmp_path: Path) -> None:
    """Where no URL is given; where neither names one, it is asked for."""
    assert call("init", home=tmp_path).code == 0
    refused = call("database", "create", "--as", OWNER, home=tmp_path)
    assert refused.code == 2
    assert "the config names no database" in refused.err
    config = tmp_path / "services" / "scheduler" / "config.yaml"
    url = empty.server.url(empty.name, NODE)
    config.write_text(f'jobs: {{}}\nledger: {{store: "{url}"}}\n', encoding="utf-8")
    made = call("database", "create", "--as", OWNER, "--json", home=tmp_path)
    assert made.code == 0, made.err
    assert json.loads(made.out)["done"] == "created"


@pytest.mark.parametrize(
    ("url", "part"),
    [
        ("postgresql://ledger:hunter2@db.example/c", "password"),
        ("postgresql://db.example/c", "as which role"),
        ("mysql://ledger@db.example/c", "mysql"),
    ],
)
def test_a_url_that_is_none(url: str, part: str) -> None:
    """Nothing is asked of anybody, and no password is repeated."""
    refused = call("database", "create", url, "--as", "postgres")
    assert refused.code in (2, 3)
    assert part in refused.err
    assert "hunter2" not in refused.err + refused.out
