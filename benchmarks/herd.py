"""The herd: 500 commands that fall due at one instant.

Each contender is started anew for each round and is given the same programs, all due at the same instant. What
is measured is seen from the outside: when the first program starts, and when the last one has ended, counted
from the instant. For cronledger the end is later: when the last result is on disk. The others record nothing
durable, or less; that is to their advantage.
"""

from __future__ import annotations

import contextlib
from pathlib import Path

from benchmarks import herd_contenders as contenders
from benchmarks.bench import Bench
from benchmarks.figures import Line, each, median, number
from benchmarks.observer import Observer, make_programs
from benchmarks.peers import why_no_cron

PEER_RATIO_MIN = 1.0
BARE_RATIO_MIN = 0.9
FIRST_START_MS_MAX = 10.0
SIGNED_RATIO_MIN = 0.95


def run(bench: Bench) -> list[Line]:
    """Measure all of them, in turns."""
    count = bench.of(5, 500, 500)
    runs_per_s: dict[str, list[float]] = {}
    first_ms: dict[str, list[float]] = {}
    # All is removed at the end only: for a minute after files were removed, ext4 is slow at making others.
    with contextlib.ExitStack() as rooms:
        for number_of_round in range(bench.of(1, 3, 5)):
            for name, contend in _contenders(bench, number_of_round).items():
                room = rooms.enter_context(bench.room(f"herd-{number_of_round}-{name}".replace(" ", "-")))
                herd = _herd(bench, contend, room, count)
                bench.note(f"{name}: {herd.first_ms:.1f} ms, {count / herd.all_s:.0f} runs/s")
                runs_per_s.setdefault(name, []).append(count / herd.all_s)
                first_ms.setdefault(name, []).append(herd.first_ms)
    return _lines(count, runs_per_s, first_ms)


def _herd(bench: Bench, contend: contenders.Contender, room: Path, count: int) -> contenders.Herd:
    programs = make_programs(room / "programs", count)
    observer = Observer(room / "programs")
    try:
        return contend(contenders.Stage(room, programs, observer, bench.peers))
    finally:
        observer.close()


def _contenders(bench: Bench, number_of_round: int) -> dict[str, contenders.Contender]:
    all_of_them: dict[str, contenders.Contender] = {
        "cronledger": contenders.cronledger,
        "cronledger, signed": contenders.cronledger_signed,
        "bare loop": contenders.bare_loop,
    }
    if bench.peers is None:
        return all_of_them
    all_of_them |= {"APScheduler": contenders.apscheduler, "cronstable": contenders.cronstable}
    # It knows no instants between the minutes, so that a round takes up to a minute.
    problem = why_no_cron()
    if problem is not None:
        bench.note(f"Debian cron is left out: {problem}")
    elif number_of_round < bench.of(0, 1, 3):
        all_of_them["Debian cron"] = contenders.debian_cron
    return all_of_them


def _lines(count: int, runs_per_s: dict[str, list[float]], first_ms: dict[str, list[float]]) -> list[Line]:
    what = f"{count} commands due at once"
    rate = {name: median(values) for name, values in runs_per_s.items()}
    first = {name: median(values) for name, values in first_ms.items()}
    ours, bare, mine = rate.pop("cronledger"), rate.pop("bare loop"), first.pop("cronledger")
    signed = rate.pop("cronledger, signed")
    first.pop("cronledger, signed")
    pairs = zip(runs_per_s["cronledger, signed"], runs_per_s["cronledger"], strict=True)
    to_unsigned = median([a / b for a, b in pairs])
    pairs = zip(runs_per_s["cronledger"], runs_per_s["bare loop"], strict=True)
    to_bare = median([a / b for a, b in pairs])
    lines = [
        Line(
            f"{what}, every result durable",
            f"{number(ours)} runs/s",
            f"bare posix_spawn + pidfd loop {number(bare)} runs/s",
            to_bare,
            f"≥ {BARE_RATIO_MIN} of the bare loop",
            to_bare >= BARE_RATIO_MIN,
        ),
        Line(
            f"{what}: the first started after",
            f"{number(mine)} ms",
            each(first, "ms"),
            None,
            f"≤ {FIRST_START_MS_MAX:.0f} ms",
            mine <= FIRST_START_MS_MAX,
        ),
    ]
    lines.append(
        Line(
            f"{what}, in a ledger that has a key",
            f"{number(signed)} runs/s",
            f"without one {number(ours)} runs/s",
            to_unsigned,
            f"≥ {SIGNED_RATIO_MIN} of that without",
            to_unsigned >= SIGNED_RATIO_MIN,
        )
    )
    if rate:
        best = max(rate.values())
        aim = "ahead of every peer"
        reached = ours / best > PEER_RATIO_MIN
        lines.insert(1, Line(what, f"{number(ours)} runs/s", each(rate, "runs/s"), ours / best, aim, reached))
    return lines
