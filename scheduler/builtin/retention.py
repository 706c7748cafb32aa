"""Deleting files older than a cutoff, and nothing else.

A folder is opened once, and everything in it is done relative to that descriptor without following symbolic
links (openat(2), unlinkat(2), `O_NOFOLLOW`). So whatever is renamed, linked or swapped in while it runs,
nothing outside the folder is reached. A symbolic link in place of the folder itself is refused; one further
up its path is the operator's own arrangement and is followed, to where it led when the config was put in force: if
it leads elsewhere now, or the folder is another one, nothing is deleted. A file with several names loses the one in
the folder.

A folder given by a person is never entered deeper: files whose name matches a shell pattern (fnmatch(3), case
counts, a leading dot must be written) and whose last change is before the cutoff. cronledger's own folders
are cleaned as a whole.
"""

from __future__ import annotations

import errno
import fnmatch
import os
import re
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Final, NamedTuple

from scheduler.builtin.retention_report import FolderTally, RetentionTally

DEPTH_MAX: Final = 32
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_FOLDER: Final = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_DATE: Final = re.compile(r"\d{4}-\d{2}-\d{2}")

Identity = tuple[int, int]
"""(device, inode): what a folder is, whatever it is called."""


class Target(NamedTuple):
    """A folder to clean.

    Attributes:
        path: absolute.
        pattern: of the names of files directly in it; None for one of cronledger's own, which is cleaned at
            every depth.
        dated: whether folders in it named by a date before the cutoff are removed once they are empty.
        real: its path without links when it was configured; empty for cronledger's own.
        identity: what it was then; None if it was not there.
    """

    path: Path
    pattern: str | None
    dated: bool = False
    real: str = ""
    identity: Identity | None = None


class ProtectedFiles(NamedTuple):
    """What is never deleted, whatever was asked for.

    Attributes:
        folders: nothing in these folders or below them.
        files_of: no file directly in these folders.
        output: in this folder and below it,
        keep: no file of which this says True, given a descriptor of its folder and its name: the output of runs
            that are still running.
    """

    folders: frozenset[Identity]
    files_of: frozenset[Identity]
    output: Identity | None
    keep: Callable[[int, str], bool]


def pattern_problem(pattern: str) -> str | None:
    """Why a pattern cannot be one of names of files; None if it can."""
    if not pattern:
        return "the pattern is empty: it matches no file; * matches all"
    if "/" in pattern:
        return "the pattern holds a slash: it is compared with names of files in the folder, which have none"
    if "\0" in pattern:
        return "the pattern holds a NUL character"
    return None


def apply(
    target: Target, cutoff: datetime, protected: ProtectedFiles, tally: RetentionTally, *, dry_run: bool
) -> None:
    """Delete what is older than `cutoff` in one folder, or with `dry_run` only count it.

    Nothing is raised for what cannot be deleted: it is counted, and the rest is dealt with.
    """
    sweep = _Sweep(target, cutoff, protected, tally, dry_run)
    problem = pattern_problem(target.pattern) if target.pattern is not None else None
    if problem is not None:
        tally.failed(str(target.path), problem)
        return
    try:
        descriptor = os.open(target.path, _FOLDER)
    except FileNotFoundError:
        if target.pattern is not None:
            tally.failed(str(target.path), "there is no such folder")
        return
    except OSError as error:
        tally.failed(str(target.path), _words(error, target.path))
        return
    try:
        sweep.root(descriptor)
    finally:
        os.close(descriptor)


def _words(error: OSError, path: Path) -> str:
    if error.errno in (errno.ELOOP, errno.ENOTDIR):
        if path.is_symlink():
            return "it is a symbolic link: name the folder that it leads to"
        return "it is not a folder"
    return error.strerror or str(error)


def _swapped(target: Target, real: str, descriptor: int) -> str:
    """Why an open folder is not the one that was configured; empty if it is."""
    if target.real and real != target.real:
        return f"it leads to {real} and led to {target.real} when it was configured: nothing is deleted there"
    if target.identity is not None and _identity(descriptor) != target.identity:
        return f"{real} is another folder than when it was configured: nothing is deleted there"
    return ""


class _Sweep:
    """One pass over one folder."""

    def __init__(
        self,
        target: Target,
        cutoff: datetime,
        protected: ProtectedFiles,
        tally: RetentionTally,
        dry_run: bool,
    ) -> None:
        self._target, self._protected, self._tally, self._dry_run = target, protected, tally, dry_run
        self._cutoff_ns = (cutoff - _EPOCH) // timedelta(microseconds=1) * 1000
        self._cutoff_date = cutoff.astimezone(UTC).date()
        self._counts: FolderTally = tally.folder(str(target.path), target.pattern or "**")
        self._matches = _matcher(target.pattern)

    def root(self, descriptor: int) -> None:
        """Clean the folder itself, unless it lies in a protected one, or is not the one that was configured."""
        real = os.readlink(f"/proc/self/fd/{descriptor}")
        self._counts.path = real
        swapped = _swapped(self._target, real, descriptor)
        if swapped:
            self._tally.failed(str(self._target.path), swapped)
            return
        above = set(_ancestry(descriptor))
        if above & self._protected.folders:
            self._tally.failed(
                str(self._target.path),
                "it belongs to the ledger or to what is made of it, from which nothing is deleted",
            )
            return
        if _identity(descriptor) in self._protected.files_of:
            self._tally.failed(
                str(self._target.path),
                "it holds files of cronledger itself, from which nothing is deleted",
            )
            return
        self._folder(descriptor, real, self._protected.output in above, 0)

    def _folder(self, descriptor: int, path: str, is_output: bool, depth: int) -> None:
        try:
            with os.scandir(descriptor) as entries:
                for entry in entries:
                    if self._tally.stopped():
                        return
                    self._entry(entry, descriptor, path, is_output, depth)
        except OSError as error:
            self._tally.failed(path, error.strerror or str(error))

    def _entry(
        self, entry: os.DirEntry[str], descriptor: int, path: str, is_output: bool, depth: int
    ) -> None:
        inside = f"{path}/{entry.name}"
        try:
            if entry.is_file(follow_symlinks=False):
                if self._matches(entry.name):
                    self._file(entry, descriptor, is_output)
            elif self._target.pattern is None and entry.is_dir(follow_symlinks=False):
                self._subfolder(entry.name, descriptor, inside, is_output, depth + 1)
        except FileNotFoundError:  # someone else was faster
            return
        except OSError as error:
            self._tally.failed(inside, error.strerror or str(error))

    def _file(self, entry: os.DirEntry[str], descriptor: int, is_output: bool) -> None:
        # Asked anew, not from the listing: a session may have been renewed since.
        found = os.stat(entry.name, dir_fd=descriptor, follow_symlinks=False)
        is_old = found.st_mtime_ns < self._cutoff_ns
        if is_old and is_output and self._protected.keep(descriptor, entry.name):
            return
        self._counts.examined += 1
        if is_old:
            if not self._dry_run:
                os.unlink(entry.name, dir_fd=descriptor)
            self._counts.deleted += 1
            self._counts.deleted_bytes += found.st_size

    def _subfolder(self, name: str, descriptor: int, path: str, is_output: bool, depth: int) -> None:
        if depth > DEPTH_MAX:
            self._tally.failed(path, f"it is more than {DEPTH_MAX} folders deep")
            return
        inner = os.open(name, _FOLDER, dir_fd=descriptor)
        try:
            identity = _identity(inner)
            if identity in self._protected.folders:
                return
            self._folder(inner, path, is_output or identity == self._protected.output, depth)
        finally:
            os.close(inner)
        if self._target.dated and not self._dry_run and self._is_past(name):
            self._remove_if_empty(name, descriptor)

    def _is_past(self, name: str) -> bool:
        try:
            return bool(_DATE.fullmatch(name)) and date.fromisoformat(name) < self._cutoff_date
        except ValueError:
            return False

    def _remove_if_empty(self, name: str, descriptor: int) -> None:
        try:
            os.rmdir(name, dir_fd=descriptor)
        except OSError as error:
            if error.errno not in (errno.ENOTEMPTY, errno.EEXIST):
                raise


def _matcher(pattern: str | None) -> Callable[[str], bool]:
    if pattern is None:
        return lambda _: True
    matches = re.compile(fnmatch.translate(pattern)).match
    if pattern.startswith("."):
        return lambda name: matches(name) is not None
    return lambda name: not name.startswith(".") and matches(name) is not None


def _identity(descriptor: int) -> Identity:
    found = os.fstat(descriptor)
    return found.st_dev, found.st_ino


def identity_of(path: Path) -> Identity | None:
    """What the folder at `path` is; None if there is none."""
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_dev, found.st_ino


def _ancestry(descriptor: int) -> Iterator[Identity]:
    """An open folder and all those above it, up to the root."""
    current = os.dup(descriptor)
    try:
        identity, below = _identity(current), None
        while identity != below:
            yield identity
            above = os.open("..", os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC, dir_fd=current)
            os.close(current)
            current, below = above, identity
            identity = _identity(current)
    finally:
        os.close(current)
