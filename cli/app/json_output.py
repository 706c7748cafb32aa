"""JSON for programs: `--json` on every command that reads.

One indented document on standard output. Times are RFC 3339 in UTC with `Z`, durations whole milliseconds in
members that end in `_ms`, sizes bytes in members that end in `_bytes`; what is not known or not there is
null. Names of members are a promise: they are added to, never changed.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, TypeVar

import click
import msgspec

from cli.terminal.console import out

Command = TypeVar("Command", bound=Callable[..., Any])

# What JSON lets through and a terminal may act upon, or take for the end of a line. It is compiled by its first use:
# most commands print no JSON.
_UNSEEN = "[\x7f-\x9f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff]"


def json_option(command: Command) -> Command:
    """Give a command `--json`; it arrives as the argument `as_json`."""
    return click.option("--json", "as_json", is_flag=True, help="Print JSON, for programs.")(command)


def text_of(document: object) -> str:
    """A document as indented JSON: made of dicts, lists, strings, numbers, datetimes and msgspec Structs."""
    return seen(msgspec.json.format(msgspec.json.encode(_utc(document)), indent=2).decode())


def seen(raw: str) -> str:
    """The same JSON, with everything escaped that a terminal may act upon."""
    return re.sub(_UNSEEN, lambda match: f"\\u{ord(match[0]):04x}", raw)


def show_json(document: object) -> None:
    """Print a document.

    Raises:
        OutputLost, BrokenPipeError: see `cli.terminal.out`.
    """
    out(text_of(document))


def _utc(value: Any) -> Any:
    """The same with every time in UTC, and no string that JSON cannot hold."""
    if isinstance(value, datetime):
        try:
            return value.astimezone(UTC)
        except OverflowError:  # it is at an end of the calendar
            return value
    if isinstance(value, str):
        return value if value.isascii() else value.encode("utf-8", "backslashreplace").decode()
    if isinstance(value, dict):
        return {_utc(key): _utc(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_utc(item) for item in value]
    return value
