"""The login of a process, as the kernel's audit has it: its login uid and its audit session.

The login uid is set when a person logs in, and kept by every process that comes of it, whatever user that becomes. It
can be set once by anybody in a process that has none: it is a claim, unless the user could not have set it.
"""

from __future__ import annotations

import contextlib
from pathlib import Path
from typing import Final, NamedTuple

_UNSET: Final = 0xFFFFFFFF
_PARENTS_MAX: Final = 64
"""Who has more parents than this shows nothing."""
_STATUS_BYTES_MAX: Final = 65_536
_WHOLE_MACHINE: Final = [0, 0, _UNSET]
"""The user numbers of a process that is in no user namespace of its own."""


class Login(NamedTuple):
    """A login: the uid of who logged in, and the number of the audit session; None where the kernel has none."""

    uid: int
    session: int | None


def login_of(pid: int | str = "self", proc: Path = Path("/proc")) -> Login | None:
    """The login of a process; None if it comes of none, or that cannot be read.

    Args:
        pid: its number.
        proc: where the kernel tells of processes.
    """
    uid = _number(proc / str(pid) / "loginuid")
    return None if uid is None else Login(uid, _number(proc / str(pid) / "sessionid"))


def inherited_login(proc: Path = Path("/proc")) -> Login | None:
    """The login of this process, if its user could not have set it: the first process with it runs as root.

    That is what PAM does when a person logs in. A new session begins when a login uid is set, so one that this
    process shares with a process of root was set there or earlier. Whoever could have root's programs run commands
    as the home's user could still set one; and a process in a user namespace of its own shows nothing.
    """
    login = login_of("self", proc)
    if login is None or login.session is None or not _in_whole_machine(proc):
        return None
    first_is_root = False
    parent, _ = _status(proc / "self")
    for _ in range(_PARENTS_MAX):
        if parent <= 0 or login_of(parent, proc) != login:
            return login if first_is_root else None
        parent, first_is_root = _status(proc / str(parent))
    return None


def _number(path: Path) -> int | None:
    try:
        number = int(path.read_bytes()[:20])
    except (OSError, ValueError):
        return None
    return None if number == _UNSET else number


def _in_whole_machine(proc: Path) -> bool:
    with contextlib.suppress(OSError, ValueError):
        return [
            int(each) for each in (proc / "self" / "uid_map").read_bytes()[:200].split()
        ] == _WHOLE_MACHINE
    return False


def _status(process: Path) -> tuple[int, bool]:
    """The parent of a process, 0 if it cannot be read; and whether all of its uids are root's."""
    parent, is_root = 0, False
    with contextlib.suppress(OSError, ValueError):
        with open(process / "status", "rb") as file:
            lines = file.read(_STATUS_BYTES_MAX).splitlines()
        for line in lines:
            if line.startswith(b"PPid:"):
                parent = int(line.split()[1])
            elif line.startswith(b"Uid:"):
                is_root = line.split()[1:] == [b"0"] * 4
    return parent, is_root
