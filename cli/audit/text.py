"""The report as text: no line is wider than 80 columns, but for a single word that is, such as a path."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from cli.audit.section import Line, Section
from cli.audit.sections import sections
from cli.audit.verdict import DISPOSITION_WORDS, UNSHOWN, counts_words, verdict
from cli.terminal.console import Tone, paint
from cli.terminal.display_width import display_width
from cli.terminal.printable import printable
from cli.terminal.wrapping import wrapped
from projections.audit.report import Report, RevisionInForce
from scheduler.rules.job_schedule import source_of
from scheduler.wording.instants import zone_of
from scheduler.wording.quantities import show_count

COLUMNS = 80
SHOWN_MAX = 50
"""So many lines of a section are shown; the page has more, JSON all."""
_WORD_MAX = 60
_TIME = "%Y-%m-%d %H:%M:%S"
_HANG = 21


class ReportText:
    """The report, line by line.

    Args:
        report: it; zone: in which times are told; colour: whether lines are coloured.
    """

    def __init__(self, report: Report, zone: str, *, colour: bool) -> None:
        self._report, self._zone, self._colour = report, zone, colour
        self._was_empty = False

    def lines(self) -> Iterator[str]:
        """All lines."""
        yield from self._head()
        yield from self._population()
        yield from self._jobs()
        for section in sections(self._report, self._zone):
            yield from self._section(section)
        yield ""
        yield from wrapped(UNSHOWN, COLUMNS)

    def _head(self) -> Iterator[str]:
        report = self._report
        of = "" if report.job is None else f" of {printable(report.job)}"
        yield from wrapped(paint(f"Audit report{of}", "strong", self._colour), COLUMNS)
        yield f"from {self._time(report.window.begin)} to {self._time(report.window.end)}"
        yield f"times are those of {self._zone}; made {self._time(report.made)}"
        yield from wrapped(
            f"ledger {report.ledger}, entries {report.first_seq} to {report.head.seq}", COLUMNS
        )
        yield f"head {report.head.seq}:{report.head.hash}"
        yield ""
        found = verdict(report)
        yield from wrapped(f"{paint(found.word, found.tone, self._colour)}  {found.sentence}", COLUMNS)

    def _time(self, instant: datetime) -> str:
        return instant.astimezone(zone_of(self._zone)).strftime(_TIME)

    def _heading(self, name: str, total: int | None = None) -> list[str]:
        counted = "" if total is None else f" ({total:,})"
        return ["", paint(f"{name}{counted}", "strong", self._colour)]

    def _population(self) -> Iterator[str]:
        yield from self._heading("Population")
        totals = self._report.tally.totals
        for disposition, (name, meaning) in DISPOSITION_WORDS.items():
            if totals[disposition]:
                tone: Tone = "bad" if disposition == "unexplained" else "plain"
                text = f"{totals[disposition]:>12,}  {name:<16}{meaning}"
                yield from wrapped(paint(text, tone, self._colour), COLUMNS, 30)
        yield f"{sum(totals.values()):>12,}  in all"

    def _jobs(self) -> Iterator[str]:
        report = self._report
        yield from self._heading("Jobs", len({each.key.job for each in report.revisions}))
        last = ""
        for each in report.revisions:
            if each.key.job != last:
                last = each.key.job
                yield from wrapped(f"  {_shortened(last)}", COLUMNS, 4)
            yield from wrapped(f"    {self._revision(each)}", COLUMNS, 6)

    def _revision(self, each: RevisionInForce) -> str:
        definition = each.tally.definition
        zone = "" if definition.timezone == "UTC" else f" ({definition.timezone})"
        since = "" if each.defined is None else f", since {self._time(each.defined)}"
        text = f"{each.key.revision}: {source_of(definition)}{zone}{since}: "
        implied = each.tally.implied
        text += f"{show_count(implied, 'time')}, {counts_words(each.tally.counts)}" if implied else "no time"
        return printable(text) + _proof(() if each.defined_seq is None else (each.defined_seq,))

    def _section(self, section: Section) -> Iterator[str]:
        if not section.lines:
            # Several of these, one after another, stand together.
            if not self._was_empty:
                yield ""
            name = paint(section.name, "strong", self._colour)
            yield from wrapped(f"{name}: {section.empty}", COLUMNS, 2)
            self._was_empty = True
            return
        self._was_empty = False
        yield from self._heading(section.name, section.total)
        for line in section.lines[:SHOWN_MAX]:
            yield from self._line(line)
        left = section.total - min(SHOWN_MAX, len(section.lines))
        if left > 0:
            yield f"  … and {left:,} more; --format json has them"

    def _line(self, line: Line) -> Iterator[str]:
        time = " " * 19 if line.time is None else self._time(line.time)
        job = f"{_shortened(line.job)}: " if line.job else ""
        text = f"{job}{paint(printable(line.text), line.tone, self._colour)}{_proof(line.entries)}"
        for number, part in enumerate(wrapped(text, COLUMNS - _HANG - 2)):
            yield f"  {time}  {part}" if number == 0 else " " * (_HANG + 2) + part


def _shortened(name: str) -> str:
    """A name of a job, which may be as long as nobody wants to read it: the document has it whole."""
    shown = printable(name)
    return shown if display_width(shown) <= _WORD_MAX else f"{shown[: _WORD_MAX - 1]}…"


def _proof(entries: tuple[int, ...]) -> str:
    if not entries:
        return ""
    return f" [{'entry' if len(entries) == 1 else 'entries'} {', '.join(map(str, entries))}]"
