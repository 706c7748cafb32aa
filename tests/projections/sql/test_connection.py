from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from threading import Event, Thread

import duckdb
import pytest

from projections import QueryFailed, QueryRefused, open_sql
from projections.sql.connection import Sql
from tests.support.command import DEADLINE_S
from tests.support.ledger import START, Writer, column


@pytest.fixture(scope="module")
def opened(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sql]:
    """An open connection of many questions, to a ledger in which nothing has happened."""
    writer = Writer(tmp_path_factory.mktemp("opened") / "home")
    with open_sql(writer.home) as sql:
        yield sql
        assert sql.execute("SELECT count(*) FROM events").all() == [(1,)]
    writer.close()


def test_times_are_aware_utc_datetimes(writer: Writer) -> None:
    """A time comes back as an aware datetime in UTC, in whatever it is nested, without a library for zones."""
    writer.define("nightly")
    with open_sql(writer.home) as sql:
        answer = sql.execute(
            "SELECT max(time) AS t, list(time) AS l, {'t': max(time)} AS s, max(time)::DATE, max(time) AS t "
            "FROM events"
        )
        last = START.replace(second=1)
        assert [name for name, _ in answer.columns][:3] == ["t", "l", "s"]
        assert answer.columns[0][1] == "TIMESTAMP WITH TIME ZONE"
        row = answer.all()[0]
    assert row[0] == last
    assert row[0].tzinfo is UTC
    assert [item.tzinfo for item in row[1]] == [UTC, UTC]
    assert row[2] == {"t": last}
    assert row[4] == last


def test_other_values_come_back_as_python_has_them(opened: Sql) -> None:
    """Numbers, text, NULL and decimals are Python's own."""
    row = opened.execute(
        "SELECT 1, 2.50, 'ü', NULL, true, 1e3::DOUBLE, TIMESTAMP '2026-01-01 00:00:00'"
    ).all()[0]
    assert row == (1, Decimal("2.50"), "ü", None, True, 1000.0, datetime(2026, 1, 1))  # noqa: DTZ001


def test_the_session_is_in_utc(opened: Sql) -> None:
    """A time without a zone is read as UTC, and text of a time is in UTC, wherever the machine is."""
    assert opened.execute("SELECT '2026-01-01 12:00'::TIMESTAMPTZ::VARCHAR").all() == [
        ("2026-01-01 12:00:00+00",)
    ]


def test_parameters_are_values(writer: Writer) -> None:
    """Parameters by position and by name are values and never SQL."""
    writer.define("nightly")
    with open_sql(writer.home) as sql:
        assert sql.execute("SELECT count(*) FROM jobs WHERE name = ?", ["nightly"]).all() == [(1,)]
        assert sql.execute("SELECT count(*) FROM jobs WHERE name = $n", {"n": "x' OR true"}).all() == [(0,)]
        with pytest.raises(QueryFailed):
            sql.execute("SELECT ?")


def test_order_and_number_of_rows_are_kept(opened: Sql) -> None:
    """A large ordered answer comes back in its order."""
    rows = column(opened.execute("SELECT range FROM range(50000) ORDER BY range DESC").all())
    assert rows == list(range(49_999, -1, -1))


@pytest.mark.parametrize(
    ("query", "hint"),
    [
        ("SELECT * FROM run", "runs"),
        ("SELECT * FROM bananas", "events, runs, attempts, jobs"),
        ("SELECT outcomes FROM runs", "outcome"),
        ("SELECT r.duration FROM runs r", "duration_ms"),
        ("SELECT * FROM runs WHERE job = nightly", "a text is written in single quotes: 'nightly'"),
        ('SELECT * FROM runs WHERE job = "nightly"', "a text is written in single quotes: 'nightly'"),
        (
            "SELECT * FROM runs WHERE outcome IN ('lost', failed)",
            "a text is written in single quotes: 'failed'",
        ),
        ("SELECT * FROM runs WHERE started > finshed", "or did you mean the column finished?"),
        ("SELECT zzz FROM (SELECT exit_code FROM runs)", "among the columns here is exit_code"),
        ("SELECT tabel_name FROM duckdb_columns()", "did you mean the column table_name?"),
    ],
)
def test_a_mistyped_name_gets_a_hint(query: str, hint: str, opened: Sql) -> None:
    """A table or column that is none is answered with the nearest one that is."""
    with pytest.raises(QueryFailed) as caught:
        opened.execute(query).all()
    assert hint in caught.value.hint


def test_a_time_in_a_variant_is_shown_or_said_how(opened: Sql) -> None:
    """A time inside a VARIANT is the time that it is; an engine that cannot hand it over is answered with a hint."""
    try:
        said = opened.execute("SELECT '2026-01-01 12:00+00'::TIMESTAMPTZ::VARIANT").all()[0][0]
    except QueryFailed as error:
        said = error.hint
    assert said in (
        datetime(2026, 1, 1, 12, tzinfo=UTC),
        "a time inside a VARIANT cannot be shown: cast it to VARCHAR",
    )
    cast = opened.execute("SELECT '2026-01-01 12:00+00'::TIMESTAMPTZ::VARIANT::VARCHAR").all()
    assert cast == [("2026-01-01 12:00:00+00",)]


def test_columns_of_views_are_not_suggested_for_what_is_no_view(opened: Sql) -> None:
    """Of a function's table, only what it has is named."""
    with pytest.raises(QueryFailed) as caught:
        opened.execute("SELECT nam FROM duckdb_columns()")
    assert "of jobs" not in caught.value.hint
    assert caught.value.hint.startswith("among the columns here are ")


@pytest.mark.parametrize(
    ("query", "place"),
    [
        ("SELECT *\nFROM rnus", "LINE 2: FROM rnus\n             ^"),
        ("SELECT jbo FROM runs", "LINE 1: SELECT jbo FROM runs\n               ^"),
        ("SELECT 1;\nSELECT nothing(1)", "LINE 2: SELECT nothing(1)\n               ^"),
        ("\n\nSELECT 1;\n\nSELECT nothing(1)", "LINE 5: SELECT nothing(1)\n               ^"),
        ("SELECT 1; SELECT 1;\nSELECT 1;\nSELECT jbo FROM runs;", "LINE 3: SELECT jbo FROM runs"),
        ("SELECT 1;\nEXPLAIN\nSELECT jbo FROM runs", "LINE 3: SELECT jbo FROM runs\n               ^"),
        ("SELECT job FROM runs GRUOP BY job", "LINE 1: SELECT job FROM runs GRUOP BY job\n"),
    ],
)
def test_a_mistake_is_pointed_at(query: str, place: str, opened: Sql) -> None:
    """The line, counted from the first of all statements, and the caret are where the author wrote the mistake."""
    with pytest.raises(QueryFailed) as caught:
        opened.execute(query).all()
    assert caught.value.place.startswith(place)
    assert caught.value.message.endswith(caught.value.place)


def test_a_query_can_be_stopped(opened: Sql) -> None:
    """`interrupt`, from another thread, ends a query that would take long; the connection goes on."""
    stopped = Event()

    def stop() -> None:
        # In vain before the query has begun: it is tried until it was not.
        while not stopped.wait(0.01):
            opened.interrupt()

    stopping = Thread(target=stop)
    stopping.start()
    with pytest.raises(QueryFailed, match="interrupted"):
        opened.execute("SELECT sum(a.range * b.range) FROM range(10_000_000) a, range(1_000_000) b").all()
    stopped.set()
    stopping.join()
    assert opened.execute("SELECT 1").all() == [(1,)]


def test_a_long_answer_is_handed_over_in_batches(opened: Sql) -> None:
    """`batches` yields every row once, a thousand at a time."""
    sizes = [len(batch) for batch in opened.batches("SELECT * FROM range(2_500)")]
    assert sizes == [1_000, 1_000, 500]


def test_only_the_named_file_is_written(writer: Writer, tmp_path: Path) -> None:
    """`write_parquet` writes the file that was named at first, and a query still writes none."""
    writer.history("nightly", 3)
    target = tmp_path / "it's.parquet"
    quoted = str(target).replace("'", "''")
    with open_sql(writer.home, output=target) as sql:
        assert sql.write_parquet("SELECT * FROM events WHERE seq < $n;", {"n": 7}) == 7
        for query in (f"COPY events TO '{quoted}'", "SELECT 1; SELECT 2", "EXPLAIN SELECT 1"):
            with pytest.raises((QueryRefused, QueryFailed)):
                sql.write_parquet(query)
        with pytest.raises(QueryRefused):
            sql.execute(f"COPY events TO '{quoted}'")
    with duckdb.connect() as engine:
        assert engine.execute(f"SELECT max(seq) FROM '{quoted}'").fetchall() == [(6,)]


def test_a_query_that_needs_too_much_memory_fails_as_a_query(writer: Writer) -> None:
    """A query that exceeds the memory limit is a failed query; the connection goes on."""
    with open_sql(writer.home, memory_limit="200MB", threads=1) as sql:
        with pytest.raises(QueryFailed):
            sql.execute("SELECT list(range) FROM range(100_000_000)").all()
        assert sql.execute("SELECT 1").all() == [(1,)]


def test_an_appended_entry_is_visible_at_once(writer: Writer) -> None:
    """What was appended before a query is in its answer, across the end of a segment too."""
    with open_sql(writer.home) as sql:
        for number in range(10):
            writer.define(f"job-{number}")
            assert sql.execute("SELECT max(seq) FROM events").all() == [(number + 1,)]
            assert sql.execute("SELECT count(*) FROM jobs").all() == [(number + 1,)]


def test_a_torn_last_line_is_not_there(writer: Writer) -> None:
    """Whatever part of a line stands at the end, it neither fails nor shows, and the line does once it is whole."""
    writer.define("nightly")
    path = writer.home.ledger / "00000000000000000000.jsonl"
    whole = path.read_bytes()
    last = whole.rstrip(b"\n").rfind(b"\n") + 1
    (writer.home.ledger / "HEAD").unlink()
    for end in (last + 1, last + 40, len(whole) - 70, len(whole) - 2, len(whole) - 1):
        path.write_bytes(whole[:end])
        with open_sql(writer.home) as sql:
            assert sql.execute("SELECT seq, type FROM events").all() == [(0, "ledger.created")]
            path.write_bytes(whole)
            assert sql.execute("SELECT count(*), count(seq) FROM events").all() == [(2, 2)]


_WRITER = """
import sys
from pathlib import Path
from tests.support.ledger import Writer
writer = Writer(Path(sys.argv[1]), segment_entries=64)
print("ready", flush=True)
for number in range(int(sys.argv[2])):
    writer.history(f"job-{number % 3}", 1)
writer.close()
"""

_READER = """
import sys
from pathlib import Path
from projections import open_sql
from scheduler.home import Home
seen = 0
with open_sql(Home(Path(sys.argv[1])), threads=1) as sql:
    while seen < int(sys.argv[2]):
        count, top, distinct, nulls = sql.execute(
            "SELECT count(*), max(seq), count(DISTINCT hash), count(*) FILTER (seq IS NULL) FROM events").all()[0]
        assert count == top + 1 == distinct and nulls == 0 and count >= seen, (count, top, distinct, nulls, seen)
        finished, running = sql.execute(
            "SELECT count(*) FILTER (status = 'finished'), count(*) FILTER (status <> 'finished') FROM runs").all()[0]
        assert running <= 1 and finished <= int(sys.argv[2]) // 3, (finished, running)
        seen = count
print("saw", seen)
"""


@pytest.mark.real
def test_readers_and_a_writer_at_once(tmp_path: Path) -> None:
    """While a process writes across segments, every answer of every reader is a prefix of the ledger, and grows."""
    home, histories = tmp_path / "home", 150
    writer = subprocess.Popen(
        [sys.executable, "-c", _WRITER, str(home), str(histories)], stdout=subprocess.PIPE, text=True
    )
    assert writer.stdout is not None
    assert writer.stdout.readline() == "ready\n"
    entries = 3 * histories + 1
    readers = [
        subprocess.Popen(
            [sys.executable, "-c", _READER, str(home), str(entries)], stdout=subprocess.PIPE, text=True
        )
        for _ in range(3)
    ]
    outputs = [reader.communicate(timeout=DEADLINE_S)[0] for reader in readers]
    writer.communicate(timeout=DEADLINE_S)
    assert writer.returncode == 0
    assert outputs == [f"saw {entries}\n"] * 3


def test_importing_the_room_does_not_import_duckdb() -> None:
    """DuckDB, which takes a tenth of a second, is imported when the first connection is opened."""
    program = "import projections, sys; sys.exit('duckdb' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0


def test_a_closed_connection_can_be_closed_again(writer: Writer) -> None:
    """Closing twice does nothing."""
    sql = open_sql(writer.home)
    sql.close()
    sql.close()
