"""Folders to clean, resolved when they are configured: where each led then, and which folder that was.

Whoever owns a folder further up a path may put a link in its place. So what is cleaned is not what the path leads to
when the job runs, but what it led to when the config was put in force, or nothing.
"""

from __future__ import annotations

import os

from scheduler.definition import Directory
from scheduler.home import Home


class ResolvedDirectory(Directory, frozen=True, kw_only=True, omit_defaults=True):
    """A folder to clean, as it was found.

    Attributes:
        real: its path without links; empty if it was not resolved.
        device, inode: which folder that was; None if there was none.
    """

    real: str = ""
    device: int | None = None
    inode: int | None = None


def resolve(home: Home, directory: Directory) -> ResolvedDirectory:
    """Where a folder of a definition leads now."""
    path = home.root / directory.path
    try:
        found = os.stat(path)
    except OSError:
        found = None
    return ResolvedDirectory(
        path=directory.path,
        pattern=directory.pattern,
        real=os.path.realpath(path),
        device=None if found is None else found.st_dev,
        inode=None if found is None else found.st_ino,
    )
