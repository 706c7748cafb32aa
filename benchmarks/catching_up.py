"""From the start of `cronledger serve` to the first process that catches up, with a long history and with none."""

from __future__ import annotations

import time
from pathlib import Path

from benchmarks.bench import Bench, remove
from benchmarks.figures import Line, median, number
from benchmarks.generate import JOBS, copy_home, generate, long_home, programs_of
from benchmarks.homes import start_serving
from benchmarks.observer import Observer
from scheduler.home import Home

START_MS_MAX = 500.0
RATIO_MAX = 1.2
START_MAX_S = 60.0


def run(bench: Bench) -> list[Line]:
    """Measure both in turns; a start changes the ledger, so each of them begins from the same copy."""
    entries = bench.of(600, 100_000, 10_000_000)
    with bench.room("catching-up") as room:
        long, empty = long_home(bench, entries), Home(room / "empty")
        generate(empty, 3 * JOBS, command=programs_of(long))
        observer = Observer(Path(programs_of(long)[0]).parent)
        taken_ms: dict[Home, list[float]] = {long: [], empty: []}
        try:
            for _ in range(bench.of(1, 5, 9)):
                for home, values in taken_ms.items():
                    values.append(_start_ms(home, Home(room / "copy"), observer))
        finally:
            observer.close()
    mine, reference = median(taken_ms[long]), median(taken_ms[empty])
    what = f"start to the first catch-up run, {entries:,} entries"
    reached = mine <= START_MS_MAX and mine / reference <= RATIO_MAX
    aim = f"≤ {START_MS_MAX:.0f} ms and ≤ {RATIO_MAX} times it"
    return [
        Line(
            what,
            f"{number(mine)} ms",
            f"an empty ledger {number(reference)} ms",
            mine / reference,
            aim,
            reached,
        )
    ]


def _start_ms(source: Home, copy: Home, observer: Observer) -> float:
    """Start a scheduler on a copy of a home; milliseconds to the first process."""
    copy_home(source, copy)
    observer.forget()
    begun_s = time.time()
    with start_serving(copy):
        started_s = observer.first_start(START_MAX_S)
    remove(copy.root)
    return (started_s - begun_s) * 1000
