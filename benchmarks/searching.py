"""`logs search` as a whole process, over a day of a million log entries, as it is and compressed; and `logs view`."""

from __future__ import annotations

import os
import random
import resource
import subprocess
import time
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import NamedTuple

from benchmarks.bench import Bench
from benchmarks.figures import Line, each, median, number
from benchmarks.generate import generate
from benchmarks.homes import cronledger
from scheduler.home import Home
from scheduler.logs import LogEntry, entries_folder
from scheduler.logs.collection.compression import AFTER_DAYS, compress_entries
from scheduler.logs.storage.checkpoint import Checkpoint
from scheduler.logs.storage.entry import encode_lines, time_text

SEARCH_S_MAX = 1.0
DAY = datetime(2026, 1, 5, tzinfo=UTC)
NEEDLE = "volume 4711: no space left on the device"
"""It stands in the first entry only: a search goes on to the last one it looks at."""
SEARCHES = (
    ("a text", (NEEDLE.upper(),), NEEDLE),
    ("an expression with a fixed part", ("--regex", r"volume \d+: no space"), r"volume [0-9]+: no space"),
    ("an expression of a fixed shape", ("--regex", r"\b\d{4}: [a-z]"), r"\b[0-9]{4}: [a-z]"),
    ("an expression of nothing rare", ("--regex", r"\bd\w+e$"), r"\bd\w+e\""),
)
"""What is sought: in words, as arguments, and for grep."""
_LOT = 10_000


class Taken(NamedTuple):
    """How long a process took, and how much processor time it and its children used."""

    wall_s: float
    cpu_s: float


def run(bench: Bench) -> list[Line]:
    """Measure each search in both forms of the day, in turns with grep."""
    count = bench.of(2_000, 100_000, 1_000_000)
    lines = []
    with bench.room("searching") as room:
        bench.note(f"{count:,} log entries")
        plain, packed = home_of_logs(room / "plain", count), home_of_logs(room / "packed", count)
        _compress(packed)
        for form, home in (("", plain), (", compressed", packed)):
            for what, arguments, for_grep in SEARCHES:
                taken, reference = _measure(bench, home, arguments, for_grep)
                lines.append(_line(f"`logs search`, {what}, in {count:,} entries{form}", taken, reference))
        viewed = [_take(cronledger(plain, "logs", "view")) for _ in range(bench.of(1, 3, 3))]
        lines.append(_line(f"`logs view`, {count:,} entries", viewed, None))
    return lines


def _measure(
    bench: Bench, home: Home, arguments: Sequence[str], for_grep: str
) -> tuple[list[Taken], list[Taken]]:
    (day,) = entries_folder(home).glob(f"{DAY:%Y-%m-%d}.*")
    grep = ["zgrep" if day.suffix == ".gz" else "grep", "-iE", for_grep, str(day)]
    taken, reference = [], []
    for _ in range(bench.of(1, 3, 3)):
        taken.append(_take(cronledger(home, "logs", "search", *arguments)))
        reference.append(_take(grep))
    return taken, reference


def _line(what: str, taken: list[Taken], reference: list[Taken] | None) -> Line:
    wall_s, cpu_s = median([one.wall_s for one in taken]), median([one.cpu_s for one in taken])
    least_s = min(one.wall_s for one in taken)
    theirs_s = None if reference is None else median([one.wall_s for one in reference])
    return Line(
        what,
        f"{number(wall_s)} s (least {number(least_s)} s; {number(cpu_s)} s of processor time)",
        "" if theirs_s is None else each({"grep -i": theirs_s}, "s"),
        None if theirs_s is None else wall_s / theirs_s,
        f"≤ {SEARCH_S_MAX:g} s",
        wall_s <= SEARCH_S_MAX,
    )


def _take(command: Sequence[str]) -> Taken:
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    begun_s = time.perf_counter()
    subprocess.run(command, check=True, capture_output=True)
    wall_s = time.perf_counter() - begun_s
    spent = resource.getrusage(resource.RUSAGE_CHILDREN)
    return Taken(wall_s, spent.ru_utime + spent.ru_stime - before.ru_utime - before.ru_stime)


def home_of_logs(root: Path, count: int) -> Home:
    """A home whose logs have a day of so many entries."""
    home = Home(root)
    generate(home, 600)
    subprocess.run(cronledger(home, "logs", "view"), check=True, capture_output=True)
    with (entries_folder(home) / f"{DAY:%Y-%m-%d}.jsonl").open("wb") as file:
        for lot in _lots(count):
            file.write(encode_lines(lot))
    return home


def _compress(home: Home) -> None:
    folder = entries_folder(home)
    position = Checkpoint(ledger="", next_seq=0)
    later = DAY + timedelta(days=AFTER_DAYS + 1)
    kept = (folder / "position.json").read_bytes()
    assert list(compress_entries(folder, position, later)), "the day is old enough"
    (folder / "position.json").write_bytes(kept)
    os.sync()


def _lots(count: int) -> Iterator[list[LogEntry]]:
    """Entries as jobs make them, from a seed: lines of text, of JSON, and what the scheduler notes."""
    chance = random.Random(count)
    for begin in range(0, count, _LOT):
        lot = [_entry(chance, number) for number in range(begin, min(begin + _LOT, count))]
        if begin == 0:
            lot[0] = _entry(chance, 0, NEEDLE)
        yield lot


def _entry(chance: random.Random, number: int, message: str = "") -> LogEntry:
    at = time_text(DAY + timedelta(microseconds=number * 80_000))
    run, job = 1_000 + number // 500, f"job-{chance.randrange(200):03}"
    kind = chance.random()
    if message or kind > 0.3:
        served = (
            f"GET /api/v1/orders/{chance.randrange(500)} HTTP/1.1 200 from 192.0.2.{chance.randrange(255)}"
        )
        return LogEntry(
            time=at, level="info", job=job, run=run, attempt=1, stream="stdout",
            message=message or f"{served} in {chance.randrange(1_000)} ms",
        )  # fmt: skip
    if kind > 0.1:
        return LogEntry(
            time=at, level="debug", job=job, run=run, attempt=1, stream="stdout", message="cache lookup",
            fields={"key": f"user:{chance.randrange(100_000)}", "hit": kind > 0.2, "ms": chance.randrange(50)},
        )  # fmt: skip
    return LogEntry(
        time=at, level="info", job=job, run=run, attempt=1, stream="scheduler",
        message=f"job succeeded: {job}, run {run} after {chance.randrange(90_000) / 1_000:g} s",
        fields={"type": "run.finished", "outcome": "succeeded", "exit_code": 0},
    )  # fmt: skip
