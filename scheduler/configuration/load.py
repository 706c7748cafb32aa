"""The way in: a config from its file or from its bytes.

PyYAML is imported when the first config is read, so that commands that read none start without it.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import UTC, datetime
from pathlib import Path

from scheduler.configuration.errors import ConfigMissing, ConfigUnreadable, ConfigUntrusted
from scheduler.configuration.job_kinds.builtin_jobs import REGISTERED
from scheduler.configuration.model import READ_NOW, Config, SlowParts
from scheduler.configuration.trust import Untrusted, read_trusted


def load(
    path: Path,
    home: Path | None = None,
    *,
    registered: Collection[str] = REGISTERED,
    salt: bytes = b"",
    slow: SlowParts = READ_NOW,
) -> Config:
    """Read and check a config file.

    Args:
        path: The file.
        home: The home that it belongs to; with it, folders to clean are kept apart from the ledger.
        registered: Names of the jobs that need no command.
        salt: For the digests of environment values; see `env_digest`.
        slow: How to come by what takes long to read.

    Raises:
        NotYetKnown: Something would take long to read, and `slow` does not want that.
        ConfigInvalid: It holds mistakes; all of them are listed.
        ConfigMissing: There is no such file.
        ConfigUnreadable: It cannot be read.
        ConfigUntrusted: Others than the home's owner and root can write it, or put another in its place.
    """
    from scheduler.configuration.yaml_tree.source import MAX_BYTES

    try:
        found = read_trusted(path, home, MAX_BYTES)
    except Untrusted as problem:
        raise ConfigUntrusted(path, str(problem)) from None
    except FileNotFoundError:
        raise ConfigMissing(path) from None
    except OSError as error:
        raise ConfigUnreadable(path, error.strerror or str(error)) from None
    now = datetime.now(UTC)
    config = parse(found.content, path, home, registered=registered, salt=salt, now=now, slow=slow)
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

    Raises:
        NotYetKnown: As for `load`.
        ConfigInvalid: It holds mistakes; all of them are listed.
    """
    from scheduler.configuration.document import read_config

    return read_config(raw, path, home, registered, salt, now, slow)
