"""The figures of a comparison, and the one table that is made of them."""

from __future__ import annotations

import statistics
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from rich import box
from rich.console import Console
from rich.table import Table


class Line(NamedTuple):
    """One line of the table.

    Attributes:
        what: what was measured.
        ours: cronledger's figure, with its unit.
        reference: what it is compared with, each with its figure; empty where there is only a limit.
        ratio: how cronledger's figure relates to the reference that the aim speaks of; None where it does not.
        aim: what is wanted; empty for a figure that is only informative.
        reached: whether it is; None where there is no aim.
    """

    what: str
    ours: str
    reference: str = ""
    ratio: float | None = None
    aim: str = ""
    reached: bool | None = None


def median(values: Sequence[float]) -> float:
    """The middle one of several rounds."""
    return statistics.median(values)


def percentile(values: Sequence[float], share: float) -> float:
    """The value that `share` of the values do not exceed (the nearest one that was measured)."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, round(share * (len(ordered) - 1)))]


def each(figures: Mapping[str, float], unit: str) -> str:
    """Several references with their figures: `raw write 3,400/s · SQLite 2,900/s`."""
    return " · ".join(f"{name} {number(value)} {unit}" for name, value in figures.items())


def number(value: float) -> str:
    """A figure with three significant digits or, from 1,000 on, in whole numbers."""
    return f"{value:,.0f}" if value >= 1_000 else f"{value:.3g}"


def show(lines: Sequence[Line], machine: str) -> None:
    """Print the table."""
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for heading in ("what", "cronledger", "compared with", "ratio", "aim", "reached"):
        table.add_column(heading, justify="right" if heading == "ratio" else "left", overflow="fold")
    for line in lines:
        ratio = "" if line.ratio is None else f"{line.ratio:.2f}"
        reached = "" if line.reached is None else "yes" if line.reached else "NO"
        table.add_row(line.what, line.ours, line.reference, ratio, line.aim, reached)
    console = Console(soft_wrap=False, width=None if Console().is_terminal else 200)
    console.print(table)
    console.print(machine)
