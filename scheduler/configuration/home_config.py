"""The config of a home, read the same way by everyone, so that everyone sees the same definitions in it."""

from __future__ import annotations

import os
from pathlib import Path

from scheduler.configuration.files.part_names import PartsRefused, folder_of, part_names
from scheduler.configuration.load import load
from scheduler.configuration.model import READ_NOW, WHATEVER_DAYS, Config, SlowParts
from scheduler.configuration.variables.salt import salt_of
from scheduler.database.origin import is_on_database
from scheduler.home import Home

Stamp = tuple[int, int, int, int, int]
"""What tells one version of a file from the next: inode, size, modification time; and who may write it."""


def stamp_of(path: str | Path) -> Stamp | None:
    """The file's stamp; None if there is no such file."""
    try:
        status = os.stat(path)
    except OSError:
        return None
    return status.st_ino, status.st_size, status.st_mtime_ns, status.st_mode, status.st_uid


ConfigStamp = tuple[Stamp, tuple[tuple[str, Stamp | None], ...]]
"""What tells one version of a config from the next: the stamp of `config.yaml`, and of its parts those by name."""


def config_stamp(home: Home) -> ConfigStamp | None:
    """The stamp of a home's config; None if there is no `config.yaml`."""
    main = stamp_of(home.config)
    if main is None:
        return None
    folder = folder_of(home.config)
    try:
        found = os.stat(folder)
    except OSError:
        return main, () if not os.path.lexists(folder) else ((str(folder), None),)
    # Who may write the folder decides whether its files are believed; when it was written says nothing of those.
    parts: list[tuple[str, Stamp | None]] = [("", (found.st_ino, 0, 0, found.st_mode, found.st_uid))]
    try:
        parts += [(name, stamp_of(f"{folder}/{name}")) for name in part_names(folder)]
    except (PartsRefused, OSError) as problem:
        parts.append((str(problem), None))
    return main, tuple(parts)


def load_config(home: Home, path: Path | None = None, slow: SlowParts = READ_NOW) -> Config:
    """The home's config, or the copy of it at `path`; `slow` says how to come by what takes long to read.

    Raises:
        NotYetKnown: something would take long to read, and `slow` does not want that.
        ConfigInvalid, ConfigMissing, ConfigUnreadable: there is none that could be used.
    """
    return load(path or home.config, home.root, salt=salt_of(home), slow=slow)


def load_config_in_force(home: Home) -> Config:
    """What the home goes by, as far as it stands in files: its config, or on a database what was applied last.

    There it has no jobs, for what they are stands in the ledger; so it has no digests, and no salt is made for any.

    Raises:
        ConfigInvalid, ConfigMissing, ConfigUnreadable: there is none that could be used.
    """
    if not is_on_database(home):
        return load_config(home)
    return load(home.config_in_force, home.root, slow=WHATEVER_DAYS)
