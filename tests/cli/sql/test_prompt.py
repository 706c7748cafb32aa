from __future__ import annotations

import os
import re
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pexpect
import pytest
from prompt_toolkit.completion import CompleteEvent
from prompt_toolkit.document import Document

from cli.sql.completion import SqlCompleter, is_complete
from eventstore.journal import Journal
from scheduler import vocabulary as v
from tests.support.command import COMMAND, DEADLINE_S, await_fact
from tests.support.home import LiveHome
from tests.support.random_runs import fill

CTRL_C, CTRL_D, UP, TAB = "\x03", "\x04", "\x1b[A", "\t"


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> LiveHome:
    """A home with fifty runs."""
    home = LiveHome(tmp_path_factory.mktemp("prompt") / "home")
    fill(home, 50)
    return home


@contextmanager
def prompted(home: LiveHome, *arguments: str) -> Iterator[pexpect.spawn[str]]:
    """A person at the prompt, in a terminal of 120 columns."""
    env = {name: value for name, value in os.environ.items() if not name.startswith("CRONLEDGER")}
    person: pexpect.spawn[str] = pexpect.spawn(
        COMMAND,
        ["--home", str(home.root), "sql", *arguments],
        env={**env, "TERM": "xterm", "NO_COLOR": "1", "PROMPT_TOOLKIT_NO_CPR": "1"},
        dimensions=(40, 120), encoding="utf-8", timeout=DEADLINE_S, use_poll=True,
    )  # fmt: skip
    try:
        person.expect("sql>")
        yield person
    finally:
        person.close(force=True)


def processor_ticks(pid: int | None) -> int:
    """How long a process has worked, in hundredths of a second."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(") ")[2].split()
    return int(fields[11]) + int(fields[12])


def leave(person: pexpect.spawn[str]) -> int | None:
    """Ctrl-D until it is heard: one that comes while an answer is printed goes nowhere; how the command left."""
    for _ in range(30):
        person.send(CTRL_D)
        if person.expect([pexpect.EOF, pexpect.TIMEOUT], timeout=2) == 0:
            break
    person.wait()
    return person.exitstatus


def test_a_statement_of_several_lines_is_answered(home: LiveHome) -> None:
    """Enter goes on until a semicolon; the answer is a table; Ctrl-D leaves with 0."""
    with prompted(home) as person:
        person.send("SELECT count(*) AS entries,\r")
        person.expect(r"\.\.\.>")
        person.send("40 + 2 AS answer FROM runs;\r")
        person.expect(r"entries\s+answer\s+50\s+42")
        person.expect("1 row in")
        assert leave(person) == 0


def test_wide_rows_are_shown_as_records(home: LiveHome) -> None:
    """Rows for which the terminal is too narrow are records, of many the first twenty; narrow ones are a table."""
    with prompted(home) as person:
        person.send("SELECT * FROM runs ORDER BY run LIMIT 2;\r")
        person.expect(r"-- row 1\s+run: +[0-9]+\s+job: ")
        person.expect(r"-- row 2\s+run: ")
        person.expect("2 rows in")
        person.send("SELECT job, repeat('long ', 80) AS text FROM runs LIMIT 1;\r")
        person.expect(r"job\s+text\s+\w+\s+long long")
        person.expect("1 row in")
        person.send("SELECT * FROM events WHERE seq < 100;\r")
        person.expect("-- row 20")
        person.expect(r"the first 20 of 100 rows, as records: there is no room for 10 columns\.")
        assert "-- row 21" not in str(person.before)
        person.expect("100 rows in")
        person.send(".format vertical\r")
        person.send("SELECT 6 * 7 AS answer;\r")
        person.expect(r"-- row 1\s+answer:  42")
        person.send("SELECT * FROM events WHERE seq < 100;\r")
        person.expect("-- row 100")
        assert leave(person) == 0


def test_several_statements_on_a_line_are_answered_in_turn(home: LiveHome) -> None:
    """One table after another, each with its own count."""
    with prompted(home) as person:
        person.send("SELECT 1 AS one; SELECT range AS two FROM range(2);\r")
        person.expect(r"one\s+1\s+1 row in")
        person.expect(r"two\s+0\s+1\s+2 rows in")
        assert leave(person) == 0


def test_a_mistake_ends_nothing(home: LiveHome) -> None:
    """What is wrong, refused or unknown is said, and the prompt is there again."""
    with prompted(home) as person:
        for typed, words in {
            "SELECT outcom FROM runs;": "did you mean the column outcome",
            "COPY runs TO 'x.csv';": "only statements that read",
            ".schmea": r"did you mean \.schema\?",
            ".schema rnus": r"did you mean runs\?",
            ".format parquet": "not for a terminal",
        }.items():
            person.send(f"{typed}\r")
            person.expect(words)
            person.expect("sql>")
        assert leave(person) == 0


def test_the_commands_of_the_prompt(home: LiveHome) -> None:
    """`.schema` shows columns with their meaning, `.format` changes the format, `.help` lists, `.quit` leaves."""
    with prompted(home) as person:
        person.send(".schema runs\r")
        person.expect(r"duration_ms\s+BIGINT\s+ms\s+How long")
        person.expect("sql>")
        person.send(".schema\r")
        person.expect("events")
        person.expect("job_changes")
        person.expect("sql>")
        person.send(".format jsonl\r")
        person.expect("sql>")
        person.send("SELECT 6 * 7 AS answer;\r")
        person.expect('{"answer": 42}')
        person.expect("sql>")
        person.send(".help\r")
        person.expect(r"\.schema \[VIEW\]")
        person.expect("sql>")
        person.send(".quit\r")
        person.expect(pexpect.EOF)
        person.wait()
        assert person.exitstatus == 0


def test_ctrl_c_drops_the_line_or_stops_the_query(home: LiveHome) -> None:
    """The prompt goes on after both, and the next statement is answered."""
    with prompted(home) as person:
        person.send("SELECT nonsense")
        person.expect("nonsense")
        person.send(CTRL_C)
        person.expect("sql>")
        person.send("SELECT count(*) FROM range(1000000000000) t(i) WHERE i * i % 7 = 3;\r")
        person.expect("= 3;")
        begun = processor_ticks(person.pid)
        await_fact(lambda: processor_ticks(person.pid) > begun + 100)  # a second of work: it is at it
        person.send(CTRL_C)
        person.expect("stopped", timeout=DEADLINE_S)
        person.expect("sql>")
        person.send("SELECT 6 * 7 AS answer;\r")
        person.expect("42")
        assert leave(person) == 0


def test_tab_completes_and_history_is_kept(home: LiveHome) -> None:
    """Tab completes a column; the next session finds the statement with the cursor key; the file is the owner's."""
    with prompted(home) as person:
        person.send("SELECT max(duration_" + TAB)
        person.expect(r"duration_[^\r\n]*ms")
        person.send(") FROM runs;\r")
        person.expect("1 row in")
        assert leave(person) == 0
    kept = home.root / "var" / "sessions" / "sql_history"
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600
    assert stat.S_IMODE(kept.parent.stat().st_mode) == 0o700
    assert "+SELECT max(duration_ms) FROM runs;" in kept.read_text()
    with prompted(home) as person:
        person.send(UP)
        person.expect(r"max\(duration_ms\)")
        person.expect("runs;")
        person.send("\r")
        person.expect("1 row in")
        assert leave(person) == 0


def test_without_a_ledger_no_folder_is_made_for_the_history(tmp_path: Path) -> None:
    """A prompt in a place where nothing was ever recorded leaves nothing behind."""
    empty = LiveHome(tmp_path / "nothing")
    empty.configure("jobs: {}\n")
    with prompted(empty) as person:
        person.send("SELECT count(*) AS n FROM events;\r")
        person.expect("1 row in")
        assert leave(person) == 0
    assert [path.name for path in empty.root.iterdir()] == ["services"]


def test_a_damaged_ledger_is_said_at_every_question(tmp_path: Path) -> None:
    """Damage that comes about while the prompt is open is no reason for a silent answer."""
    home = LiveHome(tmp_path / "home")
    fill(home, 20)
    with prompted(home) as person:
        person.send("SELECT count(*) AS n FROM runs;\r")
        person.expect("20")
        person.expect("sql>")
        with Journal.open(home.ledger, software="test") as journal:
            event = v.event(v.JobEnabled(reason="x" * 80), "user:ann@here", job="alpha")
            (damaged, _) = journal.append([event, event])
        segment = next(home.ledger.glob("*.jsonl"))
        raw = bytearray(segment.read_bytes())
        raw[raw.index(b'{"seq":%d,' % damaged.seq) + 180] ^= 1
        segment.write_bytes(raw)
        person.send("SELECT count(*) AS n FROM runs;\r")
        person.expect(rf"entry\s+{damaged.seq}")
        person.expect(r"Nothing\s+is\s+answered\s+from\s+a\s+ledger")
        assert leave(person) == 0


@pytest.mark.parametrize(
    ("text", "complete"),
    [
        ("SELECT 1;", True), ("SELECT 1", False), ("SELECT ';", False), ("SELECT ';';", True), ("", True),
        ("SELECT 1; -- done", True), ("SELECT 1 -- done;", False), ("SELECT 1 /* ; ", False), (".schema", True),
        ("quit", True), ('SELECT ";', False), ("SELECT 1 /* ; */;", True),
    ],
)  # fmt: skip
def test_a_statement_ends_with_a_semicolon_of_its_own(text: str, complete: bool) -> None:
    """One in a string, a name or a comment is none."""
    assert is_complete(text) is complete


@pytest.mark.parametrize(
    ("typed", "found"),
    [
        ("SELECT outc", "outcome"), ("sel", "select"), ("SEL", "SELECT"), ("FROM ru", "runs"),
        ("SELECT runs.exit", "exit_code"), (".sch", ".schema"), (".schema ru", "runs"), (".format js", "jsonl"),
    ],
)  # fmt: skip
def test_completions(typed: str, found: str) -> None:
    """Columns, views, keywords in the case that is typed, commands and what goes with them."""
    words = [each.text for each in SqlCompleter().get_completions(Document(typed), CompleteEvent())]
    assert found in words


VIEW_NAMES = [
    "events", "runs", "attempts", "jobs", "slots", "job_changes", "outages", "breaches", "nodes",
    "log_entries",
]  # fmt: skip


@pytest.mark.parametrize(
    ("typed", "found"),
    [
        ("SELECT * FROM ru", ["runs"]), ("FROM ", VIEW_NAMES), ("SELECT 1 FROM runs AS r JOIN at", ["attempts"]),
        ("SELECT 1 FROM runs r, jo", ["jobs", "job_changes"]), ("DESCRIBE ru", ["runs"]), ("FROM xyz", []),
        ("WITH rush AS (SELECT 1) FROM ru", ["rush", "runs"]),
        ("SELECT a IS DISTINCT FROM exit", ["exit_code"]), ("SELECT extract(hour FROM exit", ["exit_code"]),
        ("FROM runs ORDER BY run, exit", ["exit_code"]),
    ],
)  # fmt: skip
def test_where_a_table_must_stand_the_views_are_offered(typed: str, found: list[str]) -> None:
    """Behind FROM, JOIN and a comma between tables there are views and what WITH names, and no columns."""
    words = [each.text for each in SqlCompleter().get_completions(Document(typed), CompleteEvent())]
    assert words == found


def test_an_alias_completes_as_its_view() -> None:
    """`r.` offers the columns of runs where r stands for it; nothing else."""
    text = "SELECT r.exit FROM runs AS r"
    words = list(SqlCompleter().get_completions(Document(text, len("SELECT r.exit")), CompleteEvent()))
    assert [each.text for each in words] == ["exit_code"]
    assert re.match("runs: ", words[0].display_meta_text)
