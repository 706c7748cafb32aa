"""The herd of a home with an embedded ledger, against the last version that knew no other kind."""

from __future__ import annotations

import contextlib
from pathlib import Path

from benchmarks import herd_contenders as contenders
from benchmarks.bench import Bench
from benchmarks.earlier_version import NotThere, install
from benchmarks.figures import Line, median, number
from benchmarks.observer import Observer, make_programs

EARLIER = "ca50ba82b112f3148856345aec57398a6cf0ddaa"
"""The last commit before a ledger could be in a database."""
RATIO_MIN = 0.98


def run(bench: Bench) -> list[Line]:
    """Both versions in turns: runs per second until the last result is durable, and what it takes the scheduler."""
    count = bench.of(5, 500, 500)
    with contextlib.ExitStack() as rooms:
        try:
            earlier = install(rooms.enter_context(bench.room("earlier-version")), EARLIER)
        except NotThere as problem:
            bench.note(f"the embedded herd is not compared with an earlier version: {problem}")
            return []
        herds: dict[str, list[contenders.Herd]] = {"now": [], "earlier": []}
        turns = {"now": contenders.cronledger, "earlier": contenders.cronledger_by(earlier)}
        for number_of_round in range(bench.of(1, 7, 21)):
            # Who comes second finds a machine that the first has warmed: they change places.
            for name in sorted(turns, reverse=number_of_round % 2 == 0):
                room = rooms.enter_context(bench.room(f"embedded-{number_of_round}-{name}"))
                herds[name].append(_herd(turns[name], room, count))
                herd = herds[name][-1]
                bench.note(
                    f"{name}: {count / herd.all_s:.0f} runs/s, {count / herd.cpu_s:.0f} per second of its own"
                )
    pairs = list(zip(herds["now"], herds["earlier"], strict=True))
    what = f"{count} commands due at once, an embedded ledger"
    return [
        _line(what, "runs/s", [(count / now.all_s, count / before.all_s) for now, before in pairs]),
        _line(
            f"{what}: per second of the scheduler's",
            "runs",
            [(count / now.cpu_s, count / before.cpu_s) for now, before in pairs],
        ),
    ]


def _line(what: str, unit: str, pairs: list[tuple[float, float]]) -> Line:
    ratio = median([now / before for now, before in pairs])
    now, before = (median(values) for values in zip(*pairs, strict=True))
    reference = f"before there were nodes {number(before)} {unit}"
    return Line(what, f"{number(now)} {unit}", reference, ratio, f"≥ {RATIO_MIN} of that", ratio >= RATIO_MIN)


def _herd(contend: contenders.Contender, room: Path, count: int) -> contenders.Herd:
    programs = make_programs(room / "programs", count)
    observer = Observer(room / "programs")
    try:
        return contend(contenders.Stage(room, programs, observer, None))
    finally:
        observer.close()
