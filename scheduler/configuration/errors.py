"""How reading a config fails: it is invalid, it is missing, or it cannot be read at all; and the line to show."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Final

from scheduler.entry_members import ConfigError
from scheduler.home import Home

LISTED_MAX: Final = 200
"""So many mistakes are listed: nobody reads on."""
COUNTED_MAX: Final = 1_000
"""After so many mistakes reading stops: suggestions take time to find."""
_NOT_SHOWN: Final = frozenset({"ledger.store"})
"""Keys whose values are not quoted: many an address of a database is written with the password in it."""


class ConfigInvalid(Exception):
    """The config holds mistakes; nothing of it is in force.

    Attributes:
        path: The `config.yaml`, or the copy that was read.
        errors: The first mistakes, at most 200, by file and position. A mistake in the YAML itself hides others.
        count: How many were found, those that are not listed included; reading stops at 1,000.
        digest: As of a valid config, so that a rejected edit can be recognised again.
        sources: The texts of the files by their names, from which to quote; characters that could not be read are
            replaced.
    """

    def __init__(
        self,
        path: Path,
        errors: Sequence[ConfigError],
        digest: str,
        sources: Mapping[str, str] = MappingProxyType({}),
        count: int | None = None,
    ) -> None:
        self.path = path
        self.errors = list(errors)
        self.count = len(self.errors) if count is None else count
        self.digest = digest
        self.sources = dict(sources)
        first = self.errors[0]
        more = self.count - 1
        least = "" if self.counted_all else "at least "
        rest = "" if more == 0 else f" (and {least}{more:,} more mistake{'' if more == 1 else 's'})"
        super().__init__(f"{self.path_of(first)}:{first.line}:{first.column}: {first.message}{rest}")

    def path_of(self, error: ConfigError) -> Path:
        """The file in which a mistake is."""
        return self.path.parent / error.file if error.file else self.path

    def excerpt_of(self, error: ConfigError) -> str:
        """The line that a mistake is in, as `excerpt` shows it; empty where it may hold a password."""
        if error.key in _NOT_SHOWN:
            return ""
        return excerpt(self.sources.get(error.file, ""), error.line, error.column)

    @property
    def counted_all(self) -> bool:
        """Whether reading came to the end of the file."""
        return self.count < COUNTED_MAX


def last_config_in_force(path: Path) -> str:
    """How to get the config back that was in force before its file was gone; empty if none was.

    One to start from would take the jobs away that are in force.
    """
    home = Home.of_config(path)
    kept = home.config_in_force
    if path != home.config or not kept.is_file():
        return ""
    if (path.parent / "config.d").exists():
        return f"{kept} holds the last one that was in force, the files of config.d included"
    return f"put back the last one that was in force: `cp {kept} {path}`"


class ConfigMissing(Exception):
    """There is no config file; `what_to_do` says in words how to get one."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.what_to_do = (
            last_config_in_force(path) or "`cronledger init` writes a commented one to start from"
        )
        super().__init__(f"there is no config at {path}: {self.what_to_do}")


class ConfigUnreadable(Exception):
    """The config file is there but the system does not let it be read; `reason` says why."""

    def __init__(self, path: Path, reason: str) -> None:
        self.path = path
        self.reason = reason
        super().__init__(f"cannot read the config at {path}: {reason}")


class ConfigUntrusted(ConfigUnreadable):
    """Somebody else can write the config file, or put another in its place; `reason` says who, and what to do."""

    def __init__(self, path: Path, reason: str) -> None:
        super().__init__(path, reason)
        self.args = (f"the config at {path} is not used: {reason}",)


ConfigProblem = ConfigInvalid | ConfigMissing | ConfigUnreadable
"""Why there is no config."""


class NotYetKnown(Exception):
    """What a config says depends on what takes long to read, and whoever reads it does not wait: see `SlowParts`."""


def excerpt(text: str, line: int, column: int, width: int = 100) -> str:
    r"""The line of `text` that a mistake is in, and below it a caret under its column.

    Args:
        text: The whole config.
        line: Counted from 1.
        column: Counted from 1, in characters.
        width: A longer line is shown in part, with `…` where it was cut.

    Returns:
        Two lines without a final newline, or an empty string if the text has no such line.

    >>> print(excerpt("jobs:\n  a: 1\n", 2, 6))
      a: 1
         ^
    """
    lines = text.split("\n", line)
    if not 1 <= line <= len(lines) or (line == len(lines) and not lines[line - 1]):
        return ""
    shown = "".join(char if char.isprintable() else " " for char in lines[line - 1].rstrip("\r"))
    at = min(max(column, 1) - 1, len(shown))
    if len(shown) > width:
        begin = max(0, min(at - width // 2, len(shown) - width))
        end = begin + width
        left, right = "…" if begin else "", "…" if end < len(shown) else ""
        shown, at = left + shown[begin:end] + right, at - begin + len(left)
    return f"{shown}\n{' ' * at}^"
