"""What came of actions, for the page that a browser is led to; of one that was sent twice, what came of it first."""

from __future__ import annotations

import asyncio
import hashlib
import secrets
import time
from collections import OrderedDict
from collections.abc import Mapping
from typing import Final, NamedTuple

from cli.console.actions.performing import Performed

_KEPT_MAX: Final = 500
_TWICE_S: Final = 5.0
"""The same form by the same person within so long is a second click on one button."""


class Result(NamedTuple):
    """What came of an action, where one sees it, and for whom."""

    title: str
    performed: Performed
    place: str
    person: str


class Results:
    """Results by their secret names; the oldest make room.

    Attributes:
        turn: held from the look whether a form was sent before until its result is kept; who waits needs no thread.
    """

    def __init__(self) -> None:
        self.turn = asyncio.Lock()
        self._results: OrderedDict[str, Result] = OrderedDict()
        self._sent: OrderedDict[bytes, tuple[float, str]] = OrderedDict()

    def keep(self, result: Result, form: bytes) -> str:
        """Keep one; the name by which it is found."""
        name = secrets.token_urlsafe(12)
        self._results[name] = result
        self._sent[form] = (time.monotonic(), name)
        for kept in (self._results, self._sent):
            while len(kept) > _KEPT_MAX:
                kept.popitem(last=False)
        return name

    def get(self, name: str, person: str) -> Result | None:
        """The result of that name, if it is of that person."""
        found = self._results.get(name)
        return found if found is not None and found.person == person else None

    def of_first(self, form: bytes) -> str | None:
        """The name of the result of the same form, if it was sent a moment ago."""
        found = self._sent.get(form)
        return found[1] if found is not None and time.monotonic() - found[0] < _TWICE_S else None


def form_digest(person: str, action: str, fields: Mapping[str, str]) -> bytes:
    """What is the same for the same form by the same person."""
    told = "\0".join((person, action, *(f"{name}={fields[name]}" for name in sorted(fields))))
    return hashlib.sha256(told.encode("utf-8", "surrogatepass")).digest()
