"""The calendar as lines of text that fit the terminal: a heading for each day, and below it the runs."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Sequence
from datetime import datetime, tzinfo
from itertools import groupby

from cli.charts.calendar import CalendarDay, CalendarItem
from cli.terminal.console import paint
from cli.terminal.display_width import display_width
from cli.terminal.printable import printable, show_count

_INDENT = "  "
_LABEL_WIDTH = len("10:00-10:59")
_GAP = "  "
_TO = "\N{EN DASH}"
_TIMES = "\N{MULTIPLICATION SIGN}"


def picture(
    days: Sequence[CalendarDay], zone: tzinfo, width: int, *, unicode: bool, colour: bool
) -> list[str]:
    """The lines of all days."""
    lines: list[str] = []
    for day in days:
        if lines:
            lines.append("")
        lines.append(_heading(day, colour))
        if not day.items:
            lines.append(paint(f"{_INDENT}nothing", "dim", colour))
        for label, items in _grouped(day.items, zone, unicode):
            lines += _entry(label, items, width, unicode=unicode, colour=colour)
    return lines


def _heading(day: CalendarDay, colour: bool) -> str:
    facts = [show_count(day.runs, "run")] if day.runs else []
    if day.hours != 24:
        facts.append(f"{day.hours:g} hours: clocks change")
    text = paint(f"{day.day:%a %Y-%m-%d}", "strong", colour)
    return text + (paint(f"  {', '.join(facts)}", "dim", colour) if facts else "")


def _grouped(
    items: Sequence[CalendarItem], zone: tzinfo, unicode: bool
) -> Iterator[tuple[str, list[CalendarItem]]]:
    """The items grouped by label: all day, a range of minutes, or a minute."""

    def label(item: CalendarItem) -> str:
        if item.all_day:
            return "all day"
        first, last = (_clock(instant, zone) for instant in (item.first, item.last))
        return first if first == last else f"{first}{_TO if unicode else '-'}{last}"

    for text, group in groupby(items, key=label):
        yield text, list(group)


def _entry(
    label: str, items: Sequence[CalendarItem], width: int, *, unicode: bool, colour: bool
) -> Iterator[str]:
    """The jobs of one label, wrapped into several lines if they do not fit into one."""
    times = _TIMES if unicode else "x"
    words = [
        printable(item.job).replace(" ", "\N{NO-BREAK SPACE}")
        + (f"\N{NO-BREAK SPACE}{times}{item.runs:,}" if item.runs > 1 else "")
        for item in items
    ]
    indent = len(_INDENT) + _LABEL_WIDTH + len(_GAP)
    room = max(10, width - indent)
    wrapped = textwrap.wrap(
        ", ".join(words), room, break_on_hyphens=False, break_long_words=max(map(display_width, words)) > room
    )
    for number, line in enumerate(wrapped):
        shown = label if number == 0 else ""
        text = line.replace("\N{NO-BREAK SPACE}", " ")
        yield f"{_INDENT}{paint(f'{shown:<{_LABEL_WIDTH}}', 'dim', colour)}{_GAP}{text}"


def _clock(instant: datetime, zone: tzinfo) -> str:
    local = instant.astimezone(zone)
    return f"{local:%H:%M:%S}" if local.second else f"{local:%H:%M}"
