"""Origins: the names by which checkpoints name a ledger; each restore that it goes on after gives it another one."""

from __future__ import annotations

import re
from typing import Final

from scheduler.evidence.settings import LedgerSettings

_CONTINUED: Final = re.compile(r"(.+)/([2-9]|[1-9][0-9]{1,3})")
"""An origin that has gone on: `.../2`. The id of a ledger has 32 digits, which no such number has."""


def own_origin(ledger_id: str, settings: LedgerSettings) -> str:
    """The name of a ledger that gets its first key."""
    return settings.origin or f"cronledger/{ledger_id}"


def next_origin(origin: str) -> str:
    """The name under which a ledger goes on: `a` as `a/2`, and that as `a/3`."""
    first, count = _counted(origin)
    return f"{first}/{count + 1}"


def goes_on(first: str, origin: str) -> bool:
    """Whether an origin is one under which the ledger with that first name went on."""
    match = _CONTINUED.fullmatch(origin)
    return match is not None and match[1] == first


def is_earlier(origin: str, other: str) -> bool:
    """Whether a ledger had the first name some time before the second; nothing need be signed under those between."""
    (name, number), (other_name, other_number) = _counted(origin), _counted(other)
    return name == other_name and number < other_number


def _counted(origin: str) -> tuple[str, int]:
    """The first name of a ledger, and how many names it has had with this one."""
    match = _CONTINUED.fullmatch(origin)
    return (origin, 1) if match is None else (match[1], int(match[2]))
