"""How this command is called again, for hints that can be pasted."""

from __future__ import annotations

import os
import shlex
import shutil
import sys
from pathlib import Path

from cli.printable import printable
from scheduler.home import Home

NAME = "cronledger"


def invocation(home: Home) -> str:
    """What to call, safe to print: the command, with `--home` if the home would not be found without it."""
    found = os.environ.get("CRONLEDGER_HOME") or "."
    if os.path.abspath(found) == str(home.root):
        return _command()
    return printable(f"{_command()} --home {shlex.quote(_shorter(str(home.root)))}")


def _command() -> str:
    """The plain name where the shell would find this very program by it, else the path it was called by."""
    called = sys.argv[0]
    there = shutil.which(NAME)
    if Path(called).name != NAME or (there is not None and os.path.samefile(there, called)):
        return NAME
    return printable(shlex.quote(_shorter(os.path.abspath(called))))


def _shorter(path: str) -> str:
    """A path as seen from here, if that is further down."""
    relative = os.path.relpath(path)
    return path if relative.startswith("..") else relative
