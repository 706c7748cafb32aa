"""The signs of a line: its tone, a symbol that says the same without colour, and its level in the logs."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Literal

import msgspec

if TYPE_CHECKING:
    from eventstore.store import Entry

Tone = Literal["plain", "good", "bad", "warn", "dim", "strong"]
"""What a piece of text means, for people who see colours; words and symbols say the same without colours."""

Symbol = Literal["start", "success", "failure", "omission", "note", "warning"]
"""What a symbol stands for."""

Level = Literal["debug", "info", "warning", "error", "critical"]
"""How urgent a log entry is, from the least to the most."""


class Signs(msgspec.Struct, frozen=True):
    """How a line is marked."""

    tone: Tone
    symbol: Symbol
    level: Level = "info"


class EntryWording(msgspec.Struct, frozen=True):
    """How a type of entry is worded.

    Attributes:
        signs: how its line is marked.
        sentence: given an entry, its payload and a zone for times: one sentence for people, without the entry's time.
        message: given an entry and its payload: the log message, in words that a search finds in every zone.
        signs_of: given a payload: the signs, if they depend on the payload.
        is_quiet: whether the entry only prepares another one that matters; then its sentence is dim too.
    """

    signs: Signs
    sentence: Callable[[Entry, Any, str], str]
    message: Callable[[Entry, Any], str]
    signs_of: Callable[[Any], Signs] | None = None
    is_quiet: bool = False
