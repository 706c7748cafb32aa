"""A second folder with the same entries, as fast and as small as the file system allows."""

from __future__ import annotations

import shutil
from contextlib import suppress
from pathlib import Path

from eventstore.durable import REAL
from eventstore.head import HEAD_NAME
from eventstore.kept_sizes import CHECKPOINTS_NAME
from eventstore.segment import list_names, marker_name, seal_name, segment_name


def copy_entries(old: Path, beside: Path) -> None:
    """Make a folder of the entries of another one, with its seals, its head and its checkpoints.

    What is sealed is never written again, and is shared with the old folder by a hard link where that can be; what is
    still written is copied. Nothing is flushed here, and what stands at `beside` is removed.

    Raises:
        OSError: it cannot be made.
    """
    shutil.rmtree(beside, ignore_errors=True)
    beside.mkdir(mode=0o700)
    found = list_names(old)
    for first in found.segments:
        if first in found.seals:
            _share(old / segment_name(first), beside / segment_name(first))
        else:
            shutil.copyfile(old / segment_name(first), beside / segment_name(first))
    for name in [*map(seal_name, found.seals), *map(marker_name, found.markers), HEAD_NAME]:
        with suppress(FileNotFoundError):
            shutil.copyfile(old / name, beside / name)
    if (old / CHECKPOINTS_NAME).is_dir():
        shutil.copytree(old / CHECKPOINTS_NAME, beside / CHECKPOINTS_NAME)
    for path in beside.rglob("*"):
        path.chmod(0o700 if path.is_dir() else 0o600)


def _share(path: Path, target: Path) -> None:
    try:
        REAL.link(path, target)
    except OSError:
        shutil.copyfile(path, target)
