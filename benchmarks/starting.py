"""Short commands as whole processes, in turns with the least that a command of Python with these libraries takes."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable

from benchmarks.asking import started_by_request
from benchmarks.bench import Bench
from benchmarks.figures import Line, median, number
from benchmarks.homes import cronledger, serving, write_config
from benchmarks.observer import Observer, make_programs
from scheduler.home import Home

JOBS = 20
CLICK = "import click"
ENGINE = "import click, duckdb; duckdb.connect()"
COMMANDS = (
    (("jobs", "list"), CLICK, 2.0),
    (("status",), CLICK, 2.0),
    (("jobs", "history"), CLICK, 2.0),
    (("jobs", "show", "asked-for"), CLICK, 2.0),
    (("sql", "select 1"), ENGINE, 1.5),
)
"""Each command, what it is compared with, and how many times that it may take."""
RUN_RATIO_MAX = 2.5


def run(bench: Bench) -> list[Line]:
    """Measure each command on a home that is served, and to the process of a job that is asked for."""
    turns = bench.of(1, 7, 25)
    with bench.room("starting") as room:
        (program,) = make_programs(room / "programs", 1)
        home = Home(room / "home")
        jobs = {f"job-{number:02}": _job(program, f"{number} 3 * * *") for number in range(JOBS)}
        write_config(home, {**jobs, "asked-for": _job(program, "0 0 1 1 *")})
        with serving(home):
            observer = Observer(program.parent)
            lines = [
                _line(f"`{' '.join(words)}`", turns, _command(home, *words), base, aim)
                for words, base, aim in COMMANDS
            ]
            asked = _until_started(home, observer)
            lines.append(_line("`jobs run`: to the process", turns, asked, CLICK, RUN_RATIO_MAX))
            observer.close()
    return lines


def _job(program: object, schedule: str) -> dict[str, object]:
    return {"schedule": schedule, "command": [str(program)]}


def _line(what: str, turns: int, measured: Callable[[], float], base: str, aim: float) -> Line:
    """Both by turns; the ratio is the median of those of the turns, for a machine is not always equally fast."""
    reference = _process([sys.executable, "-c", base])
    measured(), reference()  # whoever comes first compiles the modules
    mine, theirs = [], []
    for _ in range(turns):
        theirs.append(reference())
        mine.append(measured())
    ratio = median([one / other for one, other in zip(mine, theirs, strict=True)])
    return Line(
        what,
        f"{number(median(mine))} ms",
        f"`python -c '{base}'` {number(median(theirs))} ms",
        ratio,
        f"≤ {aim:g} times it",
        ratio <= aim,
    )


def _command(home: Home, *words: str) -> Callable[[], float]:
    return _process(cronledger(home, *words))


def _process(command: list[str]) -> Callable[[], float]:
    """What runs a process and says how many milliseconds it took; modules are compiled once, as after installing."""
    environ = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}

    def taken_ms() -> float:
        begun_s = time.perf_counter()
        subprocess.run(command, check=True, capture_output=True, env=environ)
        return (time.perf_counter() - begun_s) * 1000

    return taken_ms


def _until_started(home: Home, observer: Observer) -> Callable[[], float]:
    """What asks for a run, and says how many milliseconds it took from the command's start to the job's process."""

    def taken_ms() -> float:
        observer.forget()
        begun_s = time.time()
        started_s = started_by_request(home, observer)
        time.sleep(0.02)
        return (started_s - begun_s) * 1000

    return taken_ms
