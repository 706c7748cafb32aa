from __future__ import annotations

import csv
import io
import json
import signal
from hashlib import sha256
from pathlib import Path

import duckdb
import pytest

from tests.support.command import await_fact, finished
from tests.support.home import LiveHome
from tests.support.random_runs import fill


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> LiveHome:
    """A home with a few hundred runs."""
    home = LiveHome(tmp_path_factory.mktemp("sql") / "home")
    fill(home, 300)
    return home


def contents(folder: Path) -> dict[str, str]:
    """Every file, byte for byte."""
    return {
        str(path.relative_to(folder)): sha256(path.read_bytes()).hexdigest()
        for path in folder.rglob("*")
        if path.is_file()
    }


def test_every_form_of_an_answer_holds_the_same(home: LiveHome) -> None:
    """Table, JSON, JSON lines and CSV are four spellings of one answer; NULL is empty, null, null, empty."""
    query = "SELECT job, count(*) AS n, NULL AS nothing, true AS yes FROM runs GROUP BY job ORDER BY job"
    documents = json.loads(home.ask("sql", query, "--json").out)
    assert [row["job"] for row in documents] == ["alpha", "beta", "gamma"]
    assert sum(row["n"] for row in documents) == 300
    assert all(row["nothing"] is None and row["yes"] is True for row in documents)
    lines = home.ask("sql", query, "--format", "jsonl").out.splitlines()
    assert [json.loads(line) for line in lines] == documents
    rows = list(csv.reader(io.StringIO(home.ask("sql", query, "--format", "csv").out)))
    assert rows[0] == ["job", "n", "nothing", "yes"]
    assert rows[1:] == [[row["job"], str(row["n"]), "", "true"] for row in documents]
    table = home.ask("sql", query).out.splitlines()
    assert table[0].split() == ["job", "n", "nothing", "yes"]
    assert [line.split() for line in table[1:]] == [
        [row["job"], str(row["n"]), "-", "true"] for row in documents
    ]


def test_no_spreadsheet_executes_a_cell_of_csv(home: LiveHome) -> None:
    """A text that begins like a formula has a quote in front, a number has none; `csv-exact` leaves all as it is."""
    texts = [
        "=1+1",
        "+cmd",
        "-2+3",
        "@SUM(A1)",
        "\t=1",
        "\r=1",
        "\n=1",
        "\uff1d1",
        "-5",
        "+33.5e1",
        "a=1",
        "",
        "'=1",
    ]
    values = ", ".join(f"({number}, {_literal(text)})" for number, text in enumerate(texts))
    query = f'SELECT t AS "=name", -n AS n FROM (VALUES {values}) v(n, t) ORDER BY v.n'
    guarded = list(
        csv.reader(io.StringIO(home.ask("sql", query, "--format", "csv").raw_out.decode(), newline=""))
    )
    assert guarded[0] == ["'=name", "n"]
    assert [row[0] for row in guarded[1:]] == [f"'{text}" for text in texts[:8]] + texts[8:]
    assert [row[1] for row in guarded[1:]] == [str(-number) for number in range(len(texts))]
    exact = home.ask("sql", query, "--format", "csv-exact").raw_out.decode()
    assert [row[0] for row in csv.reader(io.StringIO(exact, newline=""))] == ["=name", *texts]


def _literal(text: str) -> str:
    return " || ".join(f"chr({ord(character)})" for character in text) or "''"


@pytest.mark.parametrize(
    "query",
    [
        "SELECT sleep_ms(600000)",
        "SELECT count(*) FROM range(1000000) a, range(1000000) b WHERE a.range + b.range = 7",
        "WITH RECURSIVE t(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM t) SELECT count(*) FROM t",
    ],
)
def test_a_query_has_a_time_limit(home: LiveHome, query: str, tmp_path: Path) -> None:
    """Whatever it waits for or works at, it is stopped: exit code 1, a sentence, and no file."""
    answer = home.ask("sql", query, "--timeout", "1s", "--output", str(tmp_path / "answer"))
    assert (answer.code, answer.out) == (1, "")
    assert "the query took longer than its --timeout" in answer.err
    assert list(tmp_path.iterdir()) == []
    assert home.ask("sql", "SELECT 1 AS one", "--timeout", "1m").code == 0


def test_odd_values_become_valid_json(home: LiveHome) -> None:
    """NaN, huge numbers, bytes, times, intervals, nested values and columns of one name do not break it."""
    query = (
        "SELECT 'nan'::DOUBLE x, 170141183460469231731687303715884105727::HUGEINT x, 1.50::DECIMAL(9,2) d, "
        "'\\xFF'::BLOB b, TIMESTAMPTZ '2026-11-23 02:00:00+01' t, INTERVAL 90 SECOND i, DATE '2026-11-23' AS day, "
        "[1, NULL] l, {'a': [{'b': 'c'}]} s, MAP {'k': 1} m, '\u20ac\x1b' e"
    )
    (row,) = json.loads(home.ask("sql", query, "--json").out)
    assert row == {
        "x": None, "x_1": 170141183460469231731687303715884105727, "d": "1.50", "b": "ff",
        "t": "2026-11-23T01:00:00Z", "i": "0:01:30", "day": "2026-11-23", "l": [1, None],
        "s": {"a": [{"b": "c"}]}, "m": {"k": 1}, "e": "\u20ac\x1b",
    }  # fmt: skip
    table = home.ask("sql", query)
    assert b"\x1b" not in table.raw_out


def test_a_value_of_json_nests_200_levels_at_most(home: LiveHome) -> None:
    """A query can make it deeper: that is said in a sentence, and as text it is answered."""
    query = "SELECT (repeat('[', {n}) || repeat(']', {n}))::JSON{text} AS deep"
    assert json.loads(home.ask("sql", query.format(n=200, text=""), "--json").out)
    for levels in (201, 900):
        refused = home.ask("sql", query.format(n=levels, text=""), "--json")
        assert (refused.code, refused.out) == (2, "")
        assert "nests deeper than 200 levels" in refused.err
    assert (
        len(json.loads(home.ask("sql", query.format(n=900, text="::VARCHAR"), "--json").out)[0]["deep"])
        == 1_800
    )


def test_an_empty_answer(home: LiveHome) -> None:
    """No rows: nothing or an empty list on standard output, exit code 0."""
    query = "SELECT * FROM runs WHERE false"
    assert json.loads(home.ask("sql", query, "--json").out) == []
    table = home.ask("sql", query)
    assert (table.code, table.out) == (0, "")
    assert home.ask("sql", query, "--format", "jsonl").out == ""
    assert home.ask("sql", query, "--format", "csv").out.startswith("run,job,")


def test_a_query_can_come_from_standard_input(home: LiveHome) -> None:
    """`-` reads it; what is empty, no UTF-8 or too long is refused with exit code 2."""
    assert json.loads(home.run("sql", "-", "--json", stdin=b"SELECT 1 AS one").out) == [{"one": 1}]
    for stdin in (b"", b" \n", b"SELECT '\xff'", b"-- " + b"x" * 2_000_000):
        assert home.run("sql", "-", stdin=stdin).code == 2


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ("SELECT * FROM rnus", "did you mean the view runs?"),
        ("SELECT outcom FROM runs", "outcome"),
        ("", "empty"),
    ],
)
def test_a_mistake_is_answered_with_the_nearest_name(home: LiveHome, query: str, words: str) -> None:
    """Exit code 2, nothing on standard output."""
    result = home.ask("sql", query)
    assert (result.code, result.out) == (2, "")
    assert words in result.err


@pytest.mark.parametrize("query", ["SELEC 1", "SELECT CAST('x' AS INTEGER)"])
def test_a_mistake_that_we_know_no_better_is_answered_with_the_engines_words(
    home: LiveHome, query: str
) -> None:
    """Whatever they are in the version that is installed; exit code 2, nothing on standard output."""
    with duckdb.connect() as engine, pytest.raises(duckdb.Error) as caught:
        engine.execute(query).fetchall()
    words = str(caught.value).splitlines()[0].partition(": ")[2]
    result = home.ask("sql", query)
    assert (result.code, result.out) == (2, "")
    assert " ".join(words.split()) in " ".join(result.err.split())


def test_no_query_changes_a_file(home: LiveHome, tmp_path: Path) -> None:
    """Statements that write, load or look outside are refused with exit code 2, and every file is as before."""
    segment = next(home.ledger.glob("*.jsonl"))
    home.ask("sql", "FROM runs")  # makes what is disposable
    before = contents(home.root)
    outside = tmp_path / "outside"
    outside.mkdir()
    secret = outside / "secret.csv"
    secret.write_text("a\n1\n")
    expected = contents(outside)
    evil = [
        f"COPY runs TO '{segment}'",
        f"COPY (SELECT 1) TO '{outside}/x.csv'",
        f"EXPORT DATABASE '{outside}/dump'",
        f"ATTACH '{outside}/x.db' AS x",
        f"SELECT * FROM read_csv('{secret}')",
        f"SELECT * FROM '{secret}'",
        f"SELECT * FROM read_text('{segment}')",
        f"WITH t AS (COPY runs TO '{outside}/y.csv') SELECT 1",
        "CREATE TABLE t AS SELECT 1",
        "INSERT INTO runs VALUES (1)",
        "DROP VIEW runs",
        "SET enable_external_access = true",
        "PRAGMA enable_profiling",
        "INSTALL httpfs",
        "LOAD httpfs",
        f"SELECT 1; COPY (SELECT 1) TO '{outside}/z.csv'",
        f"EXPLAIN ANALYZE COPY (SELECT 1) TO '{outside}/z.csv'",
        "CALL pragma_version()",
        "SELECT getenv('HOME')",
    ]
    for query in evil:
        result = home.ask("sql", query)
        assert result.code == 2, query
        assert result.out == "", query
    assert contents(home.root) == before
    assert contents(outside) == expected
    home.check()


def test_a_damaged_ledger_is_not_answered_from(tmp_path: Path) -> None:
    """Exit code 3 and where the damage is, instead of an answer from what cannot be trusted."""
    home = LiveHome(tmp_path / "home")
    fill(home, 20)
    segment = next(home.ledger.glob("*.jsonl"))
    raw = bytearray(segment.read_bytes())
    raw[raw.index(b'{"seq":20,') + 180] ^= 1
    segment.write_bytes(raw)
    result = home.ask("sql", "SELECT count(*) FROM runs")
    assert (result.code, result.out) == (3, "")
    assert "entry 20" in result.err


def test_ctrl_c_stops_a_query(home: LiveHome) -> None:
    """A query that would take hours ends at once, with exit code 130 and no traceback."""
    process = home.start("sql", "SELECT count(*) FROM range(1000000000000) t(i) WHERE i * i % 7 = 3")
    await_fact(lambda: _processor_ticks(process.pid) > 100)  # a second of work: it is at it
    process.send_signal(signal.SIGINT)
    result = finished(process)
    assert (result.code, result.out) == (130, "")


def test_a_home_without_a_ledger_has_views_without_rows(tmp_path: Path) -> None:
    """Before anything was recorded the answer is empty, and asking creates no ledger."""
    home = LiveHome(tmp_path / "home")
    home.configure("jobs: {}\n")
    assert json.loads(home.ask("sql", "SELECT count(*) AS n FROM events", "--json").out) == [{"n": 0}]
    assert not home.ledger.exists()


@pytest.mark.parametrize(
    "question",
    [
        ("sql", "SELECT count(*) FROM runs"),
        ("sql", "--shell"),
        ("sql", "SELECT 1", "--as-of", "yesterday"),
        ("export", "runs"),
        ("export", "runs", "--job", "nightly"),
        ("projections", "status"),
        ("projections", "rebuild"),
    ],
    ids=" ".join,
)
def test_a_folder_that_is_no_home_is_not_asked(question: tuple[str, ...], tmp_path: Path) -> None:
    """A mistyped --home is refused as `jobs list` refuses it, with the same words, and nothing is created."""
    nothing = LiveHome(tmp_path / "mistyped")
    expected = nothing.run("jobs", "list")
    result = nothing.run(*question)
    assert (expected.code, result.code, result.out) == (2, 2, "")
    assert result.err == expected.err
    assert "there is no cronledger home" in result.err
    assert list(tmp_path.iterdir()) == []


def _processor_ticks(pid: int) -> int:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(") ")[2].split()
    return int(fields[11]) + int(fields[12])
