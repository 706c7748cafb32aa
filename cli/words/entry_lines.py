"""How the ledger reads at a terminal: the table of `scheduler.wording.entries` as lines that are safe to print.

For `serve` and `ledger tail` an entry is the time of day, a symbol and its sentence, coloured where that is wanted.
"""

from __future__ import annotations

from cli.terminal.console import fitted, is_terminal, paint, speaks_unicode, wants_colour
from cli.terminal.printable import printable
from cli.times.show import show_stamp, show_time
from cli.words.words import symbol_character
from eventstore.store import Entry
from scheduler.wording import entries


def sentence(entry: Entry, zone: str = "UTC") -> str:
    """One readable line, without the time at which it was recorded; other times are shown in `zone`.

    Whatever the entry holds, the line is safe to print.
    """
    return printable(entries.sentence(entry, zone))


def _with_strong_name(text: str, name: str, colour: bool) -> str:
    """The sentence with the job's name emphasised, where it stands first or after the number of a run."""
    before = "" if text.startswith(name) else text.partition(f" of {name}")[0] + " of "
    after = text[len(before) + len(name) :]
    return f"{before}{paint(name, 'strong', colour)}{after}" if f"{before}{name}{after}" == text else text


def event_line(entry: Entry, zone: str, *, colour: bool, unicode: bool = True, date: bool = False) -> str:
    """`HH:MM:SS.mmm  symbol  job  sentence`, for `serve` and `ledger tail`; with date and offset if asked for."""
    signs = entries.signs_of(entry)
    text = sentence(entry, zone)
    moment = show_stamp(entry.time, zone)
    moment = moment if date else moment[11:23]
    symbol = symbol_character(signs.symbol, unicode)
    tone = "plain" if signs.tone == "dim" and not entries.is_quiet(entry) else signs.tone
    if tone == "plain" and entry.job:
        text = _with_strong_name(text, printable(entry.job), colour)
    words = f"{paint(f'{symbol:<2}', signs.tone, colour)} {paint(text, tone, colour)}"
    return f"{paint(moment, 'dim', colour)}  {words}"


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
        if not self._terminal:
            return number + line
        hang = _SENTENCE_AT + (_NUMBER_SIZE + len(_GAP) if self._numbered else 0)
        return self._new_day(entry) + fitted(number + line, hang=hang)

    def _new_day(self, entry: Entry) -> str:
        """A line with the date, if it is not that of the entry before."""
        day = show_time(entry.time, self._zone)[:10]
        if day == self._day:
            return ""
        self._day = day
        return paint(f"{day}, times in {self._zone}", "dim", self._colour) + "\n"
