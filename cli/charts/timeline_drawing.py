"""The timeline as lines of text, as wide as the terminal: the axis, the lanes, the legend."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby
from typing import NamedTuple

from cli.charts.axis import Axis, instant_of, ticks
from cli.charts.timeline import MARKS, Lane, PieceShape, RunMark, draw
from cli.charts.timeline_data import JobRow
from cli.charts.timeline_marks import MANY_FROM, TONES, WORDS, GlyphSet
from cli.terminal.console import Tone, paint
from cli.terminal.display_width import display_width
from cli.terminal.printable import printable, show_count
from cli.times.show import show_clock, show_duration
from cli.times.zones import zone_of
from cli.words.words import is_on_time
from projections.reports.outages import Outage
from scheduler.entry_members import FAILURES
from scheduler.wording.causes import MISFIRE_WORDINGS

_NAME_MAX, _NAME_MIN = 24, 8
_GAP = "  "
_COUNTS = _GAP + f"{'RUNS':>6}{'BAD':>5}"
_COUNTS_FROM_WIDTH = 60
_LATE = f"{'LATEST':>12}"
_LATE_FROM_WIDTH = 110
_COLUMNS_MIN = 10
_OUTAGES_LISTED = 4

Text = tuple[str, Tone]


class TimelineCanvas(NamedTuple):
    """What a timeline is drawn on.

    Attributes:
        width: columns of the terminal; the timeline is no wider.
        glyphs: its characters.
        colour: whether there are colours.
        zone: the zone whose clocks the axis shows.
    """

    width: int
    glyphs: GlyphSet
    colour: bool
    zone: str

    def paint(self, texts: Iterable[Text]) -> str:
        """One line."""
        return "".join(paint(text, tone, self.colour) for text, tone in texts).rstrip()


def columns_for(width: int, names: Iterable[str]) -> int:
    """How many columns of time there is room for."""
    room = width - _label_width(width, names) - len(_GAP) - len(_tail_title(width))
    return max(_COLUMNS_MIN, room)


def picture(
    canvas: TimelineCanvas,
    axis: Axis,
    rows: Sequence[JobRow],
    all_rows: Sequence[JobRow],
    outages: Sequence[Outage],
    now_us: int,
) -> list[str]:
    """The whole timeline of `rows`, without its title; its legend counts `all_rows`."""
    label_width = _label_width(canvas.width, (row.job for row in rows))
    down = _down(axis, outages, now_us)
    lines = _axis_lines(canvas, axis, label_width)
    drawn: list[Lane] = []
    for row in rows:
        lanes = draw(row.spans, axis.columns, row.late)
        drawn += lanes
        for number, lane in enumerate(lanes):
            name = _fitted(printable(row.job), label_width, canvas.glyphs.cut) if number == 0 else ""
            texts: list[Text] = [(f"{name}{' ' * (label_width - display_width(name))}{_GAP}", "plain")]
            texts += _lane_texts(canvas.glyphs, lane, down)
            if number == 0:
                texts += _tail(canvas.width, row)
            lines.append(canvas.paint(texts))
    return [*lines, "", *_legend(canvas, all_rows, drawn, any(down)), *_outage_lines(canvas, outages, now_us)]


def _lane_texts(glyphs: GlyphSet, lane: Lane, down: Sequence[bool]) -> Iterator[Text]:
    """The characters of a lane; neighbours of the same tone are joined into one text."""
    texts: list[Text] = []
    for piece, is_down in zip(lane, down, strict=True):
        if piece.shape == "blank":
            texts.append((glyphs.down if is_down else " ", "dim"))
        else:
            tone: Tone = "dim" if piece.shape == "late" else TONES[piece.mark]
            texts.append((glyphs.glyph(piece), tone))
    for tone, group in groupby(texts, key=lambda text: text[1]):
        yield "".join(glyph for glyph, _ in group), tone


def _axis_lines(canvas: TimelineCanvas, axis: Axis, label_width: int) -> list[str]:
    labels = [" "] * axis.columns
    line = [canvas.glyphs.line] * axis.columns
    for tick in ticks(axis, zone_of(canvas.zone)):
        line[tick.column] = canvas.glyphs.tick
        if tick.column + len(tick.label) <= axis.columns:
            labels[tick.column : tick.column + len(tick.label)] = tick.label
    blank = " " * label_width + _GAP
    return [
        canvas.paint([(blank + "".join(labels) + _tail_title(canvas.width), "dim")]),
        canvas.paint([(blank + "".join(line), "dim")]),
    ]


def _tail_title(width: int) -> str:
    return (_COUNTS if width >= _COUNTS_FROM_WIDTH else "") + (_LATE if width >= _LATE_FROM_WIDTH else "")


def _tail(width: int, row: JobRow) -> Iterator[Text]:
    """The text right of the lanes: how many runs, how many of them went wrong, and the longest wait."""
    if width < _COUNTS_FROM_WIDTH:
        return
    runs = sum(
        count for mark, count in row.totals.items() if mark not in ("missed", "skipped", "retried", "owed")
    )
    bad = sum(row.totals.get(mark, 0) for mark in FAILURES)
    yield f"{_GAP}{_short(runs):>6}", "plain"
    yield f"{_short(bad) if bad else '-':>5}", "bad" if bad else "dim"
    if width >= _LATE_FROM_WIDTH:
        late_ms = row.late_us // 1_000
        yield f"{'-' if is_on_time(late_ms) else show_duration(late_ms):>12}", "dim"


def _short(count: int) -> str:
    """A number in at most five characters: `9,999`, `288k`, `12M`."""
    if count < 10_000:
        return f"{count:,}"
    return f"{count // 1_000}k" if count < 1_000_000 else f"{count // 1_000_000}M"


def _legend(
    canvas: TimelineCanvas, rows: Sequence[JobRow], lanes: Sequence[Lane], any_down: bool
) -> list[str]:
    """The legend: only the marks and shapes that occur, and how often each mark does."""
    glyphs = canvas.glyphs
    totals: dict[RunMark, int] = {}
    for row in rows:
        for mark, count in row.totals.items():
            totals[mark] = totals.get(mark, 0) + count
    pieces = [piece for lane in lanes for piece in lane]
    drawn: dict[RunMark, set[PieceShape]] = {mark: set() for mark in MARKS}
    for piece in pieces:
        drawn[piece.mark].add(piece.shape)
    if "sign" in drawn["breached"]:
        totals["breached"] = sum(len(row.late) for row in rows)
    items: list[Text] = [
        (f"{glyphs.legend_of(mark, drawn[mark])} {totals[mark]:,} {WORDS[mark]}".lstrip(), TONES[mark])
        for mark in reversed(MARKS)
        if totals.get(mark) and mark != "owed"
    ]
    if any(piece.shape == "joint" for piece in pieces):
        items.append((f"{glyphs.shapes['joint']} one ends, another begins", "plain"))
    if any(piece.shape == "many" for piece in pieces):
        most = max(piece.runs for piece in pieces if piece.shape == "many")
        levels = [str(least) for least in MANY_FROM if least <= most]
        more = " or more" if len(levels) == 1 else ", ".join(["", *levels[1:]]) + " or more"
        items.append((f"{glyphs.many[: len(levels)]} {levels[0]}{more} in one column", "plain"))
    if any(piece.shape == "late" for piece in pieces):
        items.append((f"{glyphs.shapes['late']} due, not started yet", "dim"))
    if any_down:
        items.append((f"{glyphs.down} no scheduler", "dim"))
    return _wrapped(canvas, items)


def _wrapped(canvas: TimelineCanvas, items: Sequence[Text]) -> list[str]:
    lines: list[str] = []
    line: list[Text] = []
    used = 0
    for text, tone in items:
        if line and used + 3 + len(text) > canvas.width:
            lines.append(canvas.paint(line))
            line, used = [], 0
        if line:
            line.append(("   ", "plain"))
            used += 3
        line.append((text, tone))
        used += len(text)
    return [*lines, canvas.paint(line)] if line else lines


def _down(axis: Axis, outages: Sequence[Outage], now_us: int) -> list[bool]:
    """For each column, whether it overlaps an outage."""
    down = [False] * axis.columns
    for outage in outages:
        ended_us = now_us if outage.ended_us is None else outage.ended_us
        if ended_us <= axis.begin_us or outage.began_us >= axis.end_us:
            continue
        first, last = axis.stretch(outage.began_us, ended_us)
        down[first : last + 1] = [True] * (last - first + 1)
    return down


_KINDS = {
    "down": "no scheduler",
    "suspend": MISFIRE_WORDINGS["suspend"].cause,
    "paused": MISFIRE_WORDINGS["ledger_unavailable"].cause,
    "stall": MISFIRE_WORDINGS["stall"].cause,
}


def _outage_lines(canvas: TimelineCanvas, outages: Sequence[Outage], now_us: int) -> list[str]:
    """The outages in words, in order of time; if there are many, only the longest ones."""
    listed = outages
    if len(outages) > _OUTAGES_LISTED:
        listed = sorted(sorted(outages, key=_length)[-_OUTAGES_LISTED:], key=lambda outage: outage.began_us)
    lines = [""] if outages else []
    now = instant_of(now_us)
    for outage in listed:
        began = show_clock(instant_of(outage.began_us), canvas.zone, beside=now)
        text = f"{_KINDS.get(outage.kind, outage.kind)} from {began}"
        if outage.ended_us is None:
            text += " on"
        else:
            ended = instant_of(outage.ended_us)
            text += f" to {show_clock(ended, canvas.zone, beside=now)}"
            text += f" ({show_duration((outage.ended_us - outage.began_us) // 1_000)})"
        died = ", it had died" if outage.reason == "died" else ""
        lines.append(canvas.paint([(text + died, "warn")]))
    if len(outages) > len(listed):
        rest = show_count(len(outages) - len(listed), "shorter outage")
        lines.append(canvas.paint([(f"and {rest}", "dim")]))
    return lines


def _length(outage: Outage) -> int:
    return 2**62 if outage.ended_us is None else outage.ended_us - outage.began_us


def _label_width(width: int, names: Iterable[str]) -> int:
    longest = max((display_width(printable(name)) for name in names), default=_NAME_MIN)
    return max(_NAME_MIN, min(longest, _NAME_MAX, width // 4))


def _fitted(name: str, width: int, cut: str) -> str:
    if display_width(name) <= width:
        return name
    while display_width(name) > width - 1:
        name = name[:-1]
    return name + cut
