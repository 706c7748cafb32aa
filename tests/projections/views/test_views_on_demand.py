"""What a question does not name is not made, and its answer is the one that it has where everything is."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import duckdb
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from eventstore.errors import Corrupt
from projections import VIEWS, QueryFailed, Sql, open_sql
from projections.schema.relations import ENTRIES, EVERYTHING, RUNS, standing_on
from projections.sql.statements import read_statements
from projections.views.live import LiveViews, ViewOptions
from tests.support.ledger import Writer
from tests.support.sql_page import example, queries

LISTS = (
    "SHOW TABLES",
    "SHOW ALL TABLES",
    "SHOW TABLES FROM parts",
    "DESCRIBE",
    "FROM duckdb_views()",
    "FROM duckdb_tables",
    "SELECT * FROM DuckDB_Columns()",
    "FROM information_schema.tables",
    "FROM information_schema.columns",
    "FROM pg_class",
    "FROM pg_views",
    "FROM sqlite_master",
    "FROM pragma_table_info('runs')",
    "FROM pragma_show('runs')",
    "SELECT pg_get_viewdef(1)",
    "SELECT 1 WHERE 'x' IN (SELECT view_name FROM duckdb_views())",
    "WITH runs AS (FROM duckdb_views()) FROM runs",
    "SELECT (WITH duckdb_views AS (SELECT 1 AS a) SELECT max(a) FROM duckdb_views), * FROM duckdb_views",
    "EXPLAIN FROM duckdb_views()",
    "EXPLAIN ANALYZE SELECT count(*) FROM pg_tables",
    "FROM rnus",
    "FROM parts.nothing",
)
"""Ways in which a question names tables without their names, or one that is not there."""


@contextmanager
def lone_engine() -> Iterator[duckdb.DuckDBPyConnection]:
    """An engine as nobody restricted it, which judges what is asked."""
    with duckdb.connect(config={"threads": 1}) as engine:
        yield engine


@pytest.fixture(scope="module")
def engine() -> Iterator[duckdb.DuckDBPyConnection]:
    """One for all tests that only judge."""
    with lone_engine() as engine:
        yield engine


def named(engine: duckdb.DuckDBPyConnection, query: str) -> frozenset[str]:
    """What has to be there for a query."""
    names = [statement.names for statement in read_statements(engine, query)]
    return standing_on(frozenset[str]().union(*names))


def answer(sql: Sql, query: str) -> tuple[list[tuple[str, str]], list[tuple[Any, ...]]]:
    """Columns and rows."""
    found = sql.execute(query)
    return found.columns, found.all()


def there(views: LiveViews) -> set[str]:
    """The views and tables that an engine has."""
    rows = views.engine.execute(
        "SELECT schema_name, view_name FROM duckdb_views() WHERE NOT internal UNION ALL "
        "SELECT schema_name, table_name FROM duckdb_tables()"
    ).fetchall()
    return {name if schema == "main" else f"{schema}.{name}" for schema, name in rows}


def test_each_question_has_the_answer_that_it_has_where_everything_is_made(tmp_path: Path) -> None:
    """Every view and every statement of the page, asked of a connection that was opened for it."""
    writer = example(tmp_path)
    asked = [*queries(), *(f"FROM {view} ORDER BY ALL" for view in VIEWS)]
    with open_sql(writer.home, threads=1) as sql, lone_engine() as engine:
        sql.execute("SHOW TABLES")
        expected = {query: answer(sql, query) for query in asked}
        alike: dict[frozenset[str], list[str]] = {}
        for query in asked:
            alike.setdefault(named(engine, query), []).append(query)
    assert EVERYTHING not in alike
    assert len(alike) > 8
    for questions in alike.values():
        with open_sql(writer.home, query=questions[0], threads=1) as sql:
            assert {query: answer(sql, query) for query in questions} == {
                query: expected[query] for query in questions
            }
    writer.close()


def test_what_is_not_asked_about_is_not_made(writer: Writer) -> None:
    """Nothing for a sum; of the entries alone no runs; and what came meanwhile is in what is made later."""
    writer.history("nightly", 3)
    with closing(LiveViews(writer.home, ViewOptions(threads=1))) as views:
        views.refresh()
        assert there(views) == {"parts.clock"}
        with pytest.raises(duckdb.Error, match="locked"):
            views.engine.execute("SET memory_limit = '1GB'")
        views.refresh(["log_entries"])
        assert there(views).isdisjoint(RUNS)
        views.refresh(["job_changes"])
        assert there(views) & {*VIEWS, *ENTRIES} == {"job_changes", "log_entries", *ENTRIES} - {
            "parts.sealed_events"
        }
        assert there(views).isdisjoint(RUNS)
        writer.history("nightly", 2)
        views.refresh(["slots"])
        assert there(views) & {*VIEWS} == {"job_changes", "log_entries", "runs", "slots"}
        assert views.engine.execute("SELECT count(*) FROM runs").fetchall() == [(5,)]
        views.refresh(["no such table"])
        assert there(views) == {*EVERYTHING, "parts.clock"}


def test_of_a_damaged_ledger_nothing_is_answered_but_what_is_not_about_it(writer: Writer) -> None:
    """One byte of an entry is another: a question about any view, or about all, is refused, and a sum is one."""
    writer.history("nightly", 1)
    writer.close()
    path = writer.home.ledger / f"{0:020d}.jsonl"
    path.write_bytes(path.read_bytes().replace(b"nightly", b"brightl", 1))
    with open_sql(writer.home, query="SELECT 1 + 1") as sql:
        assert sql.execute("SELECT 1 + 1").all() == [(2,)]
        for query in ("FROM log_entries", "SHOW TABLES", "SELECT 1 + 1"):
            with pytest.raises(Corrupt):
                sql.execute(query)
    with pytest.raises(Corrupt):
        open_sql(writer.home)


@pytest.mark.parametrize("query", LISTS)
def test_whoever_may_list_tables_gets_all(query: str, engine: duckdb.DuckDBPyConnection) -> None:
    """What such a question names is everything."""
    assert named(engine, query) == EVERYTHING


def test_a_list_of_tables_is_the_same_whatever_was_asked_before(writer: Writer) -> None:
    """All views with their texts, of a connection that was opened for nothing, and of one that was opened for all."""
    writer.history("nightly", 2)
    lists = "SELECT schema_name, view_name, sql FROM duckdb_views() WHERE NOT internal ORDER BY ALL"
    with open_sql(writer.home, query="SELECT 1") as sql:
        listed = answer(sql, lists)
    with open_sql(writer.home) as sql:
        assert answer(sql, "SHOW TABLES")[1] == [(view,) for view in sorted(VIEWS)]
        assert answer(sql, lists) == listed
    assert {row[1] for row in listed[1]} >= {*VIEWS}


def test_what_the_engine_knows_to_list_tables_is_known_here(engine: duckdb.DuckDBPyConnection) -> None:
    """Its own views and its functions that stand for a query of lists: a newer engine may have more of them."""
    own = engine.execute(
        "SELECT DISTINCT schema_name, view_name FROM duckdb_views() WHERE internal"
    ).fetchall()
    macros = engine.execute(
        "SELECT DISTINCT function_name FROM duckdb_functions() WHERE function_type = 'macro' "
        "AND regexp_matches(macro_definition, '\\bFROM\\s', 'i')"
    ).fetchall()
    hidden = [
        f"WITH {view} AS (SELECT 1) FROM {view}" for schema, view in own if schema != "information_schema"
    ]
    shown = [f"SELECT {name}(1)" for (name,) in macros]
    assert len(hidden) > 20
    assert len(shown) > 2
    assert [
        query for query in [*hidden, *shown] if query not in _REFUSED and named(engine, query) != EVERYTHING
    ] == []


_REFUSED = {"WITH pg_settings AS (SELECT 1) FROM pg_settings"}
"""Not answered at all."""


_WRITTEN = (
    "{}",
    '"{}"',
    "main.{}",
    'memory."main"."{}"',
    "/* runs */ {}",
    "{} AS q",
    "{} -- of the ledger\n",
)
_AROUND = (
    "FROM {}",
    "SELECT count(*) FROM {}",
    "SELECT 'from jobs', 1 FROM {} LIMIT 1",
    "SELECT 1 WHERE EXISTS (FROM {})",
    "SELECT (SELECT count(*) FROM {}) AS runs",
    "WITH q AS (FROM {}), jobs AS (FROM q) FROM jobs",
    "SELECT 1 UNION ALL SELECT count(*) FROM {}",
    "SELECT * FROM range(3) AS r, LATERAL (SELECT count(*) FROM {})",
    "DESCRIBE FROM {}",
    "SUMMARIZE FROM {}",
    "EXPLAIN SELECT count(*) FROM {}",
    "SELECT 1; SELECT count(*) FROM {}",
)


@given(
    st.sampled_from(sorted(VIEWS)),
    st.sampled_from(_WRITTEN),
    st.sampled_from(_AROUND),
    st.lists(st.booleans(), min_size=11, max_size=11),
)
def test_a_view_is_found_however_it_is_written(
    engine: duckdb.DuckDBPyConnection, view: str, written: str, around: str, large: list[bool]
) -> None:
    """In any place, in quotes, with its schema, in any case: it is made, and no view that is only spoken of."""
    assume(not (view == "jobs" and "jobs AS" in around))  # a name that means two things
    name = "".join(letter.upper() if up else letter for letter, up in zip(view, large, strict=False))
    assert named(engine, around.format(written.format(name))) == standing_on([view])


def test_a_name_that_means_two_things_is_found_in_the_end(writer: Writer) -> None:
    """Where a part of the question takes a view's name, it is asked again with everything, about the same entries."""
    writer.history("nightly", 2)
    hidden = "SELECT (WITH runs AS (SELECT 7) SELECT count(*) FROM runs), max(run) FROM runs"
    twice = f"SELECT count(*) FROM events; {hidden}"
    with open_sql(writer.home, query=twice) as sql:
        first, second = sql.judged(twice)
        ((entries,),) = sql.answer(first).all()
        last = sql.execute("SELECT max(seq) FROM events WHERE type = 'schedule.ticked'").all()[0][0]
        writer.history("nightly", 1)
        assert sql.answer(second).all() == [(1, last)]
        assert sql.execute("SELECT count(*) > $1 FROM events", [entries]).all() == [(True,)]


def test_a_mistake_is_told_as_where_everything_is_made(writer: Writer) -> None:
    """What is near is said of all that there is, and nothing is in the way of a name."""
    writer.history("nightly", 1)
    mistakes = ("SELECT rnus(1)", "SELECT 'x'::jobs, jbo FROM runs")
    with open_sql(writer.home, query="SHOW TABLES", threads=1) as sql:
        expected = [told(sql, query) for query in mistakes]
    assert all(expected)
    found = []
    for query in mistakes:
        with open_sql(writer.home, query="SELECT 1", threads=1) as sql:
            found.append(told(sql, query))
    assert found == expected


def told(sql: Sql, query: str) -> tuple[str, str, str]:
    """What is said of a mistake."""
    with pytest.raises(QueryFailed) as failed:
        sql.execute(query)
    return failed.value.message, failed.value.hint, failed.value.place
