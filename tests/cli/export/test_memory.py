from __future__ import annotations

import os
import subprocess
import tracemalloc
from pathlib import Path

import duckdb
import pytest

from eventstore import SEGMENT_ENTRIES, Journal
from scheduler import vocabulary as v
from tests.support.command import start
from tests.support.home import LiveHome

OPEN = 2_000
"""So many entries are in the open segment, which is read whole."""
FEW, MANY, MILLION = (OPEN + segments * SEGMENT_ENTRIES for segments in (1, 6, 15))
PIECE_MIB_MAX = 300
"""What may be held of an answer more, if it is longer: what the engine's threads hold at once differs by 200
from one time to the next. The many entries, held whole, take 600 more."""
ASKING_MIB_MAX = 750


@pytest.fixture(scope="module")
def few(tmp_path_factory: pytest.TempPathFactory) -> LiveHome:
    """A home with one sealed segment and an open one."""
    return filled(tmp_path_factory.mktemp("few") / "home", FEW)


@pytest.fixture(scope="module")
def many(tmp_path_factory: pytest.TempPathFactory, hunt: bool) -> LiveHome:
    """A home with many sealed segments, a million entries in a hunt, and an open one that is as long."""
    return filled(tmp_path_factory.mktemp("many") / "home", MILLION if hunt else MANY)


def filled(root: Path, entries: int) -> LiveHome:
    """A home with so many entries, sealed as far as may be."""
    home = written(root, entries)
    assert home.run("sql", "SELECT 1").code == 0
    return home


def written(root: Path, entries: int) -> LiveHome:
    """A home with so many entries."""
    home = LiveHome(root)
    lot = [
        v.event(v.JobEnabled(reason="x" * 400), "user:ann@here", job=f"job-{n % 50}") for n in range(10_000)
    ]
    with Journal.open(home.ledger, software="test", fsync="never") as journal:
        while (head := journal.head()).seq + 1 < entries:
            journal.append(lot[: entries - 1 - head.seq])
    return home


def memory_peak_mib(home: LiveHome, *arguments: str) -> int:
    """Run a command to its end; the most resident memory that it had."""
    process = start(*arguments, home=home.root, stdout=subprocess.DEVNULL, stderr=None)
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    assert process.returncode == 0
    return usage.ru_maxrss // 1024


@pytest.mark.long
def test_many_entries_are_exported_in_bounded_memory(few: LiveHome, many: LiveHome, tmp_path: Path) -> None:
    """All of them arrive, and the memory that it takes is that of a piece, however many there are."""
    target = tmp_path / "events"
    few_mib = memory_peak_mib(
        few, "export", "events", "--format", "parquet", "--output", str(tmp_path / "few")
    )
    many_mib = memory_peak_mib(many, "export", "events", "--format", "parquet", "--output", str(target))
    assert many_mib < min(few_mib + PIECE_MIB_MAX, ASKING_MIB_MAX)
    entries = len_of(many)
    with duckdb.connect() as engine:
        query = f"SELECT count(*), min(seq), max(seq) FROM read_parquet('{target}')"
        assert engine.execute(query).fetchall() == [(entries, 0, entries - 1)]


def test_no_more_rows_are_held_of_a_longer_export(tmp_path: Path) -> None:
    """Of three times as many entries all arrive, and at no time are more of them in memory than of the fewer."""
    lengths = OPEN, 3 * OPEN
    homes = [written(tmp_path / f"home{entries}", entries) for entries in lengths]
    target = tmp_path / "events"
    for form, header in (("cloudevents", 0), ("csv", 1)):
        arguments = ["export", "events", "--format", form, "--force", "--output", str(target)]
        homes[0].ask(*arguments)  # what is found out once is found out now
        peaks = []
        for home, entries in zip(homes, lengths, strict=True):
            tracemalloc.start()
            try:
                answer = home.ask(*arguments)
                peaks.append(tracemalloc.get_traced_memory()[1])
            finally:
                tracemalloc.stop()
            assert answer.code == 0, answer
            assert len(target.read_bytes().splitlines()) == entries + header
        assert peaks[1] < peaks[0] + (1 << 20), f"{form}: held whole, they take more than twice that"


def test_a_long_answer_streams(tmp_path: Path) -> None:
    """An answer is written row by row: of five times as many rows no more are in memory at any time."""
    home = LiveHome(tmp_path / "home")
    with Journal.open(home.ledger, software="test"):
        pass
    target = tmp_path / "answer.csv"
    peaks = []
    for rows in (2_000, 10_000):
        query = f"SELECT range AS n, hash(range)::VARCHAR AS text FROM range({rows})"
        arguments = ["sql", query, "--format", "csv", "--force", "--output", str(target)]
        home.ask(*arguments)  # what is found out once is found out now
        tracemalloc.start()
        try:
            answer = home.ask(*arguments)
            peaks.append(tracemalloc.get_traced_memory()[1])
        finally:
            tracemalloc.stop()
        assert answer.code == 0, answer
        with target.open("rb") as file:
            assert sum(1 for _ in file) == rows + 1
    assert peaks[1] < peaks[0] + (1 << 19), f"held whole, 8,000 more rows take twice that: {peaks}"


def len_of(home: LiveHome) -> int:
    """How many entries a home has."""
    with Journal.open(home.ledger, software="test", read_only=True) as journal:
        return journal.head().seq + 1
