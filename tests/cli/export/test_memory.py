from __future__ import annotations

import os
import subprocess
import tracemalloc
from pathlib import Path
from unittest import mock

import duckdb
import pytest

from cli.sql.parquet import write_parquet
from eventstore.journal import Journal
from eventstore.segment import SEGMENT_ENTRIES
from projections import open_sql
from projections.reports.view_rows import RowSelection, view_rows
from scheduler import vocabulary as v
from scheduler.home import Home
from tests.support.command import start
from tests.support.home import LiveHome

OPEN = 2_000
"""So many entries are in the open segment, which is read whole."""
FEW, MILLION = (OPEN + segments * SEGMENT_ENTRIES for segments in (1, 15))
PIECE_MIB_MAX = 300
"""What may be held of an answer more, if it is longer: what the engine's threads hold at once differs by 200
from one time to the next. A third of the million entries, held whole, takes 600."""
ASKING_MIB_MAX = 750
ROWS, ENGINE_MB = 250_000, 160
"""So many rows of 420 bytes are made a Parquet file by an engine with so much memory: it takes 120, and 200 if it
holds them all."""


def filled(root: Path, entries: int) -> LiveHome:
    """A home with so many entries, sealed as far as may be."""
    home = written(root, entries)
    assert home.run("sql", "SELECT count(*) FROM runs").code == 0
    return home


def written(root: Path, entries: int) -> LiveHome:
    """A home with so many entries."""
    home = LiveHome(root)
    lot = [
        v.event(v.JobEnabled(reason="x" * 400), "user:ann@here", job=f"job-{n % 50}")
        for n in range(min(entries, 10_000))
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


def traced_peak(home: LiveHome, *arguments: str) -> int:
    """Have a command asked within this process; the most bytes that it held of what Python keeps account of."""
    tracemalloc.start()
    try:
        answer = home.ask(*arguments)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert answer.code == 0, answer
    return peak


@pytest.mark.long
def test_a_million_entries_are_exported_in_bounded_memory(tmp_path: Path, hunt: bool) -> None:
    """All of them arrive, and the memory that it takes is that of a piece, however many there are."""
    if not hunt:
        pytest.skip(
            "a hunt shows it: of each thing that could hold them all, a test below sees that it does not"
        )
    peaks = []
    target = tmp_path / "events"
    for name, entries in (("few", FEW), ("million", MILLION)):
        home = filled(tmp_path / name, entries)
        arguments = ["--format", "parquet", "--force", "--output", str(target)]
        peaks.append(memory_peak_mib(home, "export", "events", *arguments))
    assert peaks[1] < min(peaks[0] + PIECE_MIB_MAX, ASKING_MIB_MAX)
    assert parquet_extent(target, "seq") == (MILLION, 0, MILLION - 1)


def test_entries_are_asked_for_a_piece_at_a_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The engine that answers is asked for no more than a piece of the entries, and all of them arrive."""
    home = written(tmp_path / "home", OPEN)
    monkeypatch.setattr("projections.reports.view_rows.PIECE_ENTRIES", 300)
    done = [0]
    with open_sql(Home(home.root)) as sql:
        asked = mock.Mock(wraps=sql.execute)
        monkeypatch.setattr(sql, "execute", asked)
        found = view_rows(sql, RowSelection("events"), lambda entries, _: done.append(entries))
        seqs = [row[[name for name, _ in found.columns].index("seq")] for row in found.rows]
    assert seqs == list(range(OPEN))
    assert done[1:] == [*range(0, OPEN, 300), OPEN]
    assert asked.call_count == 1 + len(done) - 2, "one query finds out how many there are"


def test_a_parquet_file_is_made_by_an_engine_that_holds_a_piece(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With less memory than its rows take, all of them are written."""
    monkeypatch.setattr("cli.sql.parquet.MEMORY_LIMIT", f"{ENGINE_MB}MB")
    columns = [("n", "BIGINT"), ("text", "VARCHAR")]
    rows = ((n, f"{n:06}" * 70) for n in range(ROWS))
    assert write_parquet(tmp_path / "rows", columns, rows) == ROWS
    assert parquet_extent(tmp_path / "rows", "n") == (ROWS, 0, ROWS - 1)


def test_no_more_rows_are_held_of_a_longer_export(tmp_path: Path) -> None:
    """Of three times as many entries all arrive, and at no time are more of them in memory than of the fewer."""
    lengths = 1_200, 3_600
    homes = [written(tmp_path / f"home{entries}", entries) for entries in lengths]
    target = tmp_path / "events"
    for form, header in (("cloudevents", 0), ("csv", 1), ("parquet", None)):
        arguments = ["export", "events", "--format", form, "--force", "--output", str(target)]
        homes[0].ask(*arguments)  # what is found out once is found out now
        peaks = []
        for home, entries in zip(homes, lengths, strict=True):
            peaks.append(traced_peak(home, *arguments))
            if header is None:
                assert parquet_extent(target, "seq") == (entries, 0, entries - 1)
            else:
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
        peaks.append(traced_peak(home, *arguments))
        with target.open("rb") as file:
            assert sum(1 for _ in file) == rows + 1
    assert peaks[1] < peaks[0] + (1 << 19), f"held whole, 8,000 more rows take twice that: {peaks}"


def parquet_extent(path: Path, column: str) -> tuple[int, int, int]:
    """How many rows a Parquet file has, and the least and the greatest value of a column of it."""
    with duckdb.connect() as engine:
        query = f"SELECT count(*), min({column}), max({column}) FROM read_parquet('{path}')"
        count, least, greatest = engine.execute(query).fetchall()[0]
    return count, least, greatest
