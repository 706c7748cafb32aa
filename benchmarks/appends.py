"""Durable appends, one at a time and a thousand at a time, against the least that durability can cost.

The references write the same lines to the same file system: one `write` and one `fdatasync` for each append, and
SQLite (WAL, `synchronous=FULL`) with one transaction for each append. All are measured in one process. For
appends one at a time it has its memory as a scheduler has it, which makes them: in huge pages, where the system gives
them to whoever asks. Many at once are what short commands append, which do not ask.

    python -m benchmarks.appends scheduler|command FOLDER BATCH APPENDS ROUNDS    prints three lists of rates
"""

from __future__ import annotations

import json
import os
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

from benchmarks.bench import Bench
from benchmarks.figures import Line, each, median, number
from cli.huge_pages import begin_with_huge_pages
from eventstore.encoder import compose
from eventstore.journal import Journal, utc_now
from eventstore.store import Event
from scheduler import vocabulary as v

ONE_RATIO_MIN = 0.85
BATCH = 1_000
BATCH_RATIO_MIN = 0.7


def run(bench: Bench) -> list[Line]:
    """Measure both."""
    ours, raw, sqlite = _measure(
        bench, batch=1, appends=bench.of(2, 20, 50), rounds=bench.of(2, 30, 60), as_scheduler=True
    )
    ratio = median([mine / theirs for mine, theirs in zip(ours, raw, strict=True)])
    references = {"raw write+fdatasync": median(raw), "SQLite WAL FULL": median(sqlite)}
    one = Line(
        "durable appends, one at a time",
        f"{number(median(ours))} entries/s",
        each(references, "/s"),
        ratio,
        f"≥ {ONE_RATIO_MIN} of raw",
        ratio >= ONE_RATIO_MIN,
    )
    ours, raw, sqlite = _measure(bench, batch=BATCH, appends=1, rounds=bench.of(2, 50, 100))
    ratio = median([mine / theirs for mine, theirs in zip(ours, sqlite, strict=True)])
    references = {"raw write+fdatasync": median(raw), "SQLite WAL FULL": median(sqlite)}
    many = Line(
        "durable appends, batches of 1,000",
        f"{number(median(ours))} entries/s",
        each(references, "/s"),
        ratio,
        f"≥ {BATCH_RATIO_MIN} of SQLite's rows",
        ratio >= BATCH_RATIO_MIN,
    )
    return [one, many]


def _measure(
    bench: Bench, batch: int, appends: int, rounds: int, *, as_scheduler: bool = False
) -> list[list[float]]:
    """Entries per second of each round: cronledger, raw, SQLite."""
    bench.note(f"{rounds} rounds of {appends} appends of {batch}")
    with bench.room("appends") as room:
        arguments = map(str, ("scheduler" if as_scheduler else "command", room, batch, appends, rounds))
        command = [sys.executable, "-m", "benchmarks.appends", *arguments]
        found = subprocess.run(command, check=True, stdout=subprocess.PIPE)
    return json.loads(found.stdout)  # type: ignore[no-any-return]


def measure(room: Path, batch: int, appends: int, rounds: int) -> tuple[list[float], ...]:
    """The same, in this process. They take turns so closely because disks waver."""
    events = [result(run) for run in range(batch)]
    rates: tuple[list[float], ...] = ([], [], [])
    with (
        Journal.open(room / "ledger", software="benchmark") as journal,
        _raw_file(room / "raw") as raw,
        _sqlite_database(room / "sqlite") as sqlite,
    ):
        for _ in range(rounds):
            lines = compose(events, journal.head(), journal.head().seq, utc_now())
            takes = (
                partial(journal.append, events),
                partial(_append_raw, raw, lines),
                partial(_insert, sqlite, lines),
            )
            turns: list[tuple[list[float], Callable[[], object]]] = list(zip(rates, takes, strict=True))
            for rate, take in turns:
                begun_s = time.perf_counter()
                for _ in range(appends):
                    take()
                rate.append(batch * appends / (time.perf_counter() - begun_s))
            journal.tick()
    return rates


@contextmanager
def _raw_file(path: Path) -> Iterator[int]:
    fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    try:
        yield fd
    finally:
        os.close(fd)


def _append_raw(fd: int, lines: Sequence[bytes]) -> None:
    os.write(fd, b"".join(lines))
    os.fdatasync(fd)


@contextmanager
def _sqlite_database(path: Path) -> Iterator[sqlite3.Connection]:
    with closing(sqlite3.connect(path, isolation_level=None)) as database:
        database.execute("PRAGMA journal_mode = WAL")
        database.execute("PRAGMA synchronous = FULL")
        database.execute("CREATE TABLE entry (seq INTEGER PRIMARY KEY, line BLOB NOT NULL)")
        yield database


def _insert(database: sqlite3.Connection, lines: Sequence[bytes]) -> None:
    database.execute("BEGIN")
    database.executemany("INSERT INTO entry (line) VALUES (?)", [(line,) for line in lines])
    database.execute("COMMIT")


def result(run: int) -> Event:
    """The result of a run, the longest of the entries that every run leaves."""
    moment = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)
    payload = v.RunFinished(
        trigger="schedule",
        started=moment,
        outcome="succeeded",
        attempt=1,
        scheduled_for=moment,
        duration_ms=1_204,
        exit_code=0,
        cpu_ms=83,
        memory_peak_bytes=14_680_064,
        stdout_bytes=512,
        stdout_sha256="0123456789abcdef" * 4,
    )
    return v.event(payload, v.SCHEDULER, job=f"nightly-{run % 200:03d}", run=run)


if __name__ == "__main__":
    _, like, folder, *numbers = sys.argv
    if like == "scheduler":
        begin_with_huge_pages(os.environ)
    print(json.dumps(measure(Path(folder), *map(int, numbers))))
