from __future__ import annotations

import json
import signal
import stat
import time
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import click
import duckdb
import pytest

from cli.sql.parameters import value_of
from tests.support.command import await_fact, finished
from tests.support.home import LiveHome
from tests.support.random_runs import fill


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> LiveHome:
    """A home with a hundred runs."""
    home = LiveHome(tmp_path_factory.mktemp("answers") / "home")
    fill(home, 100)
    return home


ODD = (
    "SELECT 1::BIGINT AS n, 'a|b' AS s, NULL AS nothing, 1.50::DECIMAL(9,2) AS d, 'inf'::DOUBLE AS f, "
    "'\\xFF\\x00'::BLOB AS b, TIMESTAMPTZ '2026-11-23 02:00:00.25+01' AS t, INTERVAL 90 SECOND AS i, "
    "DATE '2026-11-23' AS day, [1, NULL] AS l, {'a': [{'b': 'c'}]} AS st, MAP {'k': 1} AS m, "
    "'{\"x\": [1]}'::JSON AS j, 'null'::JSON AS jn, 70141183460469231731687303715884105727::HUGEINT AS h, "
    "true AS yes, 'x'::ENUM('x', 'y') AS e, TIMESTAMP '2026-01-01' AS naive, uuid_v AS u, 2 AS \"N\" "
    "FROM (SELECT '00000000-0000-0000-0000-000000000001'::UUID AS uuid_v)"
)


def test_parquet_keeps_types_and_values(home: LiveHome, tmp_path: Path) -> None:
    """Every type comes back as it was: numbers, bytes, times, intervals, nested values, JSON; names stay unique."""
    target = tmp_path / "odd.parquet"
    assert home.ask("sql", ODD, "--format", "parquet", "--output", str(target)).code == 0
    assert stat.S_IMODE(target.stat().st_mode) == 0o600
    with duckdb.connect() as engine:
        engine.execute("SET TimeZone = 'UTC'")
        columns = engine.execute(f"DESCRIBE FROM '{target}'").fetchall()
        found = engine.execute(f"SELECT COLUMNS(*)::VARCHAR FROM '{target}'").fetchall()
        expected = engine.execute(f"SELECT COLUMNS(*)::VARCHAR FROM ({ODD})").fetchall()
    kinds = {row[0]: row[1] for row in columns}
    assert found == expected
    assert kinds["n"] == "BIGINT"
    assert kinds["t"] == "TIMESTAMP WITH TIME ZONE"
    assert kinds["h"] == "DECIMAL(38,0)"
    assert kinds["d"] == "DECIMAL(9,2)"
    assert kinds["b"] == "BLOB"
    assert kinds["j"] == "JSON"
    assert kinds["st"] == "STRUCT(a STRUCT(b VARCHAR)[])"
    assert "N_1" in kinds


def test_parquet_goes_through_a_pipe(home: LiveHome, tmp_path: Path) -> None:
    """Without --output the file is standard output."""
    result = home.ask("sql", "SELECT 42 AS n", "--format", "parquet")
    target = tmp_path / "piped.parquet"
    target.write_bytes(result.raw_out)
    with duckdb.connect() as engine:
        assert engine.execute(f"FROM '{target}'").fetchall() == [(42,)]


def test_markdown(home: LiveHome) -> None:
    """A Markdown table: numbers to the right, what would end a cell escaped, a line end a `<br>`."""
    query = "SELECT 1 AS n, 'a|b\\c' AS s, 'x' || chr(10) || 'y' AS t, NULL AS nothing"
    assert home.ask("sql", query, "--format", "markdown").out.splitlines() == [
        "| n | s | t | nothing |",
        "| ---: | --- | --- | --- |",
        "| 1 | a\\|b\\\\c | x<br>y |  |",
    ]


def test_json_of_json_is_what_it_says(home: LiveHome) -> None:
    """A payload is an object within the answer and no text with an object in it."""
    query = "SELECT data, data->>'$.format' AS f FROM events WHERE seq = 0"
    (row,) = json.loads(home.ask("sql", query, "--json").out)
    assert (row["data"]["format"], row["f"]) == (1, "1")


@pytest.mark.parametrize("form", ["table", "vertical", "csv", "json", "jsonl", "markdown"])
def test_a_file_holds_what_standard_output_would(home: LiveHome, tmp_path: Path, form: str) -> None:
    """--output writes the same bytes, for the owner's eyes only, and prints nothing."""
    query = "SELECT job, count(*) AS n FROM runs GROUP BY job ORDER BY job"
    target = tmp_path / "answer"
    result = home.ask("sql", query, "--format", form, "--output", str(target))
    assert (result.code, result.out, result.err) == (0, "", "")
    assert target.read_bytes() == home.ask("sql", query, "--format", form).raw_out
    assert stat.S_IMODE(target.stat().st_mode) == 0o600
    assert list(tmp_path.iterdir()) == [target]


def test_records_show_each_column_on_a_line(home: LiveHome) -> None:
    """`--format vertical`: the number of the row, then names and values; further lines of a value stand below it."""
    query = "SELECT 1 AS n, 'x' || chr(10) || 'y' || chr(27) AS text, NULL AS nothing FROM range(2)"
    record = ["n:        1", "text:     x", "          y\\x1b", "nothing:  -"]
    assert home.ask("sql", query, "--format", "vertical").out.splitlines() == [
        "-- row 1", *record, "", "-- row 2", *record
    ]  # fmt: skip


@pytest.mark.parametrize("form", ["table", "vertical", "markdown"])
def test_several_statements_are_answered_in_turn(home: LiveHome, tmp_path: Path, form: str) -> None:
    """Each answer stands where its statement does, with an empty line between them; in a file too."""
    one, other = "SELECT 1 AS one", "SELECT 'b' AS two"
    expected = "\n".join(home.ask("sql", query, "--format", form).out for query in (one, other))
    assert home.ask("sql", f"{one};\n{other};", "--format", form).out == expected
    target = tmp_path / "answers"
    assert home.ask("sql", f"{one};{other}", "--format", form, "-o", str(target)).code == 0
    assert target.read_text() == expected


@pytest.mark.parametrize("form", ["csv", "json", "jsonl", "parquet"])
def test_what_holds_one_answer_is_given_one(home: LiveHome, tmp_path: Path, form: str) -> None:
    """For a program several statements are refused with exit code 2, without a byte of output or a file."""
    target = tmp_path / "answer"
    for destination in ([], ["--output", str(target)]):
        result = home.ask("sql", "SELECT 1; SELECT 2", "--format", form, *destination)
        assert (result.code, result.raw_out, target.exists()) == (2, b"", False)
        assert "these are 2 statements" in result.err


def test_nothing_is_answered_before_all_is_judged(home: LiveHome) -> None:
    """A last statement that does not only read keeps the first from being answered."""
    result = home.ask("sql", "SELECT 1; DROP VIEW runs")
    assert (result.code, result.out) == (2, "")


def test_nothing_is_replaced_unless_asked(home: LiveHome, tmp_path: Path) -> None:
    """A file that is there stays, but for --force; a link is followed, a folder or a device never replaced."""
    target = tmp_path / "answer"
    target.write_text("precious")
    refused = home.ask("sql", "SELECT 1", "-o", str(target))
    assert (refused.code, target.read_text()) == (2, "precious")
    assert "--force" in refused.err
    link = tmp_path / "link"
    link.symlink_to(target)
    assert home.ask("sql", "SELECT 1 AS n", "--format", "csv", "-o", str(link), "--force").code == 0
    assert (target.read_text(), link.is_symlink()) == ("n\n1\n", True)
    for place in (tmp_path, Path("/dev/null"), tmp_path / "missing" / "answer"):
        assert home.ask("sql", "SELECT 1", "-o", str(place), "--force").code == 2


def test_no_answer_is_written_over_the_ledger(home: LiveHome, tmp_path: Path) -> None:
    """Whatever it is called, and --force or not: a path inside var/ is refused, and the ledger is as it was."""
    segment = next(home.ledger.glob("*.jsonl"))
    before = segment.read_bytes()
    (tmp_path / "way").symlink_to(home.ledger)
    for place in (segment, home.ledger / "new.csv", tmp_path / "way" / segment.name, home.root / "var" / "x"):
        result = home.ask("sql", "SELECT 1", "--output", str(place), "--force")
        assert result.code == 2
        assert "where cronledger keeps the ledger" in result.err
    assert segment.read_bytes() == before
    home.check()


def test_a_query_that_fails_leaves_no_file(home: LiveHome, tmp_path: Path) -> None:
    """Neither the file nor a part of it is there when the query breaks in the middle."""
    query = "SELECT CASE WHEN i < 50000 THEN i ELSE error('broken') END FROM range(100000) t(i)"
    assert home.ask("sql", query, "--format", "csv", "-o", str(tmp_path / "answer")).code == 2
    assert list(tmp_path.iterdir()) == []


def test_a_query_can_come_from_a_file_or_a_pipe(home: LiveHome, tmp_path: Path) -> None:
    """`-f FILE`, a byte order mark or not, and standard input without `-`."""
    source = tmp_path / "query.sql"
    source.write_bytes(b"\xef\xbb\xbf-- how many\nSELECT 1 AS one;\n")
    assert json.loads(home.ask("sql", "-f", str(source), "--json").out) == [{"one": 1}]
    assert json.loads(home.run("sql", "--json", stdin=b"SELECT 1 AS one").out) == [{"one": 1}]
    assert home.ask("sql", "-f", str(tmp_path / "none.sql")).code == 2
    assert home.ask("sql", "SELECT 1", "-f", str(source)).code == 2
    assert home.run("sql").code == 2


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("42", 42), ("-7", -7), ("1.50", Decimal("1.50")), ("true", True), ("NULL", None), ("nightly", "nightly"),
        ("007", "007"), ("'42'", "42"), ("'it''s'", "it's"), ("2026-11-23", date(2026, 11, 23)), ("", ""),
        ("2026-11-23T18:00:00+01:00", datetime(2026, 11, 23, 17, tzinfo=UTC)),
        ("2026-11-23 18:00", datetime(2026, 11, 23, 18, tzinfo=UTC)),
    ],
)  # fmt: skip
def test_parameters_have_the_type_that_they_look_like(text: str, value: object) -> None:
    """Numbers, truth values, dates and times are what they look like; the rest, and what is quoted, is text."""
    assert value_of(text) == value
    assert type(value_of(text)) is type(value)


def test_no_time_that_there_is_not() -> None:
    """What looks like a date and is none is refused rather than taken for text."""
    with pytest.raises(click.BadParameter, match="no time"):
        value_of("2026-02-30")


def test_parameters_are_values_and_never_sql(home: LiveHome) -> None:
    """They compare with columns of their type; quotes and statements in them are text."""
    query = "SELECT count(*) AS n FROM runs WHERE job = $job AND owed_at >= $since AND run > $run"
    given = ["--param", "job=alpha", "--param", "since=2026-03-01", "--param", "run=0"]
    (row,) = json.loads(home.ask("sql", query, *given, "--json").out)
    assert row["n"] > 0
    evil = "x'; DROP VIEW runs; --"
    assert json.loads(home.ask("sql", "SELECT $a AS a", "--param", f"a={evil}", "--json").out) == [
        {"a": evil}
    ]


@pytest.mark.parametrize(
    ("query", "given", "words"),
    [
        ("SELECT $job", ["jbo=x"], "did you mean $job?"),
        ("SELECT $job", [], "--param job=VALUE"),
        ("SELECT $a", ["a=1", "a=2"], "given twice"),
        ("SELECT 1", ["a"], "NAME=VALUE"),
        ("SELECT $a; SELECT $a", ["a=1"], "one statement"),
        ("SELECT ?", ["a=1"], "without a name"),
    ],
)
def test_bad_parameters(home: LiveHome, query: str, given: list[str], words: str) -> None:
    """Each is said with what to do: exit code 2."""
    result = home.ask("sql", query, *(word for one in given for word in ("--param", one)))
    assert (result.code, result.out) == (2, "")
    assert words in result.err


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["SELECT 1", "--format", "jsnl"], "did you mean jsonl?"),
        (["SELECT 1", "--memory-limit", "lots"], "write 512MB or 2GB"),
        (["SELECT 1", "--force"], "--output"),
        (["--shell", "SELECT 1"], "--shell goes without a query"),
    ],
)
def test_bad_options(home: LiveHome, arguments: list[str], words: str) -> None:
    """Each is said with what was meant: exit code 2."""
    result = home.ask("sql", *arguments)
    assert (result.code, result.out) == (2, "")
    assert words in result.err


def test_a_mistake_is_shown_with_its_place(home: LiveHome) -> None:
    """The line of the query and a caret under the name that is wrong, and the nearest that exists."""
    result = home.ask("sql", "SELECT 1,\n\n   outcom FROM runs")
    lines = result.err.splitlines()
    place = next(number for number, line in enumerate(lines) if "LINE 3:" in line)
    assert lines[place + 1].index("^") == lines[place].index("outcom")
    assert "did you mean the column outcome of" in result.err
    result = home.ask("sql", "SELECT *\nFROM rnus")
    lines = result.err.splitlines()
    place = next(number for number, line in enumerate(lines) if "LINE 2:" in line)
    assert lines[place + 1].index("^") == lines[place].index("rnus")
    assert "did you mean the view runs?" in result.err


def test_a_query_has_a_memory_limit(home: LiveHome) -> None:
    """A query that needs more than it may take fails with exit code 2, and says what it is about."""
    query = "SELECT list(i) AS l FROM range(50000000) t(i)"
    result = home.ask("sql", query, "--memory-limit", "64MB")
    assert (result.code, result.out) == (2, "")
    assert "needs more memory than it may take" in result.err
    assert "--memory-limit" in result.err
    assert "SET " not in result.err


def test_ctrl_c_is_heard_at_once(home: LiveHome, tmp_path: Path) -> None:
    """A query at work on every core ends within seconds of a Ctrl-C, without a file."""
    query = "SELECT count(*) FROM range(1000000000000) t(i) WHERE i * i % 7 = 3"
    process = home.start("sql", query, "--format", "csv", "--output", str(tmp_path / "answer"))
    await_fact(lambda: _processor_ticks(process.pid) > 100)
    asked_s = time.monotonic()
    process.send_signal(signal.SIGINT)
    assert finished(process).code == 130
    assert time.monotonic() - asked_s < 60
    assert list(tmp_path.iterdir()) == []


def test_the_past_is_answered_as_it_was(home: LiveHome) -> None:
    """`--as-of` an entry answers from the entries up to it; what is no time is refused with exit code 2."""
    query = "SELECT max(seq) AS last, count(*) AS n FROM events"
    result = home.ask("sql", query, "--as-of", "20", "--json")
    assert json.loads(result.out) == [{"last": 20, "n": 21}]
    assert "after entry 20" in result.err
    assert home.ask("sql", query, "--as-of", "whenever").code == 2
    assert home.ask("sql", query, "--as-of", "99999999").code == 2


def test_the_doors_open(home: LiveHome) -> None:
    """`--shell` names a file that any DuckDB opens, with the very answers of `sql`, and makes it if need be."""
    path = home.root / "var" / "projections" / "cronledger.duckdb"
    path.unlink(missing_ok=True)
    shown = home.ask("sql", "--shell").out
    assert f"duckdb -readonly {path}" in shown
    assert f"jdbc:duckdb:{path}" in shown
    code = next(line.strip() for line in shown.splitlines() if "duckdb.connect(" in line)
    names: dict[str, duckdb.DuckDBPyConnection] = {}
    exec(f"import duckdb\n{code}", names)
    query = "SELECT job, count(*) AS n FROM runs GROUP BY job ORDER BY job"
    found = names["ledger"].execute(query).fetchall()
    names["ledger"].close()
    assert [{"job": job, "n": n} for job, n in found] == json.loads(home.ask("sql", query, "--json").out)


def test_the_doors_need_a_ledger(tmp_path: Path) -> None:
    """Where nothing was recorded there is nothing to open: exit code 1, and nothing is created."""
    empty = LiveHome(tmp_path / "home")
    empty.configure("jobs: {}\n")
    assert empty.ask("sql", "--shell").code == 1
    assert not (empty.root / "var" / "ledger").exists()


def test_every_view_answers_with_another_tool_while_a_scheduler_runs(tmp_path: Path) -> None:
    """`cronledger.duckdb` is there without anyone having asked, and its views answer as those of `sql` do."""
    home = LiveHome(tmp_path / "home")
    home.configure("jobs:\n  tick:\n    every: 1s\n    command: echo hello\n")
    path = home.root / "var" / "projections" / "cronledger.duckdb"
    with home.served():
        await_fact(path.exists)
        home.await_entry("run.finished")
        with duckdb.connect(str(path), read_only=True) as engine:
            for view in _views():
                engine.execute(f"SELECT count(*) FROM {view}").fetchall()
            seq = home.entries()[-1].seq
            query = f"SELECT hash FROM events WHERE seq <= {seq} ORDER BY seq"
            assert [row[0] for row in engine.execute(query).fetchall()] == [
                entry.hash for entry in home.entries() if entry.seq <= seq
            ]
            query = "SELECT run, outcome FROM runs WHERE status = 'finished' ORDER BY run LIMIT 1"
            (row,) = json.loads(home.ask("sql", query, "--json").out)
            assert engine.execute(query).fetchall() == [(row["run"], row["outcome"])]


def _views() -> list[str]:
    from projections import VIEWS

    return list(VIEWS)


def _processor_ticks(pid: int) -> int:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(") ")[2].split()
    return int(fields[11]) + int(fields[12])
