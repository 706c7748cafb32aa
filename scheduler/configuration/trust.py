"""Whether a config may be believed: whoever can write it, or put another in its place, runs commands as its owner.

So nobody but the owner of the home and root may, as cron(8) and sshd(8) have it for their files.
"""

from __future__ import annotations

import os
import shlex
import stat
from collections.abc import Iterator
from pathlib import Path

import msgspec

from eventstore.regular_file import open_regular
from scheduler.home import Home
from scheduler.ownership.home_owner import owner_or_self, user_name

_OTHERS_WRITE = stat.S_IWGRP | stat.S_IWOTH


class Untrusted(Exception):
    """Others can write a file that decides what runs, or put another in its place; the message says what to do."""


class TrustedFile(msgspec.Struct, frozen=True):
    """What a file that decides what runs holds, and who owns it: nobody else but root could write it."""

    content: bytes
    owner: str


def read_trusted(path: Path, home: Path | None, bytes_max: int) -> TrustedFile:
    """A file that decides what runs: all of its bytes, or one more than may be.

    Args:
        path: the file; a link is followed.
        home: the home that it belongs to, if it does.
        bytes_max: so many are believed; that there is one more tells that it is too long.

    Raises:
        Untrusted: see `distrust`.
        OSError: it cannot be read.
    """
    with open(open_regular(path, follow=True), "rb") as file:
        found = os.fstat(file.fileno())
        if problem := distrust(found, path, home):
            raise Untrusted(problem)
        return TrustedFile(file.read(bytes_max + 1), user_name(found.st_uid))


def distrust(found: os.stat_result, path: Path, home: Path | None, looked_at: set[Path] | None = None) -> str:
    """Why a config is not to be used, and what to do about it; empty if it may be.

    Args:
        found: what fstat(2) says of the open file.
        path: where it is.
        home: the home that it belongs to, if it does.
        looked_at: folders that were found right just before, which need no other look; more are added.

    Raises:
        OSError: one of the folders that it stands in cannot be looked at.
    """
    trusted = {0, os.geteuid() if home is None else owner_or_self(Home(home))}
    problem = _distrusted(found, path, trusted)
    if problem:
        return problem
    looked_at = set() if looked_at is None else looked_at
    for folder in _folders(path, home):
        if folder in looked_at:
            continue
        problem = _distrusted(os.stat(folder), folder, trusted)
        if problem:
            return problem
        looked_at.add(folder)
    return ""


def distrust_folder(folder: Path, home: Path) -> str:
    """Why nothing in a folder of a home is to be used, and what to do about it; empty if it may be.

    Raises:
        OSError: it, or one that it stands in, cannot be looked at.
    """
    return distrust(os.stat(folder), folder, home)


def _folders(path: Path, home: Path | None) -> Iterator[Path]:
    """The folders that decide which file a config is: those up to its home, and that of the file a link names."""
    if home is not None and home in path.parents:
        yield from path.parents[: path.parents.index(home) + 1]
    else:
        yield path.parent
    if path.is_symlink():
        yield Path(os.path.realpath(path)).parent


def _distrusted(found: os.stat_result, path: Path, trusted: set[int]) -> str:
    quoted = shlex.quote(str(path))
    if found.st_uid not in trusted:
        who, owner = user_name(found.st_uid), user_name(max(trusted))
        return f"{path} belongs to {who}, who could put any command there: `chown {owner} {quoted}`"
    # Where a folder is sticky, as /tmp is, nobody can replace what is another's.
    sticky = stat.S_ISDIR(found.st_mode) and found.st_mode & stat.S_ISVTX
    if found.st_mode & _OTHERS_WRITE and not sticky and not _is_read_only(path):
        who = "others" if found.st_mode & stat.S_IWOTH else "its group"
        return f"{who} can write {path}, and so put any command there: `chmod go-w {quoted}`"
    return ""


def _is_read_only(path: Path) -> bool:
    """Whether nobody can write there, whatever the mode says: a volume that an orchestrator mounts, say."""
    return bool(os.statvfs(path).f_flag & os.ST_RDONLY)
