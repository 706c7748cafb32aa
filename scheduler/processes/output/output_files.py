"""The two output files of an attempt, made new for it.

Their names can be foretold, so whatever stands there already was not written by this run: it is never opened, and
the attempt is not started. A pipe in that place therefore holds nothing up, and a planted text never becomes a
run's output. Which files were made is remembered by device and inode, for those who read them later.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import stat
from collections.abc import Sequence
from typing import Final

from scheduler import inheritable_lock
from scheduler.processes import program
from scheduler.processes.spawner import FileIdentity, LaunchFailed, Orphan

_FOLDER_MODE: Final = 0o700
_FILE_MODE: Final = 0o600
_FLAGS: Final = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_APPEND | os.O_NOFOLLOW | os.O_CLOEXEC
"""O_EXCL opens nothing that is there, so nothing can block. O_NONBLOCK would be handed on to the run's output."""
_FIRST_FREE: Final = 3


class OutputFiles:
    """The files of one attempt, open for as long as the attempt is being started.

    Args:
        paths: absolute; folders that are missing are made, private to us.

    Attributes:
        descriptors: in the order of the paths; none is 0, 1 or 2.
        identities: which files they are, in the order of the paths.

    Raises:
        LaunchFailed: one of them cannot be made, or something stands in its place; none is left.
    """

    __slots__ = ("_paths", "descriptors", "identities")

    def __init__(self, paths: Sequence[str]) -> None:
        self._paths = paths
        self.descriptors: list[int] = []
        self.identities: list[FileIdentity] = []
        try:
            for path in paths:
                descriptor = _create(path)
                self.descriptors.append(descriptor)
                made = os.fstat(descriptor)
                self.identities.append(FileIdentity(made.st_dev, made.st_ino))
                _lock(descriptor)
        except OSError as error:
            self.discard()
            raise _refusal(paths[len(self.identities)], error) from error

    def close(self) -> None:
        """Close them, if they are not yet; the attempt has its own."""
        while self.descriptors:
            try:
                os.close(self.descriptors.pop())
            except OSError:  # it is closed, and nothing was written by us
                continue

    def discard(self) -> None:
        """Close and remove them: the attempt never was. What has been put in their place stays."""
        self.close()
        for path, identity in zip(self._paths, self.identities, strict=False):
            remove_if_empty(path, identity)


def _create(path: str) -> int:
    try:
        descriptor = os.open(path, _FLAGS, _FILE_MODE)
    except FileNotFoundError:
        # Try again even if no folder is missing: another process may have made it just now.
        _make_folders(os.path.dirname(path))
        descriptor = os.open(path, _FLAGS, _FILE_MODE)
    if descriptor >= _FIRST_FREE:
        return descriptor
    try:  # ours is closed: the run's own 0, 1 and 2 are set one after another
        return fcntl.fcntl(descriptor, fcntl.F_DUPFD_CLOEXEC, _FIRST_FREE)
    finally:
        os.close(descriptor)


def _lock(descriptor: int) -> None:
    """Lock an output file; the run inherits that, and where it cannot be seen, the lock tells that it lives."""
    try:
        inheritable_lock.take(descriptor)
    except OSError:  # a file system without locks; `suppress` would cost as much as the lock
        return


def _make_folders(folder: str) -> None:
    missing = []
    while not os.path.lexists(folder):
        missing.append(folder)
        folder = os.path.dirname(folder)
    for name in reversed(missing):
        with contextlib.suppress(FileExistsError):  # another process starts its first run of the day
            os.mkdir(name, _FOLDER_MODE)


def _refusal(path: str, error: OSError) -> LaunchFailed:
    if isinstance(error, FileExistsError):
        link = "a symbolic link" if os.path.islink(path) else "something that this run did not write"
        return LaunchFailed(
            f"cannot write the output file {path}: {link} stands there already; move it away",
            program.NOT_EXECUTABLE,
        )
    reason = program.system_reason(error) or error.strerror or str(error)
    return LaunchFailed(f"cannot write the output file {path}: {reason}", program.NOT_EXECUTABLE)


def remove_if_empty(path: str, identity: FileIdentity | None = None) -> bool:
    """Remove an output file in which nothing stands; whether that was done.

    Args:
        path: where it is.
        identity: which file it must be, where that is known.
    """
    try:
        found = os.lstat(path)
        if not is_output(found, identity) or found.st_size:
            return False
        os.unlink(path)
    except OSError:
        return False
    return True


def holds_output(orphan: Orphan) -> bool:
    """Whether some process of an attempt holds a lock on one of its output files."""
    return any(map(inheritable_lock.is_held, orphan.outputs))


def remove_what_was_lost(orphan: Orphan) -> None:
    """Remove the empty output files of a lost attempt, unless something of it may write there yet."""
    for path in orphan.outputs:
        if not inheritable_lock.is_held(path):
            remove_if_empty(path)


def is_output(found: os.stat_result, identity: FileIdentity | None) -> bool:
    """Whether what was found is a regular file and, where that is known, the very one that was made."""
    if not stat.S_ISREG(found.st_mode):
        return False
    return identity is None or identity == (found.st_dev, found.st_ino)
