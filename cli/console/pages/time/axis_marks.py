"""What stands behind every row of the picture: the axis, outages, the present, changes of the clocks."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Final, NamedTuple

from markupsafe import Markup

from cli.charts.axis import Axis, axis_for, instant_of, microseconds, ticks
from cli.times.clock_changes import ClockChange
from cli.times.zones import zone_of
from projections.reports.outages import Outage

COLUMNS_MAX: Final = 300
UNIT: Final = 3.6
"""How wide a column is, in the units of the picture."""
WIDTH: Final = round(COLUMNS_MAX * UNIT)
_HEIGHT: Final = 26
_GROUND_HEIGHT: Final = 200
_LABEL_COLUMNS: Final = 84
"""So many characters have room side by side."""
_LABEL_WIDTH: Final = 62
# What is repeated by `use` is not reached by rules of the style sheet that name what is around it.
_TICK: Final = Markup('<path stroke="currentColor" stroke-opacity="0.18" d="M{} 0V{}"/>')
_OUTAGE: Final = Markup('<rect fill="currentColor" fill-opacity="0.13" x="{}" width="{}" height="{}"/>')
_CHANGE: Final = Markup('<path stroke="currentColor" stroke-dasharray="5 3" d="M{} 0V{}"/>')
_NOW: Final = Markup('<path stroke="currentColor" stroke-width="1.5" stroke-opacity="0.75" d="M{} 0V{}"/>')


class Scale(NamedTuple):
    """Where instants and columns stand in the picture.

    Attributes:
        axis: its columns; zone: whose clocks it shows.
        begin_us, end_us: of what was asked for; the axis may begin a little earlier.
    """

    axis: Axis
    zone: str
    begin_us: int
    end_us: int

    def at(self, instant_us: int) -> float:
        """Where an instant stands; at the edge if it is outside."""
        axis = self.axis
        part = (instant_us - axis.begin_us) / (axis.end_us - axis.begin_us)
        return round(min(max(part, 0.0), 1.0) * WIDTH, 1)

    def column(self, number: int) -> float:
        """Where a column begins."""
        return round(number * WIDTH / self.axis.columns, 1)


def ground(scale: Scale, outages: Sequence[Outage], changes: Sequence[ClockChange], now_us: int) -> Markup:
    """The head of the picture: labels of the axis, and what the rows repeat behind themselves as `#ground`."""
    labels, lines = [], []
    for place, label in _labels(scale):
        lines.append(_TICK.format(place, _GROUND_HEIGHT))
        if place < WIDTH - _LABEL_WIDTH / 2:
            labels.append(Markup('<text x="{}" y="18">{}</text>').format(place + 3, label))
    for outage in outages:
        begin, end = scale.at(outage.began_us), scale.at(outage.ended_us or min(now_us, scale.end_us))
        lines.insert(0, _OUTAGE.format(begin, round(max(end - begin, 1.5), 1), _GROUND_HEIGHT))
    lines += [_CHANGE.format(scale.at(microseconds(each.instant)), _GROUND_HEIGHT) for each in changes]
    if scale.begin_us <= now_us < scale.end_us:
        lines.append(_NOW.format(scale.at(now_us), _GROUND_HEIGHT))
    return Markup(
        '<svg class="chart" viewBox="0 0 {0} {1}" width="{0}" height="{1}" role="img" aria-label="the axis of time">'
        '<defs><g id="ground">{2}</g></defs><use href="#ground"/>{3}</svg>'
    ).format(WIDTH, _HEIGHT, Markup("").join(lines), Markup("").join(labels))


def _labels(scale: Scale) -> list[tuple[float, str]]:
    """Round times, and where they stand."""
    begin, end = instant_of(scale.axis.begin_us), instant_of(scale.axis.end_us)
    coarse = axis_for(begin, end - timedelta(microseconds=1), _LABEL_COLUMNS, zone_of(scale.zone))
    return [(scale.at(coarse.begin_us + tick.column * coarse.column_us), tick.label)
            for tick in ticks(coarse, zone_of(scale.zone))
            if coarse.begin_us + tick.column * coarse.column_us >= scale.axis.begin_us]  # fmt: skip
