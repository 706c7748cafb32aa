"""Pictures of one job's past, as SVG: what they show stands in a table beside them too."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from markupsafe import Markup

from cli.charts.heatmap import LEVELS, HeatmapDay, What, bounds, level
from cli.terminal.printable import printable
from cli.times.show import show_duration, show_time
from cli.words.words import outcome_symbol

if TYPE_CHECKING:
    from projections.reports.job_history import RunDuration

_CELL: Final = 18
_LEFT, _TOP = 90, 20
_WIDTH, _HEIGHT = 720, 180
_HOUR: Final = Markup(
    '<g><title>{}</title><rect x="{}" y="{}" width="{}" height="{}" fill="currentColor" fill-opacity="{}"{}/></g>'
)
_FAILED: Final = Markup(' class="tone-bad" stroke="currentColor" stroke-width="2"')
_BAR: Final = Markup(
    '<g class="tone-{}"><title>{}</title><rect x="{}" y="{}" width="{}" height="{}" fill="currentColor"/></g>'
)


def heatmap_picture(days: Sequence[HeatmapDay], what: What, title: str) -> Markup:
    """Days by hours: the darker, the more; what went wrong has a frame, so that it is not told by colour alone."""
    values = [counts.value(what) for day in days for hour in day.hours for counts in hour if counts]
    least_of = bounds(values)
    parts = [
        Markup('<text class="label" x="{}" y="14" font-size="11">{}</text>').format(
            _LEFT + hour * _CELL, f"{hour:02}"
        )
        for hour in range(0, 24, 3)
    ]
    for row, day in enumerate(days):
        y = _TOP + row * _CELL
        label = Markup('<text class="label" x="0" y="{}" font-size="11">{}</text>')
        parts.append(label.format(y + 13, f"{day.day:%a %Y-%m-%d}"))
        for hour, twice in enumerate(day.hours):
            width = (_CELL - 2) // max(1, len(twice))
            for place, counts in enumerate(twice):
                if counts is None or not counts.runs:
                    continue
                told = f"{day.day} {hour:02}:00: {counts.runs:,} runs, {counts.failures:,} failed"
                shade = max(0.2, level(counts.value(what), least_of) / LEVELS)
                failed = _FAILED if counts.failures else Markup("")
                left = _LEFT + hour * _CELL + place * width
                parts.append(_HOUR.format(told, left, y, width, _CELL - 2, f"{shade:.2f}", failed))
    return _drawn(_LEFT + 24 * _CELL, _TOP + len(days) * _CELL, title, parts)


def durations_picture(runs: Sequence[RunDuration], title: str, zone: str) -> Markup:
    """A bar for each run, the oldest on the left; one that went wrong has its symbol on top."""
    longest = max((run.duration_ms for run in runs), default=0) or 1
    step = max(4.0, _WIDTH / max(1, len(runs)))
    parts = [
        Markup('<text class="label" x="0" y="12" font-size="11">{}</text>').format(
            f"{show_duration(longest)}"
        ),
        Markup(
            '<line class="axis" x1="0" x2="{}" y1="{}" y2="{}" stroke="currentColor" stroke-opacity="0.4"/>'
        ).format(_WIDTH, _HEIGHT, _HEIGHT),
    ]
    for number, run in enumerate(runs):
        height = max(1.0, (_HEIGHT - 30) * run.duration_ms / longest)
        tone, symbol = outcome_symbol(run.outcome, unicode=True)
        x, y = number * step, _HEIGHT - height
        told = f"run {run.run}, {show_time(run.started, zone)}: {run.outcome} in {show_duration(run.duration_ms)}"
        parts.append(_BAR.format(tone, told, f"{x:.1f}", f"{y:.1f}", f"{step - 1:.1f}", f"{height:.1f}"))
        if run.outcome != "succeeded":
            mark = Markup('<text class="tone-{}" x="{}" y="{}" font-size="10" fill="currentColor">{}</text>')
            parts.append(mark.format(tone, f"{x:.1f}", f"{y - 2:.1f}", symbol))
    return _drawn(_WIDTH, _HEIGHT + 4, title, parts)


def _drawn(width: int, height: int, title: str, parts: Sequence[Markup]) -> Markup:
    frame = Markup(
        '<svg class="chart" role="img" viewBox="0 0 {} {}" width="{}" height="{}" aria-label="{}">'
        "<title>{}</title>{}</svg>"
    )
    told = printable(title)
    return frame.format(width, height, width, height, told, told, Markup("").join(parts))
