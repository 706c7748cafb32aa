"""A file that a person named for an answer: it is there whole or not at all, and only its owner may read it.

It is written beside its place under another name and renamed when it is complete. Nothing that exists is replaced
unless that was asked for, and nothing is ever written into the folder in which cronledger keeps the ledger and
what it derives from it.
"""

from __future__ import annotations

import contextlib
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, NamedTuple

from cli.app.failures import ExitCode, Failure
from cli.terminal.printable import printable
from eventstore.durable import REAL, give_name
from scheduler.home import Home

_MODE = 0o600


class UnfinishedOutput(NamedTuple):
    """A file that is being written.

    Attributes:
        path: where it is until it is complete.
        file: it, open; what is written to `path` by others counts as well.
    """

    path: Path
    file: IO[bytes]


@contextmanager
def written_aside(
    target: Path, home: Home, *, force: bool | None, mode: int = _MODE
) -> Iterator[UnfinishedOutput]:
    """A new file, which is at its place when the context ends without an error; else nothing is left of it.

    Args:
        target: its place.
        home: the home whose `var` is out of bounds.
        force: replace a file that is there already; None: the command never does.
        mode: who may read it, as far as the process's own mask lets them.

    Raises:
        Failure: it may not be, or cannot be, written there; nothing has been changed.
    """
    place = _place(target, home, force=force)
    aside = place.with_name(f".{place.name[:200]}.{os.getpid()}.part")
    try:
        fd = os.open(aside, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, mode)
    except OSError as problem:
        raise _lost(target, problem) from problem
    try:
        with open(fd, "w+b") as file:
            yield UnfinishedOutput(aside, file)
            _settle(file, aside, place, force=bool(force))
    except FileExistsError:
        raise _exists(target, force) from None
    except OSError as problem:
        # Whoever writes it reads other files for that; what is wrong with those is said of them.
        if isinstance(problem, BrokenPipeError) or problem.filename not in (None, str(aside), str(place)):
            raise
        raise _lost(target, problem) from problem
    finally:
        with contextlib.suppress(OSError):
            aside.unlink(missing_ok=True)


def check_place(target: Path, home: Home, *, force: bool | None) -> None:
    """Refuse a place before any work is done for it.

    Raises:
        Failure: as `written_aside` would.
    """
    _place(target, home, force=force)


def _place(target: Path, home: Home, *, force: bool | None) -> Path:
    """Where the file really goes: links are followed, so that what counts is the file and not its name."""
    place = Path(os.path.realpath(target))
    forbidden = Path(os.path.realpath(home.var))
    if place == forbidden or forbidden in place.parents:
        raise Failure(
            f"{printable(str(target))} is inside {printable(str(home.var))}, where cronledger keeps the ledger",
            "Name a place outside of it.",
        )
    try:
        found = place.lstat()
    except FileNotFoundError:
        if not place.parent.is_dir():
            raise Failure(f"there is no folder {printable(str(place.parent))}") from None
        return place
    except OSError as problem:
        raise _lost(target, problem) from problem
    if not stat.S_ISREG(found.st_mode):
        raise Failure(f"{printable(str(target))} is there already, and is no file that could be replaced")
    if not force:
        raise _exists(target, force)
    return place


def _settle(file: IO[bytes], aside: Path, place: Path, *, force: bool) -> None:
    """Make it durable, then give it its name."""
    file.flush()
    os.fsync(file.fileno())
    give_name(REAL, aside, place, replace=force)


def _exists(target: Path, force: bool | None) -> Failure:
    hint = "Name a file that is not there yet." if force is None else "--force replaces it."
    return Failure(f"{printable(str(target))} is there already; nothing was written", hint)


def _lost(target: Path, problem: OSError) -> Failure:
    return Failure(
        f"{printable(str(target))} cannot be written: {problem.strerror or problem}", "", ExitCode.FAILED
    )
