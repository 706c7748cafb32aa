"""Opening files in folders that others may have written: only regular files are opened.

A FIFO would make the call wait for ever, a link would lead to another file, and opening a device may have effects. So
no link is followed, no call waits, and everything but a regular file is refused.
"""

from __future__ import annotations

import contextlib
import errno
import os
import stat
from pathlib import Path

_FLAGS = os.O_NONBLOCK | os.O_CLOEXEC


class NotRegular(OSError):
    """There is a link, a FIFO, a socket, a device or a folder where a file should be."""


def open_regular(
    path: str | Path,
    flags: int = os.O_RDONLY,
    mode: int = 0o600,
    *,
    dir_fd: int | None = None,
    follow: bool = False,
) -> int:
    """Open a regular file; no started program inherits it.

    Args:
        path: where it is; its last part is no link, unless one is followed.
        flags: as for open(2).
        mode: of a file that is created.
        dir_fd: the folder that `path` counts from.
        follow: a link may lead to it: the file is a person's, who may keep it elsewhere.

    Raises:
        NotRegular: the path names a link, or something else that is no regular file.
        OSError: the file cannot be opened.
    """
    try:
        fd = os.open(path, flags | _FLAGS | (0 if follow else os.O_NOFOLLOW), mode, dir_fd=dir_fd)
    except OSError as problem:
        if problem.errno == errno.ELOOP and not follow:
            raise NotRegular(errno.ELOOP, "it is a symbolic link, which is not followed", str(path)) from None
        # A FIFO that no process reads, or a socket.
        if problem.errno == errno.ENXIO:
            raise NotRegular(errno.ENXIO, "it is no regular file", str(path)) from None
        raise
    if not stat.S_ISREG(os.fstat(fd).st_mode):
        os.close(fd)
        raise NotRegular(errno.EINVAL, "it is no regular file", str(path))
    return fd


def regular_status(path: str | Path) -> os.stat_result | None:
    """What lstat(2) says of a regular file; None if there is something else.

    Raises:
        OSError: it cannot be looked at, or is not there.
    """
    found = os.lstat(path)
    return found if stat.S_ISREG(found.st_mode) else None


def is_open_to_others(status: os.stat_result) -> bool:
    """Whether the permissions of a file let anybody but its owner do anything with it."""
    return bool(status.st_mode & (stat.S_IRWXG | stat.S_IRWXO))


def read_regular(path: str | Path, bytes_max: int, *, dir_fd: int | None = None) -> bytes:
    """The content of a regular file of at most `bytes_max` bytes.

    Raises:
        NotRegular: the path names a link, or something else that is no regular file.
        OSError: the file cannot be read, or is longer than `bytes_max`.
    """
    fd = open_regular(path, dir_fd=dir_fd)
    try:
        # A sparse file may be too long to be read in any useful time, so its length is checked first.
        chunks, left = [], bytes_max + 1 if os.fstat(fd).st_size <= bytes_max else 0
        while left > 0 and (chunk := os.read(fd, min(left, 1024 * 1024))):
            chunks.append(chunk)
            left -= len(chunk)
    finally:
        os.close(fd)
    if left <= 0:
        raise OSError(errno.EFBIG, f"it is longer than {bytes_max:,} bytes", str(path))
    return b"".join(chunks)


def create_anew(path: Path, mode: int = 0o600) -> int:
    """Create a file to write to; a file that has its name (such as a leftover of a killed process) is removed first.

    Raises:
        OSError: it cannot be created.
    """
    with contextlib.suppress(FileNotFoundError):
        os.unlink(path)
    return os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC | os.O_NOFOLLOW, mode)


def check_folder(path: Path) -> None:
    """Check that a path is a folder, and not a link to one.

    Raises:
        NotRegular: it is no folder.
        OSError: it does not exist.
    """
    if not stat.S_ISDIR(os.lstat(path).st_mode):
        raise NotRegular(errno.ENOTDIR, "it is no folder, or a link to one", str(path))
