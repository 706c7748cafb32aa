"""What a person gives a command to read: a file that they named, or standard input.

No more is read than the command takes and one byte, by which it sees that there is more.
"""

from __future__ import annotations

import os
import sys

import click

from cli.app.failures import Failure
from cli.terminal.console import is_terminal
from cli.terminal.printable import printable
from eventstore.regular_file import NotRegular, open_regular

STANDARD_INPUT = "-"
"""How standard input is named."""


def given_bytes(file: str, what: str, bytes_max: int) -> bytes:
    """What a file holds, or standard input, as far as a command takes it and one byte more.

    Args:
        file: its path; `-` is standard input.
        what: it should be, for messages: `a crontab`.
        bytes_max: so much the command takes.

    Raises:
        Failure: it cannot be read.
    """
    if file == STANDARD_INPUT:
        return piped_bytes(what, bytes_max)
    try:
        with open(open_regular(file, follow=True), "rb") as opened:
            return opened.read(bytes_max + 1)
    except NotRegular as problem:
        # Such as the pipe of a shell's <(…).
        way_out = "What another program writes is read from standard input: give - in its place."
        hint = "" if os.path.isdir(file) else way_out
        raise Failure(f"{printable(file)} cannot be read: {problem.strerror}", hint) from None
    except OSError as problem:
        raise Failure(f"{printable(file)} cannot be read: {problem.strerror or problem}") from None


def piped_bytes(what: str, bytes_max: int) -> bytes:
    """The same of standard input; at a terminal it is said what is waited for.

    Raises:
        Failure: it is closed, or cannot be read.
    """
    # It was closed when the command began: then there is no such stream.
    if sys.stdin is None:
        raise Failure(f"standard input is closed: {what} was to be read from it")
    if is_terminal(sys.stdin):
        click.echo(f"reading {what} from the terminal; Ctrl-D ends it", err=True)
    try:
        return sys.stdin.buffer.read(bytes_max + 1)
    except OSError as problem:
        raise Failure(f"standard input cannot be read: {problem.strerror or problem}") from None
