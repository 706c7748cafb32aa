"""`jobs run` while the scheduler serves: how soon the process starts. And what the scheduler costs when idle."""

from __future__ import annotations

import subprocess
import time

from benchmarks.bench import Bench
from benchmarks.figures import Line, number, percentile
from benchmarks.homes import cronledger, serving, write_config
from benchmarks.machine import cpu_s
from benchmarks.observer import Observer, make_programs
from eventstore.ledger_reader import LedgerReader
from scheduler.home import Home

START_MS_MAX = 50.0
IDLE_PERCENT_MAX = 0.5
START_MAX_S = 30.0


def run(bench: Bench) -> list[Line]:
    """Measure both on a scheduler that has nothing else to do."""
    with bench.room("requests") as room:
        (program,) = make_programs(room / "programs", 1)
        home = Home(room / "home")
        write_config(home, {"asked-for": {"schedule": "0 0 1 1 *", "command": [str(program)]}})
        with serving(home) as scheduler:
            requested_ms, commanded_ms = _ask(bench, home, Observer(program.parent))
            bench.note("an idle scheduler")
            idle_percent = _idle_percent(scheduler.pid, bench.of(0.5, 10.0, 20.0))
    return [
        _latency("`jobs run`: from the request in the ledger to the process", requested_ms),
        _latency("`jobs run`: the whole command, from its own start to the process", commanded_ms),
        Line(
            "an idle scheduler",
            f"{idle_percent:.2f} % of a core",
            "",
            None,
            f"≤ {IDLE_PERCENT_MAX} %",
            idle_percent <= IDLE_PERCENT_MAX,
        ),
    ]


def _ask(bench: Bench, home: Home, observer: Observer) -> tuple[list[float], list[float]]:
    """Milliseconds from the request, and from the start of the command, to the start of the process."""
    requested_ms: list[float] = []
    commanded_ms: list[float] = []
    count = bench.of(2, 30, 100)
    bench.note(f"{count} requests, one after another")
    with LedgerReader.open(home.ledger) as journal:
        for _ in range(count):
            seen = journal.refresh().seq
            observer.forget()
            begun_s = time.time()
            started_s = started_by_request(home, observer)
            request = next(entry for entry in journal.follow(seen + 1) if entry.type == "run.requested")
            requested_ms.append((started_s - request.time.timestamp()) * 1000)
            commanded_ms.append((started_s - begun_s) * 1000)
            time.sleep(0.02)
    observer.close()
    return requested_ms, commanded_ms


def started_by_request(home: Home, observer: Observer) -> float:
    """Ask a scheduler for a run; when its process started, in seconds since 1970."""
    command = cronledger(home, "jobs", "run", "asked-for", "--no-wait")
    with subprocess.Popen(command, stdout=subprocess.DEVNULL) as process:
        started_s = observer.first_start(START_MAX_S)
    if process.returncode != 0:
        raise RuntimeError(f"{command} ended with {process.returncode}")
    return started_s


def _latency(what: str, values_ms: list[float]) -> Line:
    p50, p99 = percentile(values_ms, 0.5), percentile(values_ms, 0.99)
    aim = f"≤ {START_MS_MAX:.0f} ms at the 99th percentile"
    return Line(what, f"p50 {number(p50)} ms, p99 {number(p99)} ms", "", None, aim, p99 <= START_MS_MAX)


def _idle_percent(pid: int, watch_s: float) -> float:
    before_s = cpu_s(pid)
    time.sleep(watch_s)
    return 100 * (cpu_s(pid) - before_s) / watch_s
