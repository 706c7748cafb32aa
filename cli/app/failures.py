"""Failures as people see them: what happened, what to do, and the exit code that says which kind it was."""

from __future__ import annotations

import enum
import sys

import click

from cli.terminal.console import Tone, fitted, is_heard, paint, wants_colour
from cli.terminal.printable import printable
from scheduler.shortening import bounded_message

_ERROR = "error: "
_WORD_MAX_CHARS = 4_200
"""Of a single word, which may be the path of a file: Linux has paths of up to 4,096 bytes."""


class ExitCode(enum.IntEnum):
    """What the exit code of every command means."""

    DONE = 0
    FAILED = 1
    """The thing asked about failed: a run, a verification, a deletion."""
    USAGE = 2
    """The command or the configuration is wrong; nothing was done."""
    LEDGER = 3
    """The ledger cannot be trusted or cannot be written."""
    CHANGES = 4
    """Something would change; of `plan --exit-code` alone."""
    LATER = 75
    """The ledger cannot be had now, and nothing says that it is damaged; of `serve` alone."""
    INTERRUPTED = 130
    """Ctrl-C."""


class Failure(Exception):
    """Something to tell a person: what happened, `hint` what to do about it, and how to exit."""

    def __init__(self, message: str, hint: str = "", exit_code: ExitCode = ExitCode.USAGE) -> None:
        self.message, self.hint, self.exit_code = message, hint, exit_code
        super().__init__(message)


def say(failure: Failure) -> None:
    """Print a failure to stderr."""
    _tell(_ERROR, "bad", failure.message)
    if failure.hint:
        margin = " " * len(_ERROR)
        hint = printable(bounded_message(failure.hint, _WORD_MAX_CHARS))
        click.echo(fitted(margin + hint, sys.stderr, hang=len(margin)), err=True)


def complain(message: str) -> None:
    """Print a warning to stderr; the command goes on."""
    _tell("warning: ", "warn", message)


def _tell(label: str, tone: Tone, message: str) -> None:
    if is_heard(message):
        return
    colour = wants_colour(sys.stderr)
    lines = [printable(bounded_message(line, _WORD_MAX_CHARS)) for line in message.split("\n")]
    text = ("\n" + " " * len(label)).join(lines)
    shown = fitted(paint(label, tone, colour) + text, sys.stderr, hang=len(label))
    click.echo(shown, err=True, color=colour)
