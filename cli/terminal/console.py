"""Where output goes: whether it is a terminal, how wide it is, and whether it shows colours.

Sentences are printed with `tell` (standard output) and `note` (standard error), or prepared with `fitted` for other
code that prints them: at a terminal they are wrapped between words, in a pipe or a file each sentence is one line.
Text that is laid out already, or that is for programs, is printed unchanged with `out`.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from typing import TextIO

import click

from cli.terminal.printable import printable
from cli.terminal.wrapping import wrapped
from scheduler.wording.signs import Tone as Tone  # noqa: PLC0414 - those who paint take it from here

_COLUMNS_MIN = 20
_COLUMNS_UNKNOWN = 80
_COLUMNS_DIGITS_MAX = 5

_STYLES: dict[Tone, dict[str, str | bool]] = {
    "plain": {},
    "good": {"fg": "green"},
    "bad": {"fg": "red"},
    "warn": {"fg": "yellow"},
    "dim": {"dim": True},
    "strong": {"bold": True},
}


class OutputLost(Exception):
    """Standard output cannot be written, for example because it is redirected to a full disk."""


def is_terminal(stream: TextIO | None = None) -> bool:
    """Whether a stream is a terminal (standard output if none is given)."""
    stream = sys.stdout if stream is None else stream
    try:
        return stream is not None and stream.isatty()
    except ValueError:
        # The stream is closed.
        return False


def wants_colour(stream: TextIO | None = None) -> bool:
    """Whether to colour: at a terminal that has colours, unless NO_COLOR is set (https://no-color.org)."""
    return is_terminal(stream) and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"


def speaks_unicode(stream: TextIO | None = None) -> bool:
    """Whether a stream can show symbols beyond ASCII."""
    encoding = getattr(sys.stdout if stream is None else stream, "encoding", None) or ""
    return encoding.lower().replace("-", "").startswith("utf")


def width(stream: TextIO | None = None) -> int:
    """Columns of the terminal that shows a stream (standard output if none is given); 80 if there is no terminal.

    COLUMNS (environ(7)) comes first.
    """
    wanted = os.environ.get("COLUMNS", "")
    columns = (
        int(wanted) if wanted.isascii() and wanted.isdigit() and len(wanted) <= _COLUMNS_DIGITS_MAX else 0
    )
    shown = sys.__stdout__ if stream is None or stream is sys.stdout else stream
    if not columns and shown is not None:
        with suppress(OSError, ValueError):
            columns = os.get_terminal_size(shown.fileno()).columns
    return max(_COLUMNS_MIN, columns or _COLUMNS_UNKNOWN)


def paint(text: str, tone: Tone, colour: bool) -> str:
    """`text` in the colour of its tone, if `colour`."""
    if not colour or tone == "plain" or not text:
        return text
    return click.style(text, **_STYLES[tone])  # type: ignore[arg-type]


def fitted(text: str, stream: TextIO | None = None, *, hang: int = 0) -> str:
    """Sentences, wrapped as a stream needs them (standard output if none is given).

    Args:
        text: safe to print; it may hold colours. Each of its lines is wrapped separately.
        stream: where the text will be printed.
        hang: by how many blanks continuation lines are indented.
    """
    stream = sys.stdout if stream is None else stream
    if not is_terminal(stream):
        return text
    columns = width(stream)
    return "\n".join("\n".join(wrapped(line, columns, hang)) for line in text.split("\n"))


_heard: ContextVar[list[str] | None] = ContextVar("heard", default=None)


@contextmanager
def heard() -> Iterator[list[str]]:
    """Collect what this thread would tell a person meanwhile, instead of printing it."""
    lines: list[str] = []
    before = _heard.set(lines)
    try:
        yield lines
    finally:
        _heard.reset(before)


def is_heard(text: str) -> bool:
    """Collect a sentence, where what is told is collected."""
    lines = _heard.get()
    if lines is not None:
        lines.append(text)
    return lines is not None


_counts: ContextVar[bool] = ContextVar("counts", default=False)


@contextmanager
def exit_code_counts() -> Iterator[None]:
    """A command whose exit code is an answer goes on to that, although the reader of its output has left."""
    before = _counts.set(True)
    try:
        yield
    finally:
        _counts.reset(before)


def silence(stream: object) -> None:
    """Send what is still buffered for a stream, and what comes, nowhere, so that flushing it at exit cannot fail."""
    try:
        fileno: int = stream.fileno()  # type: ignore[attr-defined]
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, fileno)
        os.close(nowhere)
    except (AttributeError, OSError, ValueError):
        return


@contextmanager
def writing_output() -> Iterator[None]:
    """Whoever writes to standard output does it in here.

    Raises:
        OutputLost: it cannot be written.
        BrokenPipeError: the reader left, and nobody waits for an exit code (`exit_code_counts`).
    """
    try:
        yield
    except BrokenPipeError:
        if not _counts.get():
            raise
        silence(sys.stdout)
    except OSError as problem:
        raise OutputLost(problem.strerror or str(problem)) from problem


def out(text: str) -> None:
    """Print to standard output and flush; the text is printed unchanged.

    Raises:
        OutputLost, BrokenPipeError: see `writing_output`.
    """
    if is_heard(text):
        return
    with writing_output():
        click.echo(text, color=True)


def out_bytes(data: bytes) -> None:
    """Print to standard output as it is, and flush.

    Raises:
        OutputLost, BrokenPipeError: see `writing_output`.
    """
    with writing_output():
        sys.stdout.flush()
        sys.stdout.buffer.write(data)
        sys.stdout.buffer.flush()


def tell(text: str, *, hang: int = 0) -> None:
    """Print sentences to standard output, wrapped for it; the caller has made them safe to print.

    Raises:
        OutputLost, BrokenPipeError: see `writing_output`.
    """
    if not is_heard(text):
        out(fitted(text, hang=hang))


def note(text: str) -> None:
    """Print a remark to standard error, where it does not mix with data; it is made safe to print."""
    if is_heard(text):
        return
    shown = paint(fitted(printable(text), sys.stderr), "dim", wants_colour(sys.stderr))
    click.echo(shown, err=True, color=True)
