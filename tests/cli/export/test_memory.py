from __future__ import annotations

import os
import subprocess
from pathlib import Path

import duckdb
import pytest

from eventstore import Journal
from scheduler import vocabulary as v
from tests.support.home import LiveHome

ENTRIES = 1_000_000
ASKING_MIB_MAX = 600


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> LiveHome:
    """A home with a million entries, sealed."""
    home = LiveHome(tmp_path_factory.mktemp("million") / "home")
    lot = [
        v.event(v.JobEnabled(reason="x" * 40), "user:ann@here", job=f"job-{n % 50}") for n in range(10_000)
    ]
    with Journal.open(home.ledger, software="test", fsync="never") as journal:
        while (head := journal.head()).seq + 1 < ENTRIES:
            journal.append(lot[: ENTRIES - 1 - head.seq])
    assert home.run("sql", "SELECT 1").code == 0
    return home


def memory_peak_mib(home: LiveHome, *arguments: str) -> int:
    """Run a command to its end; the most resident memory that it had."""
    process = home.start(*arguments, stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    assert process.returncode == 0
    return usage.ru_maxrss // 1024


@pytest.mark.parametrize("form", ["cloudevents", "parquet"])
def test_a_million_entries_are_exported_in_bounded_memory(home: LiveHome, form: str, tmp_path: Path) -> None:
    """All of them arrive, and the memory that it takes is that of a piece."""
    target = tmp_path / "events"
    arguments = ["export", "events", "--format", form, "--output", str(target)]
    assert memory_peak_mib(home, *arguments) < ASKING_MIB_MAX
    if form == "parquet":
        with duckdb.connect() as engine:
            query = f"SELECT count(*), min(seq), max(seq) FROM read_parquet('{target}')"
            assert engine.execute(query).fetchall() == [(ENTRIES, 0, ENTRIES - 1)]
    else:
        with open(target, "rb") as file:
            assert sum(1 for _ in file) == ENTRIES


def test_a_long_answer_streams(home: LiveHome, tmp_path: Path) -> None:
    """An answer of a million rows is written row by row: it is never held whole."""
    query = "SELECT seq, job, hash FROM events"
    arguments = ["sql", query, "--format", "csv", "--output", str(tmp_path / "answer.csv")]
    assert memory_peak_mib(home, *arguments) < ASKING_MIB_MAX
    with open(tmp_path / "answer.csv", "rb") as file:
        assert sum(1 for _ in file) == ENTRIES + 1
