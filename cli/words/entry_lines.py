"""How the ledger reads: the one place that words it for people.

`cli.sentences` has a sentence for each type of entry and `cli.words` the words for single facts; here they become
lines for `serve` and `ledger tail`: the time of day, a symbol and the sentence, coloured where that is wanted.
"""

from __future__ import annotations

from typing import NamedTuple

import msgspec

from cli.terminal.console import Tone, fitted, is_terminal, paint, speaks_unicode, wants_colour
from cli.terminal.printable import printable
from cli.times.show import show_stamp, show_time
from cli.words.entry_sentences import sentence
from cli.words.words import (
    OUTCOME_TONES,
    actor_words,
    command_words,
    outcome_words,
    signal_name,
    skip_words,
    timing_words,
    trigger_words,
)
from eventstore.store import Entry
from scheduler import vocabulary as v

__all__ = [
    "OUTCOME_TONES",
    "Look",
    "actor_words",
    "command_words",
    "event_line",
    "look_of",
    "outcome_look",
    "outcome_symbol",
    "outcome_words",
    "sentence",
    "signal_name",
    "skip_words",
    "timing_words",
    "trigger_words",
]


class Look(NamedTuple):
    """How a line is marked: the tone, and a symbol that says the same without colour."""

    tone: Tone
    symbol: str


_SYMBOLS = {
    "+": "\N{BLACK RIGHT-POINTING SMALL TRIANGLE}",
    "ok": "\N{CHECK MARK}",
    "x": "\N{BALLOT X}",
    "-": "\N{EN DASH}",
    ".": "\N{MIDDLE DOT}",
    "!": "!",
}
_QUIET = {v.ScheduleTicked.TYPE, v.ConfigAccepted.TYPE}
"""Entries that only lead up to what matters: their lines are dim."""

_LOOKS: dict[str, Look] = {
    v.LedgerRecovered.TYPE: Look("warn", "!"),
    v.HomeAdopted.TYPE: Look("warn", "!"),
    v.SchedulerStarted.TYPE: Look("strong", "."),
    v.SchedulerStopped.TYPE: Look("strong", "."),
    v.SchedulerPaused.TYPE: Look("bad", "!"),
    v.SchedulerResumed.TYPE: Look("good", "."),
    v.ClockStepped.TYPE: Look("warn", "!"),
    v.ConfigAccepted.TYPE: Look("dim", "."),
    v.ConfigRejected.TYPE: Look("bad", "!"),
    v.JobDisabled.TYPE: Look("warn", "-"),
    v.JobEnabled.TYPE: Look("good", "."),
    v.ScheduleMisfired.TYPE: Look("warn", "!"),
    v.RunCancelRequested.TYPE: Look("warn", "!"),
    v.RunStarted.TYPE: Look("plain", "+"),
    v.RunAdopted.TYPE: Look("warn", "!"),
    v.RunSkipped.TYPE: Look("warn", "-"),
}


def _with_strong_name(text: str, name: str, colour: bool) -> str:
    """The sentence with the job's name emphasised, where it stands first or after the number of a run."""
    before = "" if text.startswith(name) else text.partition(f" of {name}")[0] + " of "
    after = text[len(before) + len(name) :]
    return f"{before}{paint(name, 'strong', colour)}{after}" if f"{before}{name}{after}" == text else text


def event_line(entry: Entry, zone: str, *, colour: bool, unicode: bool = True, date: bool = False) -> str:
    """`HH:MM:SS.mmm  symbol  job  sentence`, for `serve` and `ledger tail`; with date and offset if asked for."""
    look = look_of(entry)
    text = sentence(entry, zone)
    moment = show_stamp(entry.time, zone)
    moment = moment if date else moment[11:23]
    symbol = look.symbol if not unicode else _SYMBOLS[look.symbol]
    tone = look.tone
    if tone == "dim" and entry.type not in _QUIET:
        tone = "plain"
    if tone == "plain" and entry.job:
        text = _with_strong_name(text, printable(entry.job), colour)
    words = f"{paint(f'{symbol:<2}', look.tone, colour)} {paint(text, tone, colour)}"
    return f"{paint(moment, 'dim', colour)}  {words}"


def look_of(entry: Entry) -> Look:
    """How a line about the entry is marked."""
    if entry.type == v.RunFinished.TYPE:
        try:
            return outcome_look(v.payload(entry).outcome)
        except msgspec.MsgspecError:
            return Look("plain", ".")
    return _LOOKS.get(entry.type, Look("dim", "."))


def outcome_look(outcome: v.Outcome) -> Look:
    """How an outcome is marked."""
    tone = OUTCOME_TONES[outcome]
    return Look(tone, {"good": "ok", "bad": "x"}.get(tone, "!"))


def outcome_symbol(outcome: v.Outcome, unicode: bool) -> tuple[Tone, str]:
    """An outcome's tone and its symbol as it is printed."""
    tone, symbol = outcome_look(outcome)
    return tone, _SYMBOLS[symbol] if unicode else symbol


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
