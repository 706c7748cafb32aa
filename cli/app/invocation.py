"""How this command is called again, for hints that can be pasted, and how such hints are listed."""

from __future__ import annotations

import os
import shlex
import sys
from collections.abc import Iterable
from pathlib import Path

from cli.terminal.console import is_terminal, out, tell, width
from cli.terminal.display_width import display_width
from cli.terminal.printable import printable
from scheduler.home import Home

NAME = "cronledger"
_MARGIN, _GAP = "  ", "    "


def invocation(home: Home) -> str:
    """What to call, safe to print: the command, with `--home` if the home would not be found without it."""
    found = os.environ.get("CRONLEDGER_HOME") or "."
    if os.path.abspath(found) == str(home.root):
        return _command()
    return printable(f"{_command()} --home {shlex.quote(_shorter(str(home.root)))}")


def show_commands(commands: Iterable[tuple[str, str]]) -> None:
    """Print commands, each with what it does: beside it, or below it where there is no room beside.

    Raises:
        OutputLost, BrokenPipeError: see `cli.terminal.out`.
    """
    listed = list(commands)
    longest = max(display_width(command) for command, _ in listed)
    needed = len(_MARGIN + _GAP) + longest + max(display_width(meaning) for _, meaning in listed)
    beside = not is_terminal() or needed <= width()
    for command, meaning in listed:
        if beside:
            out(f"{_MARGIN}{command}{' ' * (longest - display_width(command))}{_GAP}{meaning}")
        else:
            out(f"{_MARGIN}{command}")
            tell(f"{_MARGIN}{_GAP}{meaning}", hang=len(_MARGIN + _GAP))


def _command() -> str:
    """The plain name where the shell would find this very program by it, else the path it was called by."""
    called, there = sys.argv[0], _found()
    if Path(called).name != NAME or "/" not in called:
        return NAME
    if there is not None and os.path.realpath(there) == os.path.realpath(called):
        return NAME
    return printable(shlex.quote(_shorter(os.path.abspath(called))))


def _found() -> str | None:
    """The program that the shell finds by the plain name."""
    places = (os.path.join(folder, NAME) for folder in os.get_exec_path())
    return next((each for each in places if os.path.isfile(each) and os.access(each, os.X_OK)), None)


def _shorter(path: str) -> str:
    """A path as seen from here, if that is further down and a terminal shows it: logs are read from elsewhere."""
    relative = os.path.relpath(path)
    here = is_terminal() or is_terminal(sys.stderr)
    return relative if here and not relative.startswith("..") and os.getcwd() != "/" else path
