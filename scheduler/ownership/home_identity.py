"""Whether a home is still the one it was, or a copy: what it remembers of its own lock file.

A file that was copied has another inode and another birth time (statx(2)); one that was moved within its
disk has not. The number of the device counts within one boot only: over boots, and in containers, it changes.
When a file was changed last (`st_ctime`) nobody can set: while it is what it was, the file is the same, and its birth
need not be asked for, which takes Python long.

What is remembered stands in `var/identity.json`, so it is copied along, and that is how a copy knows that it is one.
"""

from __future__ import annotations

import contextlib
import os
import re
import sys
from pathlib import Path
from typing import Final

import msgspec

from eventstore.nesting import decode
from eventstore.regular_file import open_regular, read_regular
from scheduler.home import Home

_FILE: Final = "identity.json"
_BYTES_MAX: Final = 4_096
_NOTES: Final = re.compile(r"\.?[0-9]+-[0-9]+(-[0-9]+)?")
_AT_FDCWD: Final = -100
_AT_SYMLINK_NOFOLLOW: Final = 0x100
_STATX_BTIME: Final = 0x800
_STATX_BYTES: Final = 256


class HomeCopied(Exception):
    """The home is a copy of another one, and nobody has said what it is to be."""

    def __init__(self, home: Home) -> None:
        self.home = home
        super().__init__(f"the home {home.root} is a copy of another one")


class LockFile(msgspec.Struct, frozen=True):
    """What tells the lock file of a home from a copy of it.

    Attributes:
        inode: its number.
        device, boot_id: of the file system, and the boot during which it had that number.
        born_ns: when it was created, in Unix nanoseconds; None where the system does not tell.
        changed_ns: when it, or what is known of it, was changed last.
    """

    inode: int
    device: int
    boot_id: str
    born_ns: int | None = None
    changed_ns: int | None = None


def is_copy(home: Home) -> bool:
    """Whether the home is a copy; False where it remembers nothing."""
    try:
        then = decode(read_regular(identity_file(home), _BYTES_MAX), LockFile)
    except (OSError, msgspec.MsgspecError, UnicodeDecodeError):
        return False
    try:
        now = os.lstat(home.scheduler_lock)
    except OSError:
        return True
    if now.st_ino != then.inode:
        return True
    if now.st_dev != then.device and _boot_id() == then.boot_id:
        return True
    if now.st_ctime_ns == then.changed_ns or then.born_ns is None:
        return False
    born_ns = _born_ns(home.scheduler_lock)
    return born_ns is not None and born_ns != then.born_ns


def identity_file(home: Home) -> Path:
    """Where it is remembered; whoever opens a home's ledger to record something has it written, once that is open."""
    return home.var / _FILE


def remember(home: Home) -> None:
    """Note what the home is now; where it cannot be written, it is not known later."""
    with contextlib.suppress(OSError):
        home.var.mkdir(mode=0o700, parents=True, exist_ok=True)
        os.close(open_regular(home.scheduler_lock, os.O_RDWR | os.O_CREAT))
        found = os.lstat(home.scheduler_lock)
        now = LockFile(
            found.st_ino, found.st_dev, _boot_id(), _born_ns(home.scheduler_lock), found.st_ctime_ns
        )
        path = identity_file(home)
        raw = msgspec.json.encode(now) + b"\n"
        with contextlib.suppress(OSError):
            if read_regular(path, _BYTES_MAX) == raw:
                return
        from eventstore.durable import REAL, write_file

        write_file(REAL, path, raw)


def remember_first(home: Home) -> None:
    """Note what a home is that remembers nothing yet: whoever copies it before anything ran makes a copy too."""
    if not os.path.lexists(identity_file(home)):
        remember(home)


def forget_processes(home: Home) -> None:
    """Remove the notes of processes that came along with a copy: they are another home's."""
    with contextlib.suppress(FileNotFoundError):
        for name in os.listdir(home.processes):
            if _NOTES.fullmatch(name):
                (home.processes / name).unlink(missing_ok=True)


def _boot_id() -> str:
    from scheduler.processes.recognition.identity import boot_id

    return boot_id()


def _born_ns(path: Path) -> int | None:
    """The birth time, which Python does not ask for on Linux."""
    import ctypes

    statx = getattr(ctypes.CDLL(None, use_errno=True), "statx", None)
    if statx is None:
        return None
    buffer = ctypes.create_string_buffer(_STATX_BYTES)
    if statx(_AT_FDCWD, os.fsencode(path), _AT_SYMLINK_NOFOLLOW, _STATX_BTIME, buffer) != 0:
        return None
    raw = bytes(buffer)
    if not int.from_bytes(raw[0:4], sys.byteorder) & _STATX_BTIME:
        return None
    # struct statx: the birth time is the second of four, which begin at byte 64 and take 16 bytes each.
    seconds = int.from_bytes(raw[80:88], sys.byteorder, signed=True)
    return seconds * 1_000_000_000 + int.from_bytes(raw[88:92], sys.byteorder)
