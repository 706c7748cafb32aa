"""One job's row of the picture, as SVG: each mark has a form of its own, so that nothing is told by colour alone."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final, NamedTuple
from urllib.parse import quote, quote_plus, urlencode

from markupsafe import Markup, escape

from cli.charts.axis import instant_of
from cli.charts.timeline import SIGNS, LateMark, RunMark, RunSpan, packed_lanes
from cli.charts.timeline_data import JobRow
from cli.charts.timeline_marks import TONES, UNICODE, WORDS
from cli.charts.timeline_planned import PlannedRuns
from cli.console.pages.time.axis_marks import WIDTH, Scale
from cli.console.pages.time.wanted import TimeWanted, iso
from cli.console.pages.time.why_cells import WhyCells
from cli.terminal.printable import printable, show_count
from cli.times.show import show_time
from projections.reports.timeline.disabled_stretches import DisabledStretch
from projections.reports.timeline.made_up_runs import MadeUpRuns

_LANE: Final = 18
_FORMS: Final[dict[str, tuple[float, float, str]]] = {
    "succeeded": (6, 7, 'fill="currentColor"'),
    "running": (6, 6, 'fill="currentColor" fill-opacity="0.45" stroke="currentColor"'),
    "owed": (8, 2, 'fill="currentColor"'),
    "planned": (6.5, 5, 'class="future" fill="none"'),
    "missed": (
        3.5,
        11,
        'fill="currentColor" fill-opacity="0.12" stroke="currentColor" stroke-dasharray="2 1.5"',
    ),
    "skipped": (13, 3, 'fill="currentColor"'),
    "retried": (4, 10, 'fill="currentColor" fill-opacity="0.6"'),
    "cancelled": (4, 10, 'fill="currentColor" fill-opacity="0.6"'),
}
"""Where in its lane a mark begins, how high it is, and how it is painted; all others fill the lane."""
_FULL: Final = (1.5, 15, 'fill="currentColor"')
_NARROWEST: Final = 3.0
_SYMBOL_COLUMNS: Final = 4
"""A sign has its symbol beside it where so many columns after it are free."""


class Bar(NamedTuple):
    """A bar of the picture: runs of one mark in columns side by side.

    Attributes:
        first, last: its columns; lane: how far down it is.
        mark: what became of the runs; runs: how many they are.
        waits_from: the column in which it was due, if that is an earlier one.
        due_us: when the first of them was due, where that is known.
        open: where the next one in the lane begins.
    """

    first: int
    last: int
    lane: int
    mark: RunMark
    runs: int
    waits_from: int | None
    due_us: int | None
    open: int = 1_000_000


class RowMarks(NamedTuple):
    """What a row shows beside its runs."""

    planned: Sequence[PlannedRuns] = ()
    disabled: Sequence[DisabledStretch] = ()
    made_up: Sequence[MadeUpRuns] = ()


class RowPicture:
    """Draws the rows of one page: thousands of marks, so that what they share is made once.

    Args:
        scale: where things stand.
        wanted: what the page shows.
        base: what stands before the path of every link.
        cells: what is behind the marks.
    """

    def __init__(self, scale: Scale, wanted: TimeWanted, base: str, cells: WhyCells) -> None:
        self._scale, self._wanted, self._base = scale, wanted, base
        self._cells = cells
        self._lefts = [scale.column(number) for number in range(scale.axis.columns + 1)]
        self._clocks: dict[int, str] = {}
        self._stamps: dict[int, str] = {}

    def svg(self, row: JobRow, marks: RowMarks) -> Markup:
        """A row: runs in lanes, one below the other where they overlap, and before and behind them the rest."""
        bars = bars_of(row.spans)
        height = _LANE * (1 + max((bar.lane for bar in bars), default=0))
        why, closer = f"{self._base}/jobs/{quote(row.job, safe='')}/why?at=", urlencode({"job": row.job})
        parts = [
            self._cells.of(row.job),
            *(self._disabled(each, height) for each in marks.disabled),
            *(self._bar(bar, why, closer) for bar in bars),
            *(self._planned(each, why) for each in marks.planned),
            *(self._made_up(each, why) for each in marks.made_up),
            *(self._late(late) for late in row.late),
        ]
        drawn = "".join(parts)
        return Markup(  # noqa: S704 - made of numbers, and of texts that are escaped where they are put in
            f'<svg class="chart" viewBox="0 0 {WIDTH} {height}" width="{WIDTH}" height="{height}" role="group" '
            f'aria-label="timeline of {escape(printable(row.job))}"><use href="#ground"/>{drawn}</svg>'
        )

    def _bar(self, bar: Bar, why: str, closer: str) -> str:
        top = bar.lane * _LANE
        y, height, paint = _FORMS.get(bar.mark, _FULL)
        x, width = self._box(bar.first, bar.last)
        drawn = _rect(x, round(top + y, 1), width, height, paint)
        if bar.waits_from is not None:
            waits = self._lefts[bar.waits_from]
            drawn += f'<path d="M{waits} {top + 9}H{x}" stroke="currentColor" stroke-dasharray="1.5 2"/>'
        if bar.mark in SIGNS and bar.open - bar.last > _SYMBOL_COLUMNS and bar.mark in UNICODE.signs:
            sign = UNICODE.signs[bar.mark]
            drawn += f'<text class="label" x="{round(x + width + 1, 1)}" y="{top + 13}">{sign}</text>'
        return _link(self._address(bar, why, closer), TONES[bar.mark], self._words(bar), drawn)

    def _words(self, bar: Bar) -> str:
        what = WORDS[bar.mark] if bar.runs == 1 else f"{show_count(bar.runs, 'run')} {WORDS[bar.mark]}"
        if bar.mark == "missed":
            what = f"{show_count(bar.runs, 'instant')} missed"
        if bar.runs == 1 and bar.due_us is not None:
            return f"{what}, due {self._clock(bar.due_us)}"
        return (
            f"{what}, {self._clock(self._begin_us(bar.first))} to {self._clock(self._begin_us(bar.last + 1))}"
        )

    def _address(self, bar: Bar, why: str, closer: str) -> str:
        """The why of a run; where a bar stands for many, the same picture closer by, as long as that is closer."""
        begin_us, end_us = self._begin_us(bar.first), self._begin_us(bar.last + 1)
        shown_us = self._scale.end_us - self._scale.begin_us
        if bar.runs > 1 and (end_us - begin_us) * 3 <= shown_us and end_us - begin_us >= 60_000_000:
            return f"{self._base}/time?from={self._stamp(begin_us)}&to={self._stamp(end_us)}&{closer}"
        return why + self._stamp(begin_us if bar.due_us is None else bar.due_us)

    def _planned(self, planned: PlannedRuns, why: str) -> str:
        y, height, paint = _FORMS["planned"]
        x, width = self._box(planned.first, planned.last)
        words = f"{show_count(planned.runs, 'run')} to come, the first {self._clock(planned.due_us)}"
        return _link(why + self._stamp(planned.due_us), "dim", words, _rect(x, y, width, height, paint))

    def _disabled(self, stretch: DisabledStretch, height: int) -> str:
        begin = self._scale.at(stretch.began_us)
        end = self._scale.at(self._scale.end_us if stretch.ended_us is None else stretch.ended_us)
        words = f"disabled from {self._clock(stretch.began_us)}, entry {stretch.seq}"
        shown = _rect(begin, 0, round(max(end - begin, 1.5), 1), height, _DISABLED)
        if end - begin > 70:
            shown += f'<text x="{begin + 4}" y="13">disabled</text>'
        return _link(f"{self._base}/ledger/entries/{stretch.seq}", "dim", words, shown)

    def _made_up(self, made: MadeUpRuns, why: str) -> str:
        x = self._lefts[made.column] + 1.5
        how = "caught up" if made.trigger == "catch_up" else "backfilled"
        words = f"{show_count(made.runs, 'run')} {how}, the first for {self._clock(made.first_due_us)}"
        form = _CATCH_UP if made.trigger == "catch_up" else _BACKFILL
        shown = f'<path d="M{x} {form}" fill="currentColor"/>'
        return _link(why + self._stamp(made.first_due_us), "strong", words, shown)

    def _late(self, late: LateMark) -> str:
        sign = f'<text class="label" x="{self._lefts[late.column]}" y="9">{UNICODE.signs["breached"]}</text>'
        return _link(f"{self._base}/ledger/entries/{late.entry}", "warn", WORDS["breached"], sign)

    def _box(self, first: int, last: int) -> tuple[float, float]:
        begin, end = self._lefts[first], self._lefts[last + 1]
        return begin, round(max(end - begin - (0.6 if end - begin > _NARROWEST else 0), _NARROWEST), 1)

    def _begin_us(self, column: int) -> int:
        return self._scale.axis.begin_us + column * self._scale.axis.column_us

    def _clock(self, instant_us: int) -> str:
        """An instant as the clocks show it."""
        shown = self._clocks.get(instant_us)
        if shown is None:
            shown = self._clocks[instant_us] = show_time(instant_of(instant_us), self._scale.zone)
        return shown

    def _stamp(self, instant_us: int) -> str:
        """An instant as an address has it."""
        shown = self._stamps.get(instant_us)
        if shown is None:
            shown = self._stamps[instant_us] = quote_plus(iso(instant_of(instant_us)))
        return shown


def _rect(x: float, y: float, width: float, height: float, paint: str) -> str:
    return f'<rect x="{x}" y="{y}" width="{width}" height="{height}" {paint}/>'


def _link(address: str, tone: str, words: str, shown: str) -> str:
    """What is shown leads to an address, and says in words what it is."""
    return f'<a href="{escape(address)}" class="tone-{tone}"><title>{escape(words)}</title>{shown}</a>'


def bars_of(spans: Sequence[RunSpan]) -> list[Bar]:
    """The bars of one job: what is narrower than a column, alike, and side by side, is one."""
    bars: list[Bar] = []
    for lane, held in enumerate(packed_lanes([span for span in spans if span.mark != "missed"])):
        bars += _joined(lane, sorted(held, key=lambda span: (span.first, span.last)))
    bars += _joined(0, sorted(span for span in spans if span.mark == "missed"))
    return bars


def _joined(lane: int, spans: Sequence[RunSpan]) -> Iterator[Bar]:
    last: Bar | None = None
    for span in spans:
        if last is not None and _continues(last, span):
            last = last._replace(last=max(last.last, span.last), runs=last.runs + span.runs)
            continue
        if last is not None:
            yield last._replace(open=span.first)
        last = Bar(span.first, span.last, lane, span.mark, span.runs, span.due, span.due_us)
    if last is not None:
        yield last


def _continues(bar: Bar, span: RunSpan) -> bool:
    """Whether a span only prolongs a bar: it is as narrow as can be, and nobody could see it apart."""
    narrow = span.first == span.last or span.joined
    near = span.first - bar.last <= 1 and narrow and span.due is None
    return near and span.mark == bar.mark and bar.mark not in ("running", "owed")


_DISABLED: Final = 'fill="currentColor" fill-opacity="0.1"'
_CATCH_UP: Final = "0.5l3.5 5h-7z"
_BACKFILL: Final = "0l3 3l-3 3l-3 -3z"
