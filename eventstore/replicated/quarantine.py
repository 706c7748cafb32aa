"""Setting aside the damaged end of a mirror, file by file, so that its lines can be fetched again."""

from __future__ import annotations

import os
import re
from pathlib import Path

from eventstore.durable import Disk, create_folders, sync_folder
from eventstore.errors import Corrupt
from eventstore.head import HEAD_NAME
from eventstore.recovery import QUARANTINE_NAME

_OF_SEGMENT = re.compile(r"([0-9]{20})\.(?:jsonl|seal|archived)")


def move_aside(disk: Disk, folder: Path, damage: Corrupt) -> list[Path]:
    """Move the damaged segment, and all after it, into a folder `quarantine/<first>-damaged-<n>`; then `HEAD`.

    The last one is moved first, and `HEAD` after all: a crash on the way leaves files that are found damaged again.

    Returns:
        The files, where they are now.

    Raises:
        OSError: they cannot be moved.
    """
    match = _OF_SEGMENT.fullmatch(damage.segment.name)
    first = int(match[1]) if match else 0
    names = sorted(
        (
            name
            for name in os.listdir(folder)
            if (found := _OF_SEGMENT.fullmatch(name)) and int(found[1]) >= first
        ),
        reverse=True,
    )
    if (folder / HEAD_NAME).exists():
        names.append(HEAD_NAME)
    aside = _new_folder(disk, folder / QUARANTINE_NAME, f"{first:020d}-damaged")
    for name in names:
        disk.rename(folder / name, aside / name)
    sync_folder(disk, aside)
    sync_folder(disk, folder)
    return [aside / name for name in names]


def _new_folder(disk: Disk, quarantine: Path, stem: str) -> Path:
    number = 1
    while (quarantine / f"{stem}-{number}").exists():
        number += 1
    aside = quarantine / f"{stem}-{number}"
    create_folders(disk, aside)
    return aside
