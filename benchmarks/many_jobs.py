"""Ten thousand jobs: how soon a scheduler is ready, how much memory it holds, what it costs while nothing is due."""

from __future__ import annotations

import re
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from benchmarks.bench import Bench
from benchmarks.figures import Line, each, median, number
from benchmarks.herd_contenders import write_cronstable
from benchmarks.homes import serving, write_config
from benchmarks.machine import cpu_s, resident_mb
from scheduler.home import Home

FIRST_TO_SECOND_MAX = 1.5
SECOND_TO_PEER_MAX = 1.0
MEMORY_TO_PEER_MAX = 1.3
IDLE_PERCENT_MAX = 0.1
PEER = "APScheduler"
SETTLE_S = 3.0
APSCHEDULER_JOBS = str(Path(__file__).with_name("apscheduler_jobs.py"))
SECOND = "its second start"
HOUR_S = 3_600


class Cost(NamedTuple):
    """What a scheduler with many jobs costs."""

    ready_s: float
    resident_mb: float
    idle_percent: float


def run(bench: Bench) -> list[Line]:
    """Measure all of them, in turns."""
    count = bench.of(20, 10_000, 10_000)
    costs: dict[str, list[Cost]] = {}
    contenders = {"cronledger": _cronledger, SECOND: _again}
    if bench.peers is not None:
        contenders |= {"APScheduler": _apscheduler, "cronstable": _cronstable}
    for _ in range(bench.of(1, 1, 3)):
        with bench.room("many-jobs") as room:
            paths = [room / "programs" / f"job-{number:05d}" for number in range(count)]
            for name, contend in contenders.items():
                cost = contend(bench, room, paths)
                bench.note(
                    f"{name}: {cost.ready_s:.2f} s, {cost.resident_mb:.0f} MB, {cost.idle_percent:.2f} %"
                )
                costs.setdefault(name, []).append(cost)
    return _lines(f"{count:,} jobs", costs)


def _lines(what: str, costs: dict[str, list[Cost]]) -> list[Line]:
    """Of times and memory the ratios are those of the rounds, of which the machine's speed is a part."""
    ready, memory, idle = (
        {name: [cost[member] for cost in values] for name, values in costs.items()} for member in range(3)
    )
    second = _medians(ready)
    first_s = second.pop("cronledger")
    second_s = second.pop(SECOND)
    to_second = _ratio(ready, "cronledger", SECOND)
    lines = [
        Line(
            f"{what}: ready after, the first time",
            f"{number(first_s)} s",
            f"{SECOND} {number(second_s)} s",
            to_second,
            f"≤ {FIRST_TO_SECOND_MAX:g} times that",
            to_second <= FIRST_TO_SECOND_MAX,
        ),
        _to_peer(f"{what}: ready after, {SECOND}", number(second_s), "s", ready, SECOND, SECOND_TO_PEER_MAX),
    ]
    for name, when in (("cronledger", "the first time"), (SECOND, SECOND)):
        held = number(_medians(memory)[name])
        lines.append(
            _to_peer(f"{what}: resident memory, {when}", held, "MB", memory, name, MEMORY_TO_PEER_MAX)
        )
    idles = _medians(idle)
    most = max(idles.pop("cronledger"), idles.pop(SECOND))
    lines.append(
        Line(
            f"{what}: idle",
            f"{number(most)} % of a core",
            each(idles, "%"),
            None,
            f"≤ {IDLE_PERCENT_MAX:g} %",
            most <= IDLE_PERCENT_MAX,
        )
    )
    return lines


def _medians(figures: dict[str, list[float]]) -> dict[str, float]:
    return {name: median(values) for name, values in figures.items()}


def _ratio(figures: dict[str, list[float]], ours: str, other: str) -> float:
    return median([a / b for a, b in zip(figures[ours], figures[other], strict=True)])


def _to_peer(
    what: str, ours: str, unit: str, figures: dict[str, list[float]], name: str, most: float
) -> Line:
    others = {peer: value for peer, value in _medians(figures).items() if peer not in ("cronledger", SECOND)}
    if PEER not in others:
        return Line(what, f"{ours} {unit}")
    ratio = _ratio(figures, name, PEER)
    aim = f"≤ {most:g} times {PEER}'s"
    return Line(what, f"{ours} {unit}", each(others, unit), ratio, aim, ratio <= most)


def _schedules(count: int) -> Iterator[str]:
    """Each job once a day, none within the next hours, at as many different minutes as there are."""
    begin = (time.time() // HOUR_S + 3) * 60
    for number_of_job in range(count):
        minute = int(begin + number_of_job % (18 * 60)) % (24 * 60)
        yield f"{minute % 60} {minute // 60} * * *"


def _cronledger(bench: Bench, room: Path, paths: list[Path]) -> Cost:
    home = Home(room / "home")
    schedules = _schedules(len(paths))
    write_config(home, {p.name: {"schedule": next(schedules), "command": [str(p)]} for p in paths})
    return _again(bench, room, paths)


def _again(bench: Bench, room: Path, paths: list[Path]) -> Cost:
    """The same home once more, with the jobs in its ledger."""
    del paths
    with serving(Home(room / "home")) as scheduler:
        return _cost(bench, scheduler.pid, scheduler.ready_s)


def _apscheduler(bench: Bench, room: Path, paths: list[Path]) -> Cost:
    assert bench.peers is not None
    programs = room / "programs"
    programs.mkdir(exist_ok=True)
    for path in paths:
        path.touch()
    command = [
        bench.peers.python,
        APSCHEDULER_JOBS,
        "memory",
        "8",
        str(time.time() + 6 * HOUR_S),
        str(programs),
        str(room),
    ]
    with _started(command, rb"ready") as (pid, ready_s):
        return _cost(bench, pid, ready_s)


def _cronstable(bench: Bench, room: Path, paths: list[Path]) -> Cost:
    """Its first words come once its config is in force."""
    assert bench.peers is not None
    config = room / "cronstable.yaml"
    write_cronstable(config, dict(zip(paths, _schedules(len(paths)), strict=True)))
    with _started([bench.peers.cronstable, "-c", str(config)], rb"Job set id") as (pid, ready_s):
        return _cost(bench, pid, ready_s)


@contextmanager
def _started(command: list[str], ready: bytes) -> Iterator[tuple[int, float]]:
    begun_s = time.monotonic()
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT) as process:
        assert process.stdout is not None, "it was opened with a pipe"
        try:
            for line in process.stdout:
                if re.search(ready, line):
                    break
            else:
                raise RuntimeError(f"{command[0]} did not start")
            yield process.pid, time.monotonic() - begun_s
        finally:
            process.send_signal(signal.SIGTERM)
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                process.kill()


def _cost(bench: Bench, pid: int, ready_s: float) -> Cost:
    time.sleep(bench.of(0.1, SETTLE_S, SETTLE_S))
    before_s, watch_s = cpu_s(pid), bench.of(0.5, 10.0, 20.0)
    time.sleep(watch_s)
    return Cost(ready_s, resident_mb(pid), 100 * (cpu_s(pid) - before_s) / watch_s)
