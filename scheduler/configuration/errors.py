"""How reading a config fails: it is invalid, it is missing, or it cannot be read at all."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from scheduler.vocabulary import ConfigError


class ConfigInvalid(Exception):
    """The config holds mistakes; nothing of it is in force.

    Attributes:
        path: The file.
        errors: Every mistake found, sorted by position. A mistake in the YAML itself hides what follows it.
        digest: SHA-256 (hex) of the file's bytes, so that a rejected edit can be recognised again.
        source: The file's text, from which to quote; characters that could not be read are replaced.
    """

    def __init__(self, path: Path, errors: Sequence[ConfigError], digest: str, source: str = "") -> None:
        self.path = path
        self.errors = list(errors)
        self.digest = digest
        self.source = source
        first = self.errors[0]
        more = len(self.errors) - 1
        rest = "" if more == 0 else f" (and {more} more mistake{'' if more == 1 else 's'})"
        super().__init__(f"{path}:{first.line}:{first.column}: {first.message}{rest}")


class ConfigMissing(Exception):
    """There is no config file."""

    def __init__(self, path: Path) -> None:
        self.path = path
        super().__init__(
            f"there is no config at {path}: `cronledger init` writes a commented one to start from"
        )


class ConfigUnreadable(Exception):
    """The config file is there but the system does not let it be read; `reason` says why."""

    def __init__(self, path: Path, reason: str) -> None:
        self.path = path
        self.reason = reason
        super().__init__(f"cannot read the config at {path}: {reason}")
