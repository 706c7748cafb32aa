"""The laws of tokens: one of a name at a time, and only one that is there is revoked."""

from __future__ import annotations

import re
from typing import Final

from eventstore.store import Entry
from scheduler import vocabulary as v
from scheduler.rules.state import State

_DIGEST: Final = re.compile("[0-9a-f]{64}")


def created(state: State, entry: Entry, data: v.TokenCreated) -> str:  # noqa: ARG001
    """What is wrong with a `token.created`; empty if nothing is."""
    if data.name in state.tokens:
        return f"a token {data.name} is there already"
    if not data.scopes or _DIGEST.fullmatch(data.sha256) is None:
        return f"token {data.name} is good for nothing"
    return ""


def revoked(state: State, entry: Entry, data: v.TokenRevoked) -> str:  # noqa: ARG001
    """What is wrong with a `token.revoked`; empty if nothing is."""
    return "" if data.name in state.tokens else f"there is no token {data.name}"
