"""The tables of a ledger, their versions, and what each role may.

A version is only ever added, and what it does never touches an entry.
"""

# ruff: noqa: S608 - the SQL is put together from constants and from what is quoted here
from __future__ import annotations

import re

VERSION = 1
"""The version that this software makes and uses."""

_TABLES = """\
CREATE SCHEMA cronledger;
CREATE TABLE cronledger.entries (
    seq  bigint PRIMARY KEY CHECK (seq >= 0),
    line bytea NOT NULL
);
CREATE TABLE cronledger.head (
    single         boolean PRIMARY KEY DEFAULT true CHECK (single),
    seq            bigint NOT NULL,
    hash           text NOT NULL,
    ledger_id      text NOT NULL,
    schema_version bigint NOT NULL,
    halted         text
);
CREATE TABLE cronledger.nodes (
    name        text PRIMARY KEY,
    incarnation text NOT NULL,
    host        text NOT NULL,
    counter     bigint NOT NULL
);
CREATE TABLE cronledger.configs (
    digest text PRIMARY KEY,
    text   bytea NOT NULL
);
CREATE TABLE cronledger.confirmations (
    single  boolean PRIMARY KEY DEFAULT true CHECK (single),
    counter bigint NOT NULL
);
INSERT INTO cronledger.confirmations (counter) VALUES (0);
"""

UPGRADES: dict[int, str] = {}
"""For each older version the statements that make the next one of it."""

_GRANTS = """\
GRANT USAGE ON SCHEMA cronledger TO {writer};
GRANT SELECT, INSERT ON cronledger.entries TO {writer};
GRANT SELECT, UPDATE (seq, hash, halted) ON cronledger.head TO {writer};
GRANT SELECT, INSERT, UPDATE ON cronledger.nodes TO {writer};
GRANT SELECT, INSERT ON cronledger.configs TO {writer};
GRANT SELECT, UPDATE (counter) ON cronledger.confirmations TO {writer};
"""


def creation(writer: str) -> str:
    """The statements that make the tables and let a role write; the ledger itself begins with `beginning`."""
    return _TABLES + grants(writer)


def grants(writer: str) -> str:
    """The statements that let a role do what a node does: insert and read entries, move the head, raise counters."""
    return _GRANTS.format(writer=identifier(writer))


def beginning(ledger_id: str, seq: int, digest: str) -> str:
    """The statement that makes a ledger of the lines that are there: from then on it can be opened."""
    return (
        "INSERT INTO cronledger.head (seq, hash, ledger_id, schema_version) "
        f"VALUES ({seq}, {literal(digest)}, {literal(ledger_id)}, {VERSION});\n"
    )


def upgrade(version: int) -> str:
    """The statements that make tables of the present version out of those of `version`, if that is what they are."""
    steps = "".join(UPGRADES[each] for each in range(version, VERSION))
    return (
        f"SELECT 1 / count(*) FROM cronledger.head WHERE schema_version = {version};\n{steps}"
        f"UPDATE cronledger.head SET schema_version = {VERSION};\n"
    )


def first_line(line: bytes) -> str:
    """The statement that inserts entry 0."""
    return f"INSERT INTO cronledger.entries (seq, line) VALUES (0, decode('{line.hex()}', 'hex'));\n"


def role(name: str) -> str:
    """The statement that makes a role for nodes; its password is set by whoever keeps it."""
    return f"CREATE ROLE {identifier(name)} LOGIN;\n"


def identifier(name: str) -> str:
    """A name, quoted."""
    return '"' + name.replace('"', '""') + '"'


def literal(text: str) -> str:
    """A text of printable ASCII, quoted."""
    assert re.fullmatch(r"[ -\[\]-~]*", text), text
    return "'" + text.replace("'", "''") + "'"
