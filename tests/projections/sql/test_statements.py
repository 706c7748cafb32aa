from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from duckdb import DuckDBPyConnection

from eventstore.nesting import nests_deeper
from projections import QueryError, QueryFailed, QueryRefused, Sql, open_sql
from projections.sql.statements import SYNTAX_NESTING_MAX
from projections.views.live import LiveViews, ViewOptions
from tests.support.ledger import Writer, files_of

# {ledger} is a segment of the ledger, {parquet} a projection, {events} the folder of projections, {out} a file in it.
EVIL = [
    "COPY (SELECT 1) TO '{ledger}'",
    "COPY (SELECT 1) TO '{parquet}'",
    "COPY runs TO '{out}' (FORMAT csv)",
    "SELECT 1; COPY (SELECT 1) TO '{out}'",
    "SELECT 1 -- harmless\n; COPY (SELECT 1) TO '{out}'",
    "WITH a AS (COPY (SELECT 1) TO '{ledger}') SELECT * FROM a",
    "WITH a AS (COPY (SELECT 1) TO '{out}') SELECT * FROM a",
    "WITH b AS (SELECT 1), a AS (COPY (SELECT 1) TO '{out}' (RETURN_FILES)) SELECT * FROM a, b",
    "EXPLAIN ANALYZE COPY (SELECT 1) TO '{out}'",
    "EXPLAIN /* x */ ANALYZE COPY (SELECT 1) TO '{out}'",
    "EXPLAIN (ANALYZE) COPY (SELECT 1) TO '{out}'",
    "EXPLAIN (FORMAT json) SELECT 1",
    "EXPLAIN ANALYZE WITH a AS (COPY (SELECT 1) TO '{out}') SELECT * FROM a",
    "EXPLAIN ANALYZE CREATE TABLE t AS SELECT 1",
    "SELECT 1) TO '{out}' --",
    "EXPORT DATABASE '{events}/dump'",
    "IMPORT DATABASE '{events}'",
    "ATTACH '{events}/x.duckdb' AS x",
    "ATTACH ':memory:' AS x",
    "DETACH memory",
    "INSTALL httpfs",
    "LOAD httpfs",
    "FORCE INSTALL httpfs FROM 'https://example.invalid'",
    "SET enable_external_access = true",
    "SET temp_directory = '{events}'",
    "RESET lock_configuration",
    "SET VARIABLE x = 1",
    "PRAGMA enable_profiling = 'json'",
    "PRAGMA profiling_output = '{out}'",
    "PRAGMA database_list",
    "CREATE TABLE t AS SELECT 1",
    "CREATE OR REPLACE VIEW runs AS SELECT 1",
    "CREATE MACRO m() AS TABLE SELECT * FROM read_text('/etc/passwd')",
    "CREATE SECRET s (TYPE s3)",
    "INSERT INTO parts.recent SELECT * FROM parts.recent",
    "WITH a AS (INSERT INTO parts.recent BY NAME SELECT 1 AS seq RETURNING seq) SELECT * FROM a",
    "WITH a AS (DELETE FROM parts.recent RETURNING seq) SELECT * FROM a",
    "UPDATE parts.recent SET seq = 0",
    "DELETE FROM parts.recent",
    "TRUNCATE parts.recent",
    "DROP VIEW runs",
    "ALTER VIEW runs RENAME TO walks",
    "COMMENT ON VIEW runs IS 'x'",
    "CALL enable_logging('QueryLog', storage = 'file', storage_path = '{events}')",
    "SELECT * FROM enable_logging('QueryLog')",
    "SELECT * FROM checkpoint()",
    "CHECKPOINT",
    "VACUUM",
    "ANALYZE",
    "BEGIN TRANSACTION",
    "USE memory",
    "PREPARE p AS COPY (SELECT 1) TO '{out}'",
    "EXECUTE p",
    "PREPARE p AS SELECT 1",
    "PIVOT runs ON outcome USING count(*)",
    "UPDATE EXTENSIONS",
    "SELECT getenv('HOME')",
    "SELECT * FROM read_text('/etc/passwd')",
    "SELECT * FROM read_blob('{ledger}')",
    "SELECT * FROM read_csv('/etc/passwd')",
    "SELECT * FROM read_csv_auto('/etc/passwd')",
    "SELECT * FROM read_json('{ledger}')",
    "SELECT * FROM read_parquet('{parquet}')",
    "SELECT * FROM parquet_metadata('{parquet}')",
    "SELECT * FROM sniff_csv('/etc/passwd')",
    "SELECT * FROM glob('/**')",
    "SELECT (SELECT max(file) FROM glob('/etc/*'))",
    "FROM '/etc/passwd'",
    "FROM '{ledger}'",
    "SELECT * FROM '/etc/*.csv'",
    "SELECT * FROM query('COPY (SELECT 1) TO ''{out}''')",
    "SELECT * FROM query('SELECT * FROM read_text(''/etc/passwd'')')",
    "SELECT * FROM query_table('/etc/passwd')",
    "FROM json_execute_serialized_sql(json_serialize_sql('SELECT 1'))",
    "SELECT * FROM duckdb_secrets()",
    "SELECT * FROM \"READ_TEXT\"('/etc/passwd')",
    "SELECT write_log('x')",
    "VALUES (1); DROP SCHEMA parts CASCADE",
    "FROM '{parquet}'",
    'FROM "{parquet}"',
    "DESCRIBE '{parquet}'",
    "SUMMARIZE '{parquet}'",
    "FROM '{events}/../../ledger/00000000000000000000.jsonl'",
    "FROM x.csv",
    "FROM parts.x.parquet",
    "FROM runs, 'https://example.invalid/x.parquet'",
    "FROM (WITH \"x.csv\" AS (SELECT 1) FROM runs), 'x.csv'",
    "SELECT * FROM duckdb_settings()",
    "SELECT * FROM pg_settings",
    "SELECT * FROM pg_catalog.pg_settings",
    "SELECT current_setting('allowed_directories')",
    "SELECT system.main.current_setting('secret_directory')",
    "SHOW allowed_directories",
    "SELECT json_serialize_plan('FROM read_json(''{ledger}'')')",
    "SELECT 'HOME'.getenv()",
    "SELECT list_transform(['HOME'], lambda name: getenv(name))",
    "SELECT * FROM summary((FROM read_text('/etc/passwd')))",
    "SELECT * FROM duckdb_logs()",
    "SELECT * FROM which_secret('s3://x', 's3')",
    "WITH a AS MATERIALIZED (UPDATE parts.recent_events SET seq = 1 RETURNING *) FROM a",
    "PRAGMA add_parquet_key('k', '0123456789112345')",
    "SELECT " + "1 + " * 900 + "1",
]

NO_SQL = {"SELECT 1) TO '{out}' --", "SHOW allowed_directories"}
"""Of these, what is a mistake rather than a statement that does something else."""

READING = [
    "SELECT 1",
    "SELECT 1;",
    "SELECT 1; -- and a word about it",
    "/* first */ SELECT ';' /* a;b */ ;",
    "SELECT 'é', '-- no comment' -- é; ;\n;",
    "VALUES (1), (2)",
    "FROM runs",
    "TABLE jobs",
    "WITH RECURSIVE t(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM t WHERE n < 5) SELECT max(n) FROM t",
    "SELECT unnest([1, 2]) UNION SELECT range FROM range(3)",
    "DESCRIBE runs",
    "SHOW TABLES",
    "SUMMARIZE SELECT run FROM runs",
    "EXPLAIN SELECT * FROM runs",
    "EXPLAIN\n-- how?\nANALYZE SELECT count(*) FROM runs;",
    "SELECT * FROM (PIVOT runs ON outcome IN ('failed', 'succeeded') USING count(*))",
    "SELECT key, count(*) FROM events, json_each(data) GROUP BY key",
    "SELECT view_name FROM duckdb_views() WHERE NOT internal",
    "SELECT 1; SELECT 2",
    "WITH mine AS (SELECT 1) FROM mine",
    "FROM main.runs, memory.main.jobs LIMIT 1",
    "SELECT column_name FROM information_schema.columns WHERE table_name = 'runs'",
    "SHOW runs",
    'WITH "a name" AS (SELECT 1 AS "b.c") SELECT "b.c" FROM "a name"',
]


@pytest.fixture(scope="module")
def home_writer(tmp_path_factory: pytest.TempPathFactory) -> Writer:
    """A home with two sealed segments and an open one."""
    writer = Writer(tmp_path_factory.mktemp("evil") / "home")
    writer.define("nightly")
    writer.history("nightly", 6)
    return writer


def filled(query: str, writer: Writer) -> str:
    """The query with the paths of a home."""
    events = writer.home.projections / "events"
    return query.format(
        ledger=writer.home.ledger / "00000000000000000000.jsonl",
        parquet=events / "00000000000000000000.parquet",
        events=events,
        out=events / "out.csv",
    )


@pytest.fixture(scope="module")
def sandbox(home_writer: Writer) -> Iterator[Sql]:
    """A connection to that home."""
    with open_sql(home_writer.home, threads=1) as sql:
        yield sql


@pytest.mark.parametrize("query", EVIL)
def test_what_does_not_only_read_is_refused_and_changes_no_file(
    query: str, home_writer: Writer, sandbox: Sql
) -> None:
    """A statement that could write, load, set or look elsewhere is not executed, and every file stays as it is."""
    before = files_of(home_writer.home.root)
    with pytest.raises(QueryError) as caught:
        sandbox.execute(filled(query, home_writer)).all()
    assert files_of(home_writer.home.root) == before
    assert sandbox.execute("SELECT count(*), sum(seq) FROM events").all() == [(20, 190)]
    if query not in NO_SQL:
        assert isinstance(caught.value, QueryRefused), caught.value


@pytest.mark.parametrize("query", READING)
def test_what_reads_is_answered(query: str, sandbox: Sql) -> None:
    """Every kind of statement that reads is executed, whatever stands behind it."""
    assert sandbox.execute(query).all()


def test_no_statement_is_executed_before_all_are_judged(home_writer: Writer) -> None:
    """A refused second statement keeps the first one, which would fail, from being executed."""
    with open_sql(home_writer.home) as sql, pytest.raises(QueryRefused):
        sql.execute("SELECT error('executed'); DROP VIEW runs")


def test_even_past_the_judgement_the_ledger_is_out_of_reach(home_writer: Writer) -> None:
    """The engine itself may open nothing in the ledger's folder, nor be told to."""
    duckdb = pytest.importorskip("duckdb")
    ledger = home_writer.home.ledger / "00000000000000000000.jsonl"
    with closing(LiveViews(home_writer.home, ViewOptions())) as views:
        for query in (f"COPY (SELECT 1) TO '{ledger}'", f"FROM read_text('{ledger}')", "SET threads = 1"):
            with pytest.raises(duckdb.Error):
                views.engine.execute(query)


def test_a_link_within_an_allowed_folder_leads_nowhere(home_writer: Writer, tmp_path: Path) -> None:
    """Neither a symbolic link among the projections nor `..` leads the engine out, to read or to write."""
    duckdb = pytest.importorskip("duckdb")
    (tmp_path / "secret.csv").write_text("a\nsecret\n")
    events = home_writer.home.projections / "events"
    with open_sql(home_writer.home) as sql, closing(LiveViews(home_writer.home, ViewOptions())) as views:
        (events / "link.csv").symlink_to(tmp_path / "secret.csv")
        (events / "linked").symlink_to(tmp_path)
        for query in (
            f"FROM '{events}/link.csv'",
            f"FROM '{events}/linked/secret.csv'",
            f"FROM glob('{events}/linked/*')",
            f"FROM read_json('{events}/../../ledger/*.jsonl')",
            f"COPY (SELECT 1) TO '{events}/linked/written.csv'",
            f"COPY (SELECT 1) TO '{events}/../../ledger/written.csv'",
        ):
            with pytest.raises(duckdb.PermissionException):
                views.engine.execute(query)
            with pytest.raises(QueryRefused):
                sql.execute(query)
    assert [path.name for path in tmp_path.iterdir()] == ["secret.csv"]
    for name in ("link.csv", "linked"):
        (events / name).unlink()


def test_how_deep_a_statement_may_nest_is_one_number(home_writer: Writer) -> None:
    """What the parser prints in 600 levels is executed, one operator more is refused, from any stack."""

    def within(frames: int, query: str) -> object:
        return sql.execute(query).all() if frames == 0 else within(frames - 1, query)

    with closing(LiveViews(home_writer.home, ViewOptions())) as views:
        deepest = _deepest(views.engine)
    with open_sql(home_writer.home) as sql:
        for frames in (0, 250):
            assert within(frames, "SELECT " + "1 + " * deepest + "1") == [(deepest + 1,)]
            for more in (1, 100, 700):
                with pytest.raises(QueryRefused, match="more than 600 levels"):
                    within(frames, "SELECT " + "1 + " * (deepest + more) + "1")


def _deepest(engine: DuckDBPyConnection) -> int:
    """How many additions the parser prints in at most 600 levels; counted in its own words."""
    for additions in range(150, 250):
        query = "SELECT " + "1 + " * (additions + 1) + "1"
        printed = engine.execute("SELECT json_serialize_sql($1::VARCHAR)", [query]).fetchone()
        assert printed
        if nests_deeper(printed[0].encode(), SYNTAX_NESTING_MAX):
            return additions
    raise AssertionError("the parser prints what it prints in fewer levels")


def test_a_name_within_a_type_stays_a_name(home_writer: Writer) -> None:
    """Whatever a member of a structure is called, it is neither executed nor changed."""
    evil = """{'t': now(), 'TIMESTAMP WITH TIME ZONE': 1, 'a" VARCHAR)) FROM x; DROP VIEW runs; --': 2}"""
    with open_sql(home_writer.home) as sql:
        (row,) = sql.execute(f"SELECT {evil} AS evil").all()
        assert list(row[0].values())[1:] == [1, 2]
        assert list(row[0])[1:] == ["TIMESTAMP WITH TIME ZONE", 'a" VARCHAR)) FROM x; DROP VIEW runs; --']
        assert sql.execute("SELECT count(*) FROM runs").all() == [(6,)]


def test_an_empty_query_and_a_syntax_error_are_mistakes(home_writer: Writer) -> None:
    """What is no statement fails with the place of the mistake."""
    with open_sql(home_writer.home) as sql:
        for query in ("", "  -- nothing", ";", "SELECT '\ud800'"):
            with pytest.raises(QueryFailed):
                sql.execute(query)
        with pytest.raises(QueryFailed) as caught:
            sql.execute("SELEKT 1")
    assert caught.value.place == "LINE 1: SELEKT 1\n        ^"


def test_python_variables_are_no_tables(home_writer: Writer) -> None:
    """A name that is a variable of the calling program is not a table."""
    runes = [1, 2]
    with open_sql(home_writer.home) as sql, pytest.raises(QueryFailed) as caught:
        sql.execute("SELECT * FROM runes")
    assert "runs" in caught.value.hint
    assert runes == [1, 2]


def test_the_starter_is_a_home_without_a_ledger(tmp_path: Path) -> None:
    """A home in which nothing has happened yet has views without rows, and nothing is created in it."""
    from scheduler.home import Home

    with open_sql(Home(tmp_path)) as sql:
        for view in ("events", "runs", "jobs"):
            assert sql.execute(f"SELECT * FROM {view}").all() == []
    assert list(tmp_path.iterdir()) == []
