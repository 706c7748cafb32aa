"""Where output goes: whether that is a terminal, how wide it is, and which colours it wants."""

from __future__ import annotations

import os
import shutil
import sys
from typing import Literal, TextIO

import click

from cli.printable import printable

Tone = Literal["plain", "good", "bad", "warn", "dim", "strong"]
"""What a piece of text is, for people who see colours; words and symbols say the same to all others."""

_STYLES: dict[Tone, dict[str, str | bool]] = {
    "plain": {},
    "good": {"fg": "green"},
    "bad": {"fg": "red"},
    "warn": {"fg": "yellow"},
    "dim": {"dim": True},
    "strong": {"bold": True},
}


class OutputLost(Exception):
    """Standard output cannot be written: a full disk behind a redirection, say."""


def is_terminal(stream: TextIO | None = None) -> bool:
    """Whether a person at a terminal reads it (standard output if no stream is given)."""
    stream = sys.stdout if stream is None else stream
    try:
        return stream is not None and stream.isatty()
    except ValueError:  # closed
        return False


def wants_colour(stream: TextIO | None = None) -> bool:
    """Whether to colour: at a terminal that can, unless NO_COLOR is set (https://no-color.org)."""
    return is_terminal(stream) and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"


def speaks_unicode(stream: TextIO | None = None) -> bool:
    """Whether symbols beyond ASCII arrive as what they are."""
    encoding = getattr(sys.stdout if stream is None else stream, "encoding", None) or ""
    return encoding.lower().replace("-", "").startswith("utf")


def width() -> int:
    """Columns of the terminal."""
    return max(20, shutil.get_terminal_size((80, 24)).columns)


def paint(text: str, tone: Tone, colour: bool) -> str:
    """`text` in the colour of its tone, if there are to be colours."""
    if not colour or tone == "plain" or not text:
        return text
    return click.style(text, **_STYLES[tone])  # type: ignore[arg-type]


def out(text: str) -> None:
    """Print to standard output and flush; the text is final: nothing is taken out of it.

    Raises:
        OutputLost: it cannot be written.
        BrokenPipeError: the reader left.
    """
    try:
        click.echo(text, color=True)
    except BrokenPipeError:
        raise
    except OSError as problem:
        raise OutputLost(problem.strerror or str(problem)) from problem


def note(text: str) -> None:
    """Print a remark to standard error, where it does not mix with data; whatever it holds, it is safe to print."""
    click.echo(paint(printable(text), "dim", wants_colour(sys.stderr)), err=True, color=True)
