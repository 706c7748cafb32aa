"""Under which name a ledger is signed; and how it goes on under another one after a genuine restore."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final

from scheduler.evidence.settings import LedgerSettings
from scheduler.evidence.signing.errors import OriginDiffers, StateDiffers
from scheduler.evidence.signing.signer_state import SignedTree, read_state
from scheduler.rules.evidence.evidence_state import Evidence

_CONTINUED: Final = re.compile(r"(.+)/([2-9]|[1-9][0-9]{1,3})")
"""An origin that has gone on: `.../2`. The id of a ledger has 32 digits, which no such number has."""


def next_origin(origin: str) -> str:
    """The name under which a ledger goes on: `a` as `a/2`, and that as `a/3`."""
    first, count = _counted(origin)
    return f"{first}/{count + 1}"


def _counted(origin: str) -> tuple[str, int]:
    """The first name of a ledger, and how many names it has had with this one."""
    match = _CONTINUED.fullmatch(origin)
    return (origin, 1) if match is None else (match[1], int(match[2]))


def own_origin(ledger_id: str, settings: LedgerSettings) -> str:
    """The name of a ledger that gets its first key."""
    return settings.origin or f"cronledger/{ledger_id}"


def check_origin(settings: LedgerSettings, evidence: Evidence) -> None:
    """Check that the config does not give the ledger another name than its key has.

    Raises:
        OriginDiffers: it does.
    """
    told, origin = settings.origin, evidence.origin
    if told is not None and origin != told and not goes_on(told, origin):
        raise OriginDiffers("the config", told, origin)


def goes_on(first: str, origin: str) -> bool:
    """Whether an origin is one under which the ledger with that first name went on."""
    match = _CONTINUED.fullmatch(origin)
    return match is not None and match[1] == first


def is_earlier(origin: str, other: str) -> bool:
    """Whether a ledger had the first name some time before the second; nothing need be signed under those between."""
    (name, number), (other_name, other_number) = _counted(origin), _counted(other)
    return name == other_name and number < other_number


def state_under(path: Path, evidence: Evidence) -> SignedTree | None:
    """What the signer remembers under the present name of the ledger; None if that is nothing yet.

    Where the ledger has gone on after a restore, what was signed under the name before it counts no more: the ledger
    itself says so.

    Raises:
        StateUnusable: the file cannot be read or understood.
        StateDiffers: the signer remembers another ledger, or a later name of this one.
    """
    state = read_state(path)
    if state is None or state.origin == evidence.origin:
        return state
    if evidence.continued_seq is not None and is_earlier(state.origin, evidence.origin):
        return None
    raise StateDiffers(str(path), state.origin, evidence.origin)
