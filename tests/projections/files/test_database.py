from __future__ import annotations

from pathlib import Path
from typing import Any

import duckdb
import pytest

from projections import VIEWS, open_sql
from projections.files.database import DATABASE_NAME
from tests.support.ledger import Writer, column

COUNT = "SELECT count(*), max(seq) FROM events"


def plain_answers(home_writer: Writer, query: str) -> list[tuple[Any, ...]]:
    """What plain DuckDB says, that was not told anything about cronledger."""
    path = home_writer.home.projections / DATABASE_NAME
    with duckdb.connect(str(path), read_only=True) as shell:
        shell.execute("SET TimeZone = 'UTC'")
        return shell.execute(query).fetchall()


def opened(writer: Writer) -> Writer:
    """A home with two sealed segments, a bit, and its database file."""
    writer.define("nightly")
    writer.history("nightly", 6)
    with open_sql(writer.home):
        pass
    return writer


def test_plain_duckdb_sees_the_views(writer: Writer) -> None:
    """The file has all the views, and they say what the sandbox says."""
    opened(writer)
    assert column(plain_answers(writer, "SHOW TABLES")) == sorted(VIEWS)
    with open_sql(writer.home) as sql:
        for query in (
            "SELECT * EXCLUDE time, time::VARCHAR FROM events ORDER BY seq",
            "SELECT run, job, status, outcome, lateness_ms, owed_at::VARCHAR, started::VARCHAR FROM runs ORDER BY 1",
            "SELECT name, enabled, runs_finished, last_finished::VARCHAR FROM jobs",
        ):
            assert plain_answers(writer, query) == sql.execute(query).all()


def test_an_open_database_follows_the_ledger_and_blocks_nobody(writer: Writer) -> None:
    """While a shell has the file open the ledger grows and is sealed, and each of its answers is up to date."""
    opened(writer)
    path = writer.home.projections / DATABASE_NAME
    with duckdb.connect(str(path), read_only=True) as shell:
        for _ in range(6):
            run = writer.tick("nightly")
            assert shell.execute(COUNT).fetchall() == [(run + 1, run)]
            writer.start("nightly", run)
            writer.finish("nightly", run)
            with open_sql(writer.home) as sql:
                assert sql.execute(COUNT).all() == shell.execute(COUNT).fetchall() == [(run + 3, run + 2)]
    assert plain_answers(writer, COUNT) == [(run + 3, run + 2)]


def test_the_file_can_be_opened_to_write_and_is_replaced_all_the_same(writer: Writer) -> None:
    """A shell that holds the file for writing keeps nobody from querying or from replacing it."""
    opened(writer)
    path = writer.home.projections / DATABASE_NAME
    inode = path.stat().st_ino
    with duckdb.connect(str(path)):
        writer.history("nightly", 6)
        with open_sql(writer.home) as sql:
            assert sql.execute("SELECT count(*) FROM runs").all() == [(12,)]
    assert path.stat().st_ino != inode
    assert plain_answers(writer, "SELECT count(*) FROM runs") == [(12,)]


def test_nothing_is_written_when_nothing_changed(writer: Writer) -> None:
    """The file is replaced when a segment was sealed, and not otherwise."""
    opened(writer)
    path = writer.home.projections / DATABASE_NAME
    before = path.stat().st_ino
    writer.define("other")
    opened_again = open_sql(writer.home)
    opened_again.close()
    assert path.stat().st_ino == before
    path.unlink()
    open_sql(writer.home).close()
    assert path.exists()


def test_a_line_that_is_being_written_is_not_seen(writer: Writer) -> None:
    """A torn last line neither fails nor shows; a damaged line before the last one is an error."""
    opened(writer)
    path = max(writer.home.ledger.glob("*.jsonl"))
    whole = path.read_bytes()
    count = plain_answers(writer, COUNT)[0][0]
    for part in (b"{", b'{"seq":', whole.splitlines(keepends=True)[0][:-2]):
        path.write_bytes(whole + part)
        assert plain_answers(writer, COUNT) == [(count, count - 1)]
    path.write_bytes(whole.replace(b'{"seq"', b'("seq"', 1))
    with pytest.raises(duckdb.Error, match="damaged"):
        plain_answers(writer, COUNT)


def test_a_home_with_strange_names_works(tmp_path: Path) -> None:
    """Quotes, blanks and letters beyond ASCII in a path are no SQL and no pattern."""
    writer = Writer(tmp_path / "it's [a] *home* é")
    opened(writer)
    writer.close()
    assert plain_answers(writer, COUNT) == [(20, 19)]
    with open_sql(writer.home) as sql:
        assert sql.execute(COUNT).all() == [(20, 19)]
