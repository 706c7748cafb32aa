"""Entries as lines for who watches them go by: at a terminal, or in the pipe or file in its place.

At a terminal a date stands on a line of its own when it changes, and a long sentence goes on below its beginning.
In a pipe each entry is one line that says all, for grep.
"""

from __future__ import annotations

from cli.terminal.console import fitted, is_terminal, paint, speaks_unicode, wants_colour
from cli.times.show import show_time
from cli.words.entry_lines import event_line
from eventstore.store import Entry

_SENTENCE_AT = len("05:18:00.002  +  ")
_NUMBER_SIZE = 7
_GAP = "  "


class EventLines:
    """Words entries for standard output, one after another.

    Args:
        zone: whose clocks the times are of.
        numbered: begin each line with the number of the entry.
    """

    def __init__(self, zone: str, *, numbered: bool = False) -> None:
        self._zone, self._numbered = zone, numbered
        self._colour, self._unicode = wants_colour(), speaks_unicode()
        self._terminal = is_terminal()
        self._day = ""

    def of(self, entry: Entry) -> str:
        """The line of the next entry, or its lines."""
        number = ""
        if self._numbered:
            number = paint(f"{entry.seq:>{_NUMBER_SIZE}}", "dim", self._colour) + _GAP
        line = event_line(
            entry, self._zone, colour=self._colour, unicode=self._unicode, date=not self._terminal
        )
        hang = _SENTENCE_AT + (_NUMBER_SIZE + len(_GAP) if self._numbered else 0)
        return self._new_day(entry) + fitted(number + line, hang=hang)

    def _new_day(self, entry: Entry) -> str:
        """A line with the date, at a terminal, if it is not that of the entry before."""
        day = show_time(entry.time, self._zone)[:10] if self._terminal else self._day
        if day == self._day:
            return ""
        self._day = day
        return paint(f"{day}, times in {self._zone}", "dim", self._colour) + "\n"
