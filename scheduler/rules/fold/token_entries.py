"""How entries about tokens change the state."""

from __future__ import annotations

from eventstore.store import Entry
from scheduler import vocabulary as v
from scheduler.rules.access.token import Token
from scheduler.rules.fold.apply import Apply
from scheduler.rules.state import State


def _created(state: State, entry: Entry, data: v.TokenCreated) -> None:
    state.tokens[data.name] = Token(
        data.name, data.scopes, data.sha256, entry.seq, entry.time, entry.actor, data.expires
    )


def _revoked(state: State, entry: Entry, data: v.TokenRevoked) -> None:
    state.tokens.pop(data.name, None)


APPLY: Apply = {v.TokenCreated.TYPE: _created, v.TokenRevoked.TYPE: _revoked}
