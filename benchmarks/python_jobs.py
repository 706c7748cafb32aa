"""Jobs in Python: how soon the first line of one runs once it is due, and 200 of them that fall due at one instant.

What they are compared with are processes that are started: `python -c pass` alone, and herds of as many commands.
"""

from __future__ import annotations

import contextlib
import subprocess
import sys
import time
from pathlib import Path

from benchmarks.bench import Bench
from benchmarks.figures import Line, each, median, number, percentile
from benchmarks.herd_contenders import all_s
from benchmarks.homes import serving, write_config
from scheduler.home import Home

FIRST_LINE_MS_MAX = 10.0
TO_INTERPRETER_MAX = 0.5
TO_COMMANDS_MIN = 0.8
WARM_S = 3.0
PYTHON = [sys.executable, "-c", "pass"]
TRUE = ["/bin/true"]

JOB = """
import time
class Timed:
    name = "timed"
    async def run(self, ctx):
        now_s = time.time()
        with open("late_ms", "a") as told:
            told.write(f"{(now_s - ctx.scheduled_for.timestamp()) * 1000}\\n")
class Empty:
    name = "empty"
    def run(self, ctx):
        pass
"""


def run(bench: Bench) -> list[Line]:
    """Measure both."""
    with bench.room("python-jobs") as room:
        late_ms, started_ms = _latencies(bench, _home(room))
    runs_per_s: dict[str, list[float]] = {}
    kinds: dict[str, dict[str, object]] = {
        "Python jobs": {"python": "x.jobs:Empty"},
        "/bin/true": {"command": TRUE},
        "python -c pass": {"command": PYTHON},
    }
    count = bench.of(5, 200, 200)
    # All is removed at the end only, as in `herd`.
    with contextlib.ExitStack() as rooms:
        for number_of_round in range(bench.of(1, 3, 5)):
            for name, job in kinds.items():
                room = rooms.enter_context(bench.room(f"python-herd-{number_of_round}-{len(name)}"))
                taken_s = all_s(_home(room), job, count)
                bench.note(f"{name}: {count / taken_s:.0f} runs/s")
                runs_per_s.setdefault(name, []).append(count / taken_s)
    return [*_latency_lines(late_ms, started_ms), *_herd_lines(count, runs_per_s)]


def _home(room: Path) -> Home:
    """A home with the job."""
    path = room / "home" / "extensions" / "x" / "jobs.py"
    path.parent.mkdir(parents=True)
    path.write_text(JOB)
    return Home(room / "home")


def _latencies(bench: Bench, home: Home) -> tuple[list[float], list[float]]:
    """Milliseconds from each instant to the first line of the job; and of `python -c pass`, between the instants."""
    count = bench.of(2, 20, 60)
    bench.note(f"{count} instants")
    write_config(home, {"timed": {"python": "x.jobs:Timed", "every": "1s"}})
    started_ms = []
    with serving(home):
        time.sleep(bench.of(0.0, WARM_S, WARM_S))
        told = home.root / "late_ms"
        before = len(_told(told))
        while len(_told(told)) < before + count:
            time.sleep(1.0 - (time.time() - 0.5) % 1.0)  # to the middle between two instants
            begun_s = time.perf_counter()
            subprocess.run(PYTHON, check=True)
            started_ms.append((time.perf_counter() - begun_s) * 1000)
    return _told(told)[before:], started_ms


def _told(path: Path) -> list[float]:
    return [float(line) for line in path.read_text().splitlines()] if path.exists() else []


def _latency_lines(late_ms: list[float], started_ms: list[float]) -> list[Line]:
    ours, interpreter = percentile(late_ms, 0.5), percentile(started_ms, 0.5)
    what = "a job in Python: from due to its first line"
    figure = f"p50 {number(ours)} ms"
    ratio = ours / interpreter
    return [
        Line(what, figure, "", None, f"≤ {FIRST_LINE_MS_MAX:.0f} ms", ours <= FIRST_LINE_MS_MAX),
        Line(
            what,
            figure,
            f"`python -c pass` p50 {number(interpreter)} ms",
            ratio,
            f"≤ {TO_INTERPRETER_MAX} of it",
            ratio <= TO_INTERPRETER_MAX,
        ),
    ]


def _herd_lines(count: int, runs_per_s: dict[str, list[float]]) -> list[Line]:
    ours = runs_per_s["Python jobs"]
    lines = []
    for name in ("python -c pass", "/bin/true"):
        commands = runs_per_s[name]
        ratio = median([a / b for a, b in zip(ours, commands, strict=True)])
        lines.append(
            Line(
                f"{count} jobs in Python due at once, every result durable",
                f"{number(median(ours))} runs/s",
                each({f"as commands, `{name}`:": median(commands)}, "runs/s"),
                ratio,
                f"≥ {TO_COMMANDS_MIN} of the commands",
                ratio >= TO_COMMANDS_MIN,
            )
        )
    return lines
