"""Rows that somebody with the role of a node wrote by hand: read as far as they are sound, and in bounded memory."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

import pytest

from eventstore.errors import Halted
from eventstore.postgresql.database import PostgresqlDatabase
from eventstore.postgresql.statements import NODES_MAX
from eventstore.replicated.comparison import compare
from eventstore.replicated.database import NodeIdentity
from eventstore.replicated.mirror import Mirror
from tests.eventstore.postgresql.stores import some, store_at
from tests.support.postgresql_fixtures import TestDatabase

ME = NodeIdentity("me", "ab" * 16, "host")
STRANGE = [
    r"E'\\x'",
    r"E'a\\'",
    r"E'\\N{foo}'",
    r"E'\\ud800'",
    r"E'\\U99999999'",
    "'é€😀'",
    "E'a\\nb\\u001b[2J'",
]
"""Names that no node wrote: it would have escaped them."""


def test_rows_of_nodes_that_no_node_wrote(pg_database: TestDatabase) -> None:
    """Whatever stands there, a node raises its counter, and reads a bounded answer."""
    database = PostgresqlDatabase(pg_database.address)
    with closing(database):
        assert database.claim(ME, None)
        for name in STRANGE:
            pg_database.execute(f"INSERT INTO cronledger.nodes VALUES ({name}, {name}, {name}, -1)")
        pg_database.execute("INSERT INTO cronledger.nodes VALUES (repeat('x', 300), 'x', 'y', 1)")
        pg_database.execute("INSERT INTO cronledger.nodes VALUES ('wide', 'x', repeat('y', 3000000), 1)")
        for table in ("nodes", "confirmations"):
            pg_database.execute(f"UPDATE cronledger.{table} SET counter = 9223372036854775807")
        pulses = [database.renew(ME), database.renew(ME)]
        database.confirm()
        counters = [
            {each.identity.node: each.counter for each in pulse.nodes}
            for pulse in pulses
            if pulse is not None
        ]
        assert counters[0]["me"] != counters[1]["me"]
        assert len(counters[1]) == len(STRANGE) + 2
        pg_database.execute(
            "INSERT INTO cronledger.nodes SELECT 'n' || n, repeat('x', 300), 'y', n FROM generate_series(1, 3000) n"
        )
        assert len(database.pulse().nodes) == NODES_MAX
        assert len(str(database.pulse())) < 500_000


@pytest.mark.parametrize("said", [r"repeat(E'\\x', 5000000)", r"E'\u001b[2J \\'"])
def test_the_reason_of_a_halt_that_no_node_wrote(
    pg_database: TestDatabase, tmp_path: Path, said: str
) -> None:
    """Everybody halts, and does not read all of it."""
    pg_database.execute(f"UPDATE cronledger.head SET halted = {said}")
    with (
        closing(store_at(pg_database.url, tmp_path / "mirror")) as store,
        pytest.raises(Halted) as halted,
    ):
        store.refresh()
    assert len(str(halted.value)) <= 2_000


@pytest.mark.parametrize(
    "line",
    [
        "'{}'",
        "''",
        r"'\x00ff0a0a'",
        "(SELECT line || line FROM cronledger.entries)",
        "repeat('x', 9000000)::bytea",
    ],
    ids=["no line feed", "nothing", "not ASCII", "two lines", "nine megabytes"],
)
def test_a_line_that_is_no_line(pg_database: TestDatabase, tmp_path: Path, line: str) -> None:
    """Whoever meets it halts everybody, or says where it differs; nothing of it comes into the mirror."""
    with closing(store_at(pg_database.url, tmp_path / "mirror")) as store:
        store.refresh()
        pg_database.execute(
            f"INSERT INTO cronledger.entries VALUES (1, {line}); UPDATE cronledger.head SET seq = 1"
        )
        mirror = Mirror.open(tmp_path / "mirror")
        with closing(mirror):
            assert compare(store.database, mirror).relation == "differ"
        assert sum(len(each) for each in store.database.lines(1, 1)) < 70_000
        with pytest.raises(Halted):
            store.append(some("never"))
        assert store.head().seq == 0
