"""`jobs list` and `jobs history --limit 20` as whole processes, with a long history and with a short one."""

from __future__ import annotations

from benchmarks.bench import Bench
from benchmarks.figures import Line, median, number
from benchmarks.generate import generate, long_home
from benchmarks.homes import taken_ms_by
from scheduler.home import Home

TAKEN_MS_MAX = 250.0
RATIO_MAX = 1.3
COMMANDS = (("jobs", "list"), ("jobs", "history", "--limit", "20"))


def run(bench: Bench) -> list[Line]:
    """Measure both, in turns."""
    few, many = bench.of(600, 10_000, 10_000), bench.of(1_200, 100_000, 10_000_000)
    lines = []
    with bench.room("listing") as room:
        short, long = Home(room / "short"), long_home(bench, many)
        generate(short, few)
        for command in COMMANDS:
            taken_ms: dict[Home, list[float]] = {short: [], long: []}
            for _ in range(bench.of(1, 7, 15)):
                for home, values in taken_ms.items():
                    values.append(taken_ms_by(home, *command))
            mine, reference = median(taken_ms[long]), median(taken_ms[short])
            lines.append(
                Line(
                    f"`{' '.join(command)}`, {many:,} entries",
                    f"{number(mine)} ms",
                    f"{few:,} entries {number(reference)} ms",
                    mine / reference,
                    f"≤ {TAKEN_MS_MAX:.0f} ms and ≤ {RATIO_MAX} times it",
                    mine <= TAKEN_MS_MAX and mine / reference <= RATIO_MAX,
                )
            )
    return lines
