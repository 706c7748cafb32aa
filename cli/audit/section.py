"""A section of the report: a heading, what it means, and lines in the order of time."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

from scheduler.wording.signs import Tone


class Line(NamedTuple):
    """One line.

    Attributes:
        time: what it is placed by; None: it is of no moment.
        job: the job that it is about; empty: none.
        text: what it says. It may hold any character that stands in an entry.
        entries: those that prove it.
        tone: how it sounds.
    """

    time: datetime | None
    job: str
    text: str
    entries: tuple[int, ...] = ()
    tone: Tone = "plain"


class Section(NamedTuple):
    """A section.

    Attributes:
        name: its heading; key: the same as one word, for links.
        meaning: what is listed, in a sentence.
        empty: what is said where there is nothing.
        lines: the first of them; total: how many there are.
    """

    key: str
    name: str
    meaning: str
    empty: str
    lines: list[Line]
    total: int
