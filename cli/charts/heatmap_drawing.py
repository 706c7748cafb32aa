"""The heatmap as lines of text: a line for each day, a cell for each hour, shades that differ as characters too."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from cli.charts.heatmap import LEVELS, HeatmapDay, RunCounts, What, bounds, level
from cli.terminal.console import Tone, paint
from cli.times.show import show_duration

_LABEL = "Mon 2026-11-23"
_LABEL_SHORT = "11-23"
_GAP = "  "
_LEGEND_GAP = "   "
_TOTAL_WIDTHS: dict[What, int] = {"runs": 9, "failures": 10, "duration": 13}
"""Room for the longest total, such as `25 min 38 s`, and a gap between it and the cells."""
_CELL_MAX = 4
_HOURS = 24
_SHADES = "░▒▓█"
_SHADES_ASCII = ":+%#"
TONES: dict[What, Tone] = {"runs": "good", "failures": "bad", "duration": "plain"}
_NOUNS: dict[What, str] = {"runs": "runs", "failures": "failures", "duration": "per run"}


class HeatmapCanvas(NamedTuple):
    """What a heatmap is drawn on: its width, and whether it can show symbols beyond ASCII and colours."""

    width: int
    unicode: bool
    colour: bool

    @property
    def shades(self) -> str:
        """The characters of the levels, from the lightest."""
        return _SHADES if self.unicode else _SHADES_ASCII

    @property
    def nothing(self) -> str:
        """The character of an hour with the value 0."""
        return "·" if self.unicode else "."


def picture(canvas: HeatmapCanvas, days: Sequence[HeatmapDay], what: What) -> list[str]:
    """The whole heatmap, without its title."""
    total_width = _TOTAL_WIDTHS[what]
    label = _LABEL if canvas.width >= _line_width(_LABEL, 2, what) else _LABEL_SHORT
    cell = max(1, min((canvas.width - _line_width(label, 0, what)) // _HOURS, _CELL_MAX))
    least_of = bounds(counts.value(what) for day in days for hour in day.hours for counts in hour if counts)
    lines = [
        canvas_line(canvas, [(f"{'':{len(label)}}{_GAP}{_hours(cell)}{_title(what):>{total_width}}", "dim")])
    ]
    for day in days:
        name = f"{day.day:%a %Y-%m-%d}" if label is _LABEL else f"{day.day:%m-%d}"
        texts: list[tuple[str, Tone]] = [(name + _GAP, "plain" if day.day.weekday() < 5 else "dim")]
        for hour in day.hours:
            texts += _cell(canvas, hour, what, least_of, cell)
        total = shown(day.total.value(what), what)
        texts.append((f"{total:>{total_width}}", "plain" if day.total.value(what) else "dim"))
        if day.length_h != _HOURS and canvas.width >= _line_width(label, cell, what) + len("  25 h"):
            texts.append((f"  {day.length_h} h", "dim"))
        lines.append(canvas_line(canvas, texts))
    return [*lines, *_hour_totals(canvas, days, what, label, cell), "", *_legend(canvas, what, least_of)]


def canvas_line(canvas: HeatmapCanvas, texts: Sequence[tuple[str, Tone]]) -> str:
    """One line, coloured if there are colours."""
    return "".join(paint(text, tone, canvas.colour) for text, tone in texts).rstrip()


def shown(value: int, what: What) -> str:
    """A value as people read it; `-` for nothing."""
    if value == 0:
        return "-"
    return show_duration(value) if what == "duration" else f"{value:,}"


def _line_width(label: str, cell: int, what: What) -> int:
    return len(label) + len(_GAP) + cell * _HOURS + _TOTAL_WIDTHS[what]


def _hours(cell: int) -> str:
    """The labels of the hours above the cells, as many as there is room for."""
    every = {1: 6, 2: 3, 3: 2}.get(cell, 1)
    return "".join(f"{hour:02d}".ljust(cell * every) for hour in range(0, _HOURS, every))


def _title(what: What) -> str:
    return "MEAN" if what == "duration" else _NOUNS[what].upper()


def _cell(
    canvas: HeatmapCanvas, hour: Sequence[RunCounts | None], what: What, least_of: list[int], cell: int
) -> list[tuple[str, Tone]]:
    """The cell of an hour: blank if clocks skipped it or it is in the future; divided if the hour comes twice."""
    if not hour:
        return [(" " * cell, "plain")]
    values = [None if counts is None else counts.value(what) for counts in hour]
    if cell == 1:
        values = [max(values, key=lambda value: -1 if value is None else value)]
    sizes = [cell] if len(values) == 1 else [cell - cell // 2, cell // 2]
    return [
        (" " * size, "plain") if value is None else _shade(canvas, level(value, least_of), size, what)
        for value, size in zip(values, sizes, strict=True)
    ]


def _shade(canvas: HeatmapCanvas, dark: int, size: int, what: What) -> tuple[str, Tone]:
    if dark == 0:
        return canvas.nothing + " " * (size - 1), "dim"
    return canvas.shades[dark - 1] * size, TONES[what]


def _hour_totals(
    canvas: HeatmapCanvas, days: Sequence[HeatmapDay], what: What, label: str, cell: int
) -> list[str]:
    """A last line: the sum of each hour over all days, on a scale of its own, and the sum of everything."""
    if len(days) < 2:
        return []
    sums = [RunCounts()] * _HOURS
    total = RunCounts()
    for day in days:
        total = total.plus(day.total)
        for number, hour in enumerate(day.hours):
            for counts in hour:
                sums[number] = sums[number].plus(counts or RunCounts())
    least_of = bounds(counts.value(what) for counts in sums)
    texts: list[tuple[str, Tone]] = [
        (f"{'all days' if label == _LABEL else 'all':{len(label)}}{_GAP}", "strong")
    ]
    texts += [_shade(canvas, level(counts.value(what), least_of), cell, what) for counts in sums]
    texts.append((f"{shown(total.value(what), what):>{_TOTAL_WIDTHS[what]}}", "strong"))
    return ["", canvas_line(canvas, texts)]


def _legend(canvas: HeatmapCanvas, what: What, least_of: list[int]) -> list[str]:
    """What the shades mean, on as many lines as needed."""
    items: list[list[tuple[str, Tone]]] = [[(f"{canvas.nothing} none", "dim")]]
    for number, least in enumerate(least_of[:LEVELS]):
        last = number + 1 == len(least_of)
        words = shown(least, what) if what != "duration" or number else "less"
        if not last and what != "duration" and least_of[number + 1] - 1 > least:
            words += f"-{least_of[number + 1] - 1:,}"
        items.append(
            [(f"{canvas.shades[number]} ", TONES[what]), (words if not last else f"{words} or more", "plain")]
        )
    items.append([(_NOUNS[what] + ("" if what == "duration" else " an hour"), "dim")])
    lines: list[list[tuple[str, Tone]]] = [[]]
    used = 0
    for item in items:
        size = sum(len(text) for text, _ in item)
        if used and used + len(_LEGEND_GAP) + size > canvas.width:
            lines.append([])
            used = 0
        if used:
            lines[-1].append((_LEGEND_GAP, "plain"))
            used += len(_LEGEND_GAP)
        lines[-1] += item
        used += size
    return [canvas_line(canvas, line) for line in lines]
