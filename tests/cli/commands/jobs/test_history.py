from __future__ import annotations

import json
import random
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest

from cli.runs import search
from eventstore.journal import Journal
from eventstore.segment import SEGMENT_ENTRIES
from scheduler import vocabulary as v
from tests.support.home import LiveHome
from tests.support.random_runs import BEGIN, fill, one_run

Row = dict[str, Any]


def plain_fold(home: LiveHome, keep: Callable[[Row], bool], limit: int) -> list[int]:
    """The numbers of the runs, newest first, by reading everything."""
    rows = []
    for entry in home.entries("run."):
        if entry.type in ("run.finished", "run.skipped"):
            payload = msgspec.json.decode(entry.data)
            rows.append(
                {"outcome": payload.get("outcome", "skipped"), "run": entry.run, "job": entry.job,
                 "time": entry.time, "trigger": payload["trigger"]}
            )  # fmt: skip
    return [row["run"] for row in reversed(rows) if keep(row)][:limit]


def numbers(home: LiveHome, *options: str) -> list[int]:
    """The numbers of the runs that the command shows."""
    result = home.ask("jobs", "history", "--json", *options)
    assert result.code == 0, result.err
    return [row["run"] for row in json.loads(result.out)]


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> LiveHome:
    """A home with a few hundred runs."""
    home = LiveHome(tmp_path_factory.mktemp("history") / "home")
    fill(home, 600)
    return home


AT = BEGIN + timedelta(minutes=500)
FILTERS: list[tuple[list[str], Callable[[Row], bool]]] = [
    ([], lambda row: True),
    (["--job", "beta"], lambda row: row["job"] == "beta"),
    (["--status", "failed"], lambda row: row["outcome"] == "failed"),
    (["--status", "skipped"], lambda row: row["outcome"] == "skipped"),
    (["--trigger", "manual"], lambda row: row["trigger"] == "manual"),
    (["--since", AT.isoformat()], lambda row: row["time"] >= AT),
    (["--until", AT.isoformat()], lambda row: row["time"] < AT),
    (
        ["--job", "alpha", "--status", "lost", "--trigger", "catch_up", "--until", AT.isoformat()],
        lambda row: (row["job"], row["outcome"], row["trigger"]) == ("alpha", "lost", "catch_up")
        and row["time"] < AT,
    ),
]  # fmt: skip


@pytest.mark.parametrize(("options", "keep"), FILTERS)
@pytest.mark.parametrize("limit", [20, 5000])
def test_filters_give_what_reading_everything_gives(
    home: LiveHome, options: list[str], keep: Callable[[Row], bool], limit: int
) -> None:
    """Every filter answers as a plain fold of the whole ledger does, newest first."""
    assert numbers(home, "--limit", str(limit), *options) == plain_fold(home, keep, limit)


@pytest.mark.long
def test_far_back_is_found_by_sql(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, hunt: bool) -> None:
    """What lies further back than the quick look reaches is found all the same, in the same order.

    The quick look and the segments are a tenth as long as they are, except in a hunt.
    """
    scale = 1 if hunt else 10
    monkeypatch.setattr(search, "LOOK_BACK_ENTRIES", search.LOOK_BACK_ENTRIES // scale)
    home, segment_entries = LiveHome(tmp_path / "home"), SEGMENT_ENTRIES // scale
    with Journal.open(
        home.ledger, software="test", fsync="never", segment_entries=segment_entries
    ) as journal:
        journal.append(one_run(random.Random(7), BEGIN, 1))
    fill(home, 27_000 // scale, seed=3, per_minute=500 // scale, segment_entries=segment_entries)
    old = BEGIN + timedelta(minutes=1)
    filters: list[tuple[list[str], Callable[[Row], bool]]] = [
        (["--until", old.isoformat()], lambda row: row["time"] < old),
        (["--status", "lost", "--job", "beta"], lambda row: (row["outcome"], row["job"]) == ("lost", "beta")),
        (["--status", "skipped", "--since", old.isoformat(), "--until", (old + timedelta(minutes=3)).isoformat()],
         lambda row: row["outcome"] == "skipped" and old <= row["time"] < old + timedelta(minutes=3)),
    ]  # fmt: skip
    for options, keep in filters:
        assert numbers(home, "--limit", "4000", *options) == plain_fold(home, keep, 4000)


def test_the_quick_look_loads_no_sql_engine(home: LiveHome) -> None:
    """The newest runs come without DuckDB, which alone takes longer to load than the command may."""
    result = home.run("jobs", "history", env={"PYTHONPROFILEIMPORTTIME": "1"})
    assert result.code == 0
    modules = {line.rpartition("|")[2].strip() for line in result.err.splitlines() if "|" in line}
    assert "cli.runs.search" in modules
    assert modules.isdisjoint({"duckdb", "rich", "yaml", "croniter"})


def test_the_table_shows_each_run_on_a_line(home: LiveHome) -> None:
    """In a pipe: a header, one row a line, times in the job's zone, or in UTC."""
    here = home.ask("jobs", "history", "--limit", "3", "--status", "failed", "--trigger", "schedule")
    lines = here.out.splitlines()
    assert lines[0].split() == ["RUN", "JOB", "TRIGGER", "SCHEDULED", "FOR", "STARTED", "TOOK", "OUTCOME"]
    assert len(lines) == 4
    assert all("failed with exit code 3" in line and "+01:00" in line for line in lines[1:])
    utc = home.ask("jobs", "history", "--limit", "3", "--status", "failed", "--trigger", "schedule", "--utc")
    assert "UTC" in utc.out
    assert "+01:00" not in utc.out


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--job", "betta"], "did you mean beta?"),
        (["--status", "fialed"], "failed"),
        (["--since", "nonsense"], "is not a time"),
        (["--limit", "0"], "limit"),
        (["--since", "2026-03-02", "--until", "2026-03-01"], "--since"),
    ],
)
def test_mistakes_are_answered_with_what_was_probably_meant(
    home: LiveHome, options: list[str], words: str
) -> None:
    """Exit code 2 and a message that helps."""
    result = home.ask("jobs", "history", *options)
    assert result.code == 2
    assert words in result.err
    assert result.out == ""


def test_a_home_without_runs_says_so(tmp_path: Path) -> None:
    """Nothing on standard output, a remark on standard error, an empty list as JSON."""
    home = LiveHome(tmp_path / "home")
    home.configure('jobs:\n  a:\n    command: "true"\n    schedule: "@daily"\n')
    result = home.ask("jobs", "history")
    assert (result.code, result.out) == (0, "")
    assert "nothing has run yet" in result.err
    assert json.loads(home.ask("jobs", "history", "--json").out) == []
    assert not home.ledger.exists()


def test_control_characters_are_shown_and_not_obeyed(tmp_path: Path) -> None:
    """An error message with terminal escapes is printed escaped."""
    home = LiveHome(tmp_path / "home")
    finished = v.RunFinished(
        trigger="manual", started=BEGIN, outcome="failed", attempt=1, error="bad\x1b[2J\nnews"
    )
    with Journal.open(home.ledger, software="test") as journal:
        journal.append([v.event(finished, "scheduler", job="evil\x07", run=1)])
    result = home.ask("jobs", "history")
    assert "\\x1b[2J\\nnews" in result.out
    assert b"\x1b" not in result.raw_out
    assert b"\x07" not in result.raw_out
