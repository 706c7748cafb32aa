r"""The command of an entry: what cron gives to the shell, and what to the command's standard input.

The first `%` without a backslash ends the command; what follows goes to its standard input, each further `%` as the
end of a line. A backslash in front of `%` is taken away. Debian's cron takes one of two backslashes away too, cronie
does not (`child_process` in do_command.c).
"""

from __future__ import annotations

import posixpath
import shlex
from typing import NamedTuple

from scheduler.command import needs_shell
from scheduler.importing.crontab.dialect import Dialect

SHELL = "/bin/sh"
_ALIKE = ("sh", "bash", "dash", "ksh", "zsh", "ash")
"""Shells that run a command of plain words alike."""


class CronCommand(NamedTuple):
    """What cron runs.

    Attributes:
        line: what it gives to the shell.
        input: what it writes to the standard input, with an LF at the end; None: nothing.
    """

    line: str
    input: str | None


def read_command(text: str, dialect: Dialect) -> CronCommand:
    """The command that stands in an entry."""
    command: list[str] = []
    escaped = False
    for at, character in enumerate(text):
        if escaped:
            if character == "%" or (character == "\\" and dialect == "debian"):
                command.pop()
            command.append(character)
            escaped = False
        elif character == "%":
            data = _input(text[at + 1 :])
            return CronCommand("".join(command), data or None)
        else:
            command.append(character)
            escaped = character == "\\"
    return CronCommand("".join(command), None)


def _input(text: str) -> str:
    data: list[str] = []
    escaped = False
    for character in text:
        if escaped:
            if character != "%":
                data.append("\\")
        elif character == "%":
            data.append("\n")
            continue
        escaped = character == "\\"
        if not escaped:
            data.append(character)
    if escaped:
        data.append("\\")
    written = "".join(data)
    return written if not written or written.endswith("\n") else written + "\n"


def configured(command: CronCommand, shell: str) -> str | list[str]:
    """The command as the config has it, for a shell that the crontab names.

    What goes to the standard input is printed by a shell in front of it; only there can it be written down.
    """
    if command.input is not None:
        lines = " ".join(shlex.quote(line) for line in command.input[:-1].split("\n"))
        return f"printf '%s\\n' {lines} | {shlex.quote(shell)} -c {shlex.quote(command.line)}"
    if shell == SHELL or (posixpath.basename(shell) in _ALIKE and not needs_shell(command.line)):
        return command.line
    return [shell, "-c", command.line]


class Unwritable(Exception):
    """No crontab makes cron give a command line to the shell; the message says why."""


def written(line: str, dialect: Dialect) -> str:
    r"""A command line as it stands in a crontab, so that cron gives just it to the shell.

    Raises:
        Unwritable: cronie never gives on a % behind an odd number of backslashes, and no cron an end of a line.

    >>> print(written("date +%F", "cronie"))
    date +\%F
    """
    if "\n" in line or "\r" in line or "\0" in line:
        raise Unwritable("a command of several lines")
    result: list[str] = []
    backslashes = 0
    for character in line:
        if character == "%":
            if dialect == "cronie" and backslashes % 2:
                raise Unwritable("a % behind a backslash")
            result.append("\\")
        elif character == "\\" and dialect == "debian":
            result.append("\\")
        backslashes = backslashes + 1 if character == "\\" else 0
        result.append(character)
    return "".join(result)
