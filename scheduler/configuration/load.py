"""The way in: a config from its file or from its bytes.

PyYAML is imported when the first config is read, so that commands that read none start without it.
"""

from __future__ import annotations

import stat
from collections.abc import Collection
from datetime import UTC, datetime
from pathlib import Path

from scheduler.configuration.builtin_jobs import REGISTERED
from scheduler.configuration.errors import ConfigMissing, ConfigUnreadable
from scheduler.configuration.model import Config


def load(
    path: Path, home: Path | None = None, *, registered: Collection[str] = REGISTERED, salt: bytes = b""
) -> Config:
    """Read and check a config file.

    Args:
        path: The file.
        home: The home that it belongs to; with it, folders to clean are kept apart from the ledger.
        registered: Names of the jobs that need no command.
        salt: For the digests of environment values; see `env_digest`.

    Raises:
        ConfigInvalid: It holds mistakes; all of them are listed.
        ConfigMissing: There is no such file.
        ConfigUnreadable: It cannot be read.
    """
    from scheduler.configuration.yaml_tree.source import MAX_BYTES

    try:
        if not stat.S_ISREG(path.stat().st_mode):
            raise ConfigUnreadable(path, "it is not a file")
        with path.open("rb") as file:
            raw = file.read(MAX_BYTES + 1)
    except FileNotFoundError:
        raise ConfigMissing(path) from None
    except OSError as error:
        raise ConfigUnreadable(path, error.strerror or str(error)) from None
    return parse(raw, path, home, registered=registered, salt=salt, now=datetime.now(UTC))


def parse(
    raw: bytes,
    path: Path,
    home: Path | None = None,
    *,
    registered: Collection[str] = REGISTERED,
    salt: bytes = b"",
    now: datetime | None = None,
) -> Config:
    """The config that the bytes of a file hold; of the system, only where links in folders to clean lead is read.

    Args:
        raw: The bytes of the file.
        path: Where they came from, for messages.
        home: As for `load`.
        registered: As for `load`.
        salt: As for `load`.
        now: With it, single instants that have passed are remarked on.

    Raises:
        ConfigInvalid: It holds mistakes; all of them are listed.
    """
    from scheduler.configuration.document import read_config

    return read_config(raw, path, home, registered, salt, now)
