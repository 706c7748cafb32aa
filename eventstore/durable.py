"""The system calls of a safe write, each with its reason: nothing else in the package writes to the disk.

`Disk` lets tests inject faults: they replace any call by one that fails, before or after it took effect.
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import os
from pathlib import Path

from eventstore.regular_file import open_regular

FILE_MODE = 0o600
FOLDER_MODE = 0o700


class Disk:
    """The calls that change a disk or wait for it; every method raises `OSError`."""

    def open(self, path: Path, flags: int) -> int:
        """Open a file that no started program inherits; a file that is created is accessible to its owner only."""
        return open_regular(path, flags, FILE_MODE)

    def mkdir(self, path: Path) -> None:
        """Create a folder that is accessible to its owner only; an existing folder is left as it is."""
        with contextlib.suppress(FileExistsError):
            os.mkdir(path, FOLDER_MODE)

    def pwrite(self, fd: int, data: bytes, offset: int) -> int:
        """Write at a given offset, never at the current end of a file."""
        return os.pwrite(fd, data, offset)

    def fdatasync(self, fd: int) -> None:
        """Wait until the bytes, and the length that is needed to read them, are on disk."""
        os.fdatasync(fd)

    def fsync(self, fd: int) -> None:
        """Wait until a folder's names are on disk: without this, a power failure may lose a new file."""
        os.fsync(fd)

    def ftruncate(self, fd: int, length: int) -> None:
        """Cut a file."""
        os.ftruncate(fd, length)

    def fallocate(self, fd: int, length: int) -> None:
        """Allocate the room now, so that it is available later."""
        os.posix_fallocate(fd, 0, length)

    def rename(self, source: Path, target: Path) -> None:
        """Replace a file at once: a process that opens it sees the old one or the new one, never a mixture."""
        os.rename(source, target)

    def link(self, source: Path, target: Path) -> None:
        """Give a file one more name, unless something has that name already."""
        os.link(source, target, follow_symlinks=False)

    def unlink(self, path: Path) -> None:
        """Remove a file's name."""
        os.unlink(path)

    def rmdir(self, path: Path) -> None:
        """Remove a folder that is empty."""
        os.rmdir(path)

    def flock(self, fd: int, operation: int) -> None:
        """Wait for a lock that the kernel releases when its holder dies, however it dies."""
        fcntl.flock(fd, operation)


REAL = Disk()


def close_quietly(fd: int) -> None:
    """Close a file whose data is on disk as far as needed, so that a failure to close it does not matter."""
    with contextlib.suppress(OSError):
        os.close(fd)


def write_all(disk: Disk, fd: int, data: bytes, offset: int) -> None:
    """Write all of the data, in one call unless the system takes only a part of it.

    After a part, the rest is written by another call: it succeeds, or says why it cannot.

    Raises:
        OSError: not all of the data was written; the caller does not know how much was.
    """
    written = disk.pwrite(fd, data, offset)
    if written < len(data):
        write_rest(disk, fd, data, offset, written)


def write_rest(disk: Disk, fd: int, data: bytes, offset: int, written: int) -> None:
    """Write what a call that wrote `written` bytes has left; see `write_all`."""
    while written < len(data):
        more = disk.pwrite(fd, data[written:], offset + written)
        if more == 0:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        written += more


def create_folders(disk: Disk, folder: Path) -> None:
    """Create a folder and the missing ones above it; the names of new ones are on disk on return."""
    missing = []
    while not folder.is_dir():
        missing.append(folder)
        folder = folder.parent
    for path in reversed(missing):
        disk.mkdir(path)
        sync_folder(disk, path.parent)


def sync_folder(disk: Disk, folder: Path) -> None:
    """Put a folder's names on disk."""
    fd = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        disk.fsync(fd)
    finally:
        os.close(fd)


def write_file(
    disk: Disk,
    path: Path,
    data: bytes,
    *,
    durable: bool = True,
    replace: bool = True,
    beside: Path | None = None,
) -> None:
    """Create or replace a whole file, atomically; it is on disk on return.

    1. Write a temporary file: a crash leaves this file behind, and the old file as it was.
    2. Flush it before the rename: otherwise a power failure may leave the new name with nothing in it.
    3. Rename it: from here on every process sees the new file.
    4. Flush the folder: from here on a power failure does not bring the old file back.

    Args:
        disk: the system calls.
        path: the file.
        data: all that it holds.
        durable: whether steps 2 and 4 are taken; without them a power failure may leave an older file or one that
            is not whole, which suits a file that is checked when it is read and can be made again.
        replace: whether an existing file is replaced.
        beside: the temporary file, in the same folder; by default `.NAME.PID`. A file of that name is a leftover.

    Raises:
        FileExistsError: there is a file, and `replace` is false; the file is as it was.
        OSError: the file cannot be written; an existing file is as it was.
    """
    beside = beside or path.with_name(f".{path.name}.{os.getpid()}")
    fd = _create_anew(disk, beside)
    try:
        try:
            write_all(disk, fd, data, 0)
            if durable:
                disk.fdatasync(fd)
        finally:
            os.close(fd)
        give_name(disk, beside, path, replace=replace)
    except BaseException as problem:
        # A full disk fails a write, and that call knows no name.
        if isinstance(problem, OSError) and problem.filename is None:
            problem.filename = str(path)
        with contextlib.suppress(OSError):
            disk.unlink(beside)
        raise
    if durable:
        sync_folder(disk, path.parent)


def publish(disk: Disk, beside: Path, path: Path) -> None:
    """Steps 2 to 4 of `write_file` for a file that another program has written, such as a database engine.

    Raises:
        OSError: it cannot be done; the temporary file is left.
    """
    beside.chmod(FILE_MODE)
    fd = disk.open(beside, os.O_RDONLY)
    try:
        disk.fsync(fd)
    finally:
        os.close(fd)
    give_name(disk, beside, path)
    sync_folder(disk, path.parent)


def give_name(disk: Disk, beside: Path, path: Path, *, replace: bool = True) -> None:
    """Give a finished file its name, atomically: step 3 of `write_file`.

    Without `replace`, the name is given by a link, which fails if a file of that name was created meanwhile.

    Raises:
        FileExistsError: there is a file, and `replace` is false.
        OSError: it cannot be done.
    """
    if replace:
        disk.rename(beside, path)
        return
    try:
        disk.link(beside, path)
    except FileExistsError:
        raise
    except OSError:
        # A file system without links.
        if path.exists():
            raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), str(path)) from None
        disk.rename(beside, path)
    else:
        disk.unlink(beside)


def _create_anew(disk: Disk, path: Path) -> int:
    """Create a new file; an existing one (left by a killed process, or a link from somebody) is removed first."""
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL
    try:
        return disk.open(path, flags)
    except FileExistsError:
        disk.unlink(path)
        return disk.open(path, flags)
