"""The timeline of the page: a strip for each job, drawn as SVG, and one that shows when nobody watched."""

from __future__ import annotations

from datetime import datetime, timedelta
from itertools import groupby
from typing import Final

from cli.audit.markup import Html, joined, tag, text
from cli.audit.verdict import DISPOSITION_WORDS
from projections.audit.population.tally import PARTS, Disposition
from projections.audit.report import Report
from scheduler.wording.instants import show_time, zone_of

ROWS_MAX: Final = 40
"""So many jobs are drawn, the gravest if there are more."""
_HEIGHT: Final = 12
_WATCH_HEIGHT: Final = 6
_BAR: Final[dict[Disposition, tuple[float, float]]] = {
    "succeeded": (3, 6), "cancelled": (1.5, 9), "skipped": (1.5, 9), "in_flight": (3, 6), "settled": (4, 4),
    "undecided": (4, 4), "excluded": (5, 2), "disabled": (5, 2), "not_due": (5.5, 1),
}  # fmt: skip
"""Where a bar begins and how high it is; the others fill the strip, so that they are seen without colours too."""
_TICKS_MAX: Final = 8
_STEPS_H: Final = (1, 2, 3, 6, 12, 24, 48, 168, 336, 720, 1440, 2160, 4320, 8760)
_GRAVE: Final[tuple[Disposition, ...]] = ("unexplained", "failed", "missed", "skipped", "undecided")
_AXIS_END: Final = 94
"""No label begins further right, in hundredths: it would not fit."""


class Timeline:
    """The timeline of a report; `zone`: in which its axis is told."""

    def __init__(self, report: Report, zone: str) -> None:
        self._report, self._zone, self._window = report, zone, report.window
        self._length = report.window.end - report.window.begin

    def html(self) -> Html:
        """It, as part of a page."""
        shown, left_out = self._chosen()
        used = {part for _, parts in shown for part in parts}
        legend = [
            tag("li", tag("span", class_=f"swatch {each}"), text(name))
            for each, (name, _) in DISPOSITION_WORDS.items()
            if each in used
        ]
        rows = [self._watch(), *(self._strip(*strip) for strip in shown), self._axis()]
        drawn = tag("div", *rows, tag("ul", *legend, class_="legend"), class_="timeline")
        if not left_out:
            return drawn
        return joined(drawn, tag("p", text(f"and {left_out:,} more jobs with less to see"), class_="more"))

    def _chosen(self) -> tuple[list[tuple[str, list[Disposition | None]]], int]:
        strips = [(name, self._report.tally.parts(name)) for name in self._report.jobs]
        if len(strips) <= ROWS_MAX:
            return strips, 0
        strips.sort(key=lambda strip: [-sum(part == each for part in strip[1]) for each in _GRAVE])
        return sorted(strips[:ROWS_MAX]), len(strips) - ROWS_MAX

    def _strip(self, name: str, parts: list[Disposition | None]) -> Html:
        bars, at = [], 0
        for disposition, group in groupby(parts):
            width = len(list(group))
            if disposition is not None:
                y, height = _BAR.get(disposition, (0, _HEIGHT))
                words = f"{DISPOSITION_WORDS[disposition][0]}, {self._span(at, width)}"
                bars.append(_bar(disposition, at, width - 0.15, y, height, words))
            at += width
        return _row(name, bars, _HEIGHT, f"timeline of {name}")

    def _watch(self) -> Html:
        """When a scheduler watched, and when none did."""
        since = PARTS if self._report.watch.since is None else self._place(self._report.watch.since)
        bars = [_bar("up", since, PARTS - since, 0, _WATCH_HEIGHT, "")]
        for outage in self._report.watch.outages:
            begin, end = self._place(outage.began), self._place(outage.ended or self._report.made)
            words = f"{outage.kind}, {show_time(outage.began, self._zone)}"
            bars.append(_bar("outage", begin, max(0.25, end - begin), 0, _WATCH_HEIGHT, words))
        silent = self._place(self._report.head_time)
        if silent < PARTS:
            bars.append(_bar("silent", silent, PARTS - silent, 0, _WATCH_HEIGHT, "nothing is on record"))
        return _row("a scheduler watched", bars, _WATCH_HEIGHT, "when a scheduler watched", kind="row watch")

    def _place(self, moment: datetime) -> float:
        return min(PARTS, max(0.0, (moment - self._window.begin) / self._length * PARTS))

    def _span(self, part: int, width: int) -> str:
        begin = self._window.begin + self._length * part / PARTS
        end = self._window.begin + self._length * (part + width) / PARTS
        return f"{show_time(begin, self._zone)} to {show_time(end, self._zone)}"

    def _axis(self) -> Html:
        hours = self._length / timedelta(hours=1)
        step = next((each for each in _STEPS_H if hours / each <= _TICKS_MAX), _STEPS_H[-1])
        form = "%d %b" if step >= 24 else "%H:%M" if hours <= 24 else "%d %b %H:%M"
        begin = self._window.begin.astimezone(zone_of(self._zone)).replace(minute=0, second=0, microsecond=0)
        first = begin.replace(hour=0 if step >= 24 else begin.hour - begin.hour % step)
        marks = []
        for number in range(_TICKS_MAX + 2):
            mark = first + timedelta(hours=step * number)
            left = (mark - self._window.begin) / self._length * 100
            if 0 <= left <= _AXIS_END:
                line = tag("line", x1=f"{left:.2f}%", x2=f"{left:.2f}%", y2=24)
                marks.append(
                    joined(line, tag("text", text(mark.strftime(form)), x=f"{left:.2f}%", dx=5, y=15))
                )
        return tag("div", tag("span"), tag("svg", *marks, class_="ticks", aria_hidden="true"), class_="axis")


def _bar(kind: str, x: float, width: float, y: float, height: float, words: str) -> Html:
    title = [tag("title", text(words))] if words else []
    return tag("rect", *title, class_=kind, x=float(x), y=float(y), width=float(width), height=float(height))


def _row(name: str, bars: list[Html], height: int, label: str, kind: str = "row") -> Html:
    drawn = tag(
        "svg",
        *bars,
        viewBox=f"0 0 {PARTS} {height}",
        preserveAspectRatio="none",
        role="img",
        aria_label=label,
    )
    return tag("div", tag("span", text(name), class_="name", title=name), drawn, class_=kind)
