"""The way in: a config from its file or from its bytes.

PyYAML is imported when the first config is read, so that commands that read none start without it.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import UTC, datetime
from pathlib import Path

from scheduler.configuration.files.joined import ConfigFile
from scheduler.configuration.files.read_files import read_files
from scheduler.configuration.job_kinds.builtin_jobs import REGISTERED
from scheduler.configuration.model import READ_NOW, Config, SlowParts


def load(
    path: Path,
    home: Path | None = None,
    *,
    registered: Collection[str] = REGISTERED,
    salt: bytes = b"",
    slow: SlowParts = READ_NOW,
) -> Config:
    """Read and check a config.

    Args:
        path: The `config.yaml` of a home, with which the parts beside it are read; or a copy of a config.
        home: The home that it belongs to; with it, folders to clean are kept apart from the ledger.
        registered: Names of the jobs that need no command.
        salt: For the digests of environment values; see `env_digest`.
        slow: How to come by what takes long to read.

    Raises:
        NotYetKnown: Something would take long to read, and `slow` does not want that.
        ConfigInvalid: It holds mistakes; all of them are listed.
        ConfigMissing: There is no such file.
        ConfigUnreadable: It, or a part of it, cannot be read.
        ConfigUntrusted: Others than the home's owner and root can write a file of it, or put another in its place.
    """
    from scheduler.configuration.document import read_config

    found = read_files(path, home)
    config = read_config(found.files, path, home, registered, salt, datetime.now(UTC), slow)
    config.owner = found.owner
    return config


def parse(
    raw: bytes,
    path: Path,
    home: Path | None = None,
    *,
    registered: Collection[str] = REGISTERED,
    salt: bytes = b"",
    now: datetime | None = None,
    slow: SlowParts = READ_NOW,
    parts: Sequence[ConfigFile] = (),
) -> Config:
    """The config that the bytes of a file hold; of the system, only where links in folders to clean lead is read.

    Args:
        raw: The bytes of the file.
        path: Where they came from, for messages.
        home: As for `load`.
        registered: As for `load`.
        salt: As for `load`.
        now: With it, single instants that have passed are remarked on.
        slow: As for `load`.
        parts: Its further files, in the order of their names.

    Raises:
        NotYetKnown: As for `load`.
        ConfigInvalid: It holds mistakes; all of them are listed.
    """
    from scheduler.configuration.document import read_config

    return read_config([ConfigFile("", raw), *parts], path, home, registered, salt, now, slow)
