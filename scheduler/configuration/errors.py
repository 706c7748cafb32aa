"""How reading a config fails: it is invalid, it is missing, or it cannot be read at all; and the line to show."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from scheduler.entry_members import ConfigError


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


class ConfigUntrusted(ConfigUnreadable):
    """Somebody else can write the config file, or put another in its place; `reason` says who, and what to do."""

    def __init__(self, path: Path, reason: str) -> None:
        super().__init__(path, reason)
        self.args = (f"the config at {path} is not used: {reason}",)


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
