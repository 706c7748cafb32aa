"""Who speaks: the name under which what a person says stands in the ledger, and what is only said about that person.

The name is that of the real uid, which the kernel vouches for. A login uid can be set once by anybody in a process
that has none, and variables can be set to anything: they are claims, and stand beside the name as claims, with the
numbers of the kernel.
"""

from __future__ import annotations

import contextlib
import os
import pwd
import socket
from typing import Final

from msgspec import structs

from scheduler.entry_members import Claims
from scheduler.ownership.login import login_of
from scheduler.processes.recognition.identity import process_stat
from scheduler.processes.recognition.tree import LEDGER, RUN, carried

_NAME_BYTES_MAX: Final = 100
_PARENTS_MAX: Final = 64
_remembered: list[int] = []


def remember_user() -> None:
    """Have the present real uid count as that of the person, whatever this process becomes."""
    _remembered[:] = [os.getuid()]


def person() -> str:
    """`user:NAME@HOST`, the name of the real uid; its number where it has no name."""
    return f"user:{name_of(_uid())}@{socket.gethostname()}"


def claims(mark: str) -> Claims | None:
    """What is said about the person and cannot be checked; None if nothing is, or nothing but the name itself.

    Args:
        mark: what the runs carry that may have typed this; see `State.mark`.
    """
    name = name_of(_uid())
    login, sudo = login_of(), _sudo_name()
    login_name = "" if login is None else name_of(login.uid)
    said = Claims(
        login="" if login_name == name else login_name,
        sudo="" if sudo == name else sudo,
        run=_typed_in(mark),
        login_uid=None if login is None else login.uid,
        session=None if login is None else login.session,
    )
    return None if said == Claims() else structs.replace(said, uid=_uid())


def _typed_in(mark: str) -> int | None:
    """The run with this mark in whose process this one is: by its own environment, or that of a parent."""
    number = os.environ.get(RUN, "")
    if os.environ.get(LEDGER) == mark and number.isascii() and number.isdecimal() and len(number) < 19:
        return int(number)
    with contextlib.suppress(OSError):  # no descriptor is left to look with
        pid = os.getppid()
        for _ in range(_PARENTS_MAX):
            found = carried(pid, mark)
            if found is not None:
                return found[0]
            status = process_stat(pid)
            if status is None or status.parent <= 1:
                break
            pid = status.parent
    return None


def _uid() -> int:
    return _remembered[0] if _remembered else os.getuid()


def name_of(uid: int) -> str:
    """The name of a user; its number where it has no name."""
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return str(uid)


def _sudo_name() -> str:
    """What sudo says; a variable may hold any bytes."""
    said = os.fsencode(os.environ.get("SUDO_USER", ""))[:_NAME_BYTES_MAX]
    return said.decode("utf-8", "backslashreplace")
