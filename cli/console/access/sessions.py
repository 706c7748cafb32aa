"""Sessions of browsers: who signed in with which token. They are kept in memory, and end with the process."""

from __future__ import annotations

import secrets
import time
from collections import OrderedDict
from typing import Final, NamedTuple

COOKIE: Final = "cronledger_session"
LIFETIME_S: Final = 12 * 60 * 60
_SESSIONS_MAX: Final = 1_000


class Session(NamedTuple):
    """A browser that signed in: the digest of its token, and until when (by the monotonic clock) it is good."""

    sha256: str
    ends_s: float


class Sessions:
    """The sessions by their secret names; the oldest make room for new ones."""

    def __init__(self) -> None:
        self._sessions: OrderedDict[str, Session] = OrderedDict()

    def begin(self, sha256: str) -> str:
        """A new session, under a name that was never used before: whatever name the browser had counts no more."""
        name = secrets.token_urlsafe(32)
        self._sessions[name] = Session(sha256, time.monotonic() + LIFETIME_S)
        while len(self._sessions) > _SESSIONS_MAX:
            self._sessions.popitem(last=False)
        return name

    def token_of(self, name: str) -> str | None:
        """The digest of the token with which a session began; None if it is none, or over."""
        found = self._sessions.get(name)
        if found is None:
            return None
        if time.monotonic() >= found.ends_s:
            del self._sessions[name]
            return None
        return found.sha256

    def end(self, name: str) -> None:
        """Sign out."""
        self._sessions.pop(name, None)
