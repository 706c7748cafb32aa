"""The table of entries: how each type is worded, including types that this version does not know."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Final, NamedTuple

import msgspec

from eventstore.store import Entry
from scheduler import vocabulary as v
from scheduler.wording.causes import actor_words
from scheduler.wording.signs import EntryWording, Level, Signs

_UNKNOWN: Final = Signs("dim", "note")


class Message(NamedTuple):
    """What the logs say of an entry."""

    level: Level
    text: str


def parts_of_table() -> Iterator[Mapping[str, EntryWording]]:
    """The table in parts, those of frequent types first: each is loaded when it is looked into."""
    from scheduler.wording.run_entries import RUN_WORDINGS

    yield RUN_WORDINGS
    from scheduler.wording.job_entries import JOB_WORDINGS

    yield JOB_WORDINGS
    from scheduler.wording.home_entries import HOME_WORDINGS

    yield HOME_WORDINGS
    from scheduler.wording.evidence_entries import EVIDENCE_WORDINGS

    yield EVIDENCE_WORDINGS
    from scheduler.wording.notification_entries import NOTIFICATION_WORDINGS

    yield NOTIFICATION_WORDINGS
    from scheduler.wording.expectation_entries import EXPECTATION_WORDINGS

    yield EXPECTATION_WORDINGS
    from scheduler.wording.node_entries import NODE_WORDINGS

    yield NODE_WORDINGS
    from scheduler.wording.approval_entries import APPROVAL_WORDINGS

    yield APPROVAL_WORDINGS


@lru_cache(maxsize=256)
def wording_of(entry_type: str) -> EntryWording | None:
    """How a type of entry is worded; None for one that this version does not know."""
    return next((part[entry_type] for part in parts_of_table() if entry_type in part), None)


def sentence(entry: Entry, zone: str = "UTC") -> str:
    """One sentence about an entry, without the time at which it was recorded; other times are shown in `zone`.

    A type that this version does not know, or a payload that it does not understand, gets a general sentence.
    """
    try:
        data, wording = v.payload(entry), wording_of(entry.type)
        return _plain(entry) if data is None or wording is None else wording.sentence(entry, data, zone)
    except (msgspec.MsgspecError, ValueError, OverflowError):
        return _plain(entry)


def message(entry: Entry, data: v.Payload | None) -> Message:
    """What the logs say of an entry.

    Args:
        entry: the entry.
        data: its payload; None if this version does not understand it: then the text is the entry's type.
    """
    wording = wording_of(entry.type)
    if data is None or wording is None:
        return Message("info", entry.type)
    signs = wording.signs if wording.signs_of is None else wording.signs_of(data)
    return Message(signs.level, wording.message(entry, data))


def signs_of(entry: Entry) -> Signs:
    """How a line about the entry is marked."""
    wording = wording_of(entry.type)
    if wording is None:
        return _UNKNOWN
    if wording.signs_of is None:
        return wording.signs
    try:
        return wording.signs_of(v.payload(entry))
    except msgspec.MsgspecError:
        return wording.signs


def is_quiet(entry: Entry) -> bool:
    """Whether the entry only leads up to what matters, so that its sentence is dim."""
    wording = wording_of(entry.type)
    return wording is not None and wording.is_quiet


def _plain(entry: Entry) -> str:
    about = f" of {entry.job}" if entry.job else ""
    run = f" run {entry.run}" if entry.run is not None else ""
    return f"{entry.type}{run}{about} by {actor_words(entry.actor)}"
