"""The laws of keys, checkpoints and archives. Whether a signature is right takes the keys, and is not asked here."""

# ruff: noqa: ARG001 - the laws share one signature

from __future__ import annotations

from eventstore.store import Entry
from scheduler import vocabulary as v
from scheduler.rules.evidence.evidence_state import key_id_of
from scheduler.rules.state import State

_NO_KEY = "the ledger had no key then"


def key_created(state: State, entry: Entry, data: v.KeyCreated) -> str:
    """What is wrong with a `key.created`; empty if nothing is."""
    if state.evidence is not None:
        return f"the ledger had a key by entry {state.evidence.key_seq}: another one rotates it"
    return _named(data.vkey, data.origin)


def key_rotated(state: State, entry: Entry, data: v.KeyRotated) -> str:
    """What is wrong with a `key.rotated`; empty if nothing is."""
    if state.evidence is None:
        return _NO_KEY
    if not data.note.startswith(f"{data.vkey}\n\n"):
        return "its note is not about the key that it names"
    return _named(data.vkey, state.evidence.origin)


def checkpoint_signed(state: State, entry: Entry, data: v.CheckpointSigned) -> str:
    """What is wrong with a `checkpoint.signed`; empty if nothing is."""
    evidence = state.evidence
    if evidence is None:
        return _NO_KEY
    if not 0 < data.size <= entry.seq:
        return f"it speaks of {data.size:,} entries, and {entry.seq:,} stand before it"
    if evidence.signed is not None and data.size <= evidence.signed.size:
        return f"{evidence.signed.size:,} entries were signed before, by entry {evidence.signed.seq}"
    if not data.note.startswith(f"{evidence.origin}\n{data.size}\n{data.root}\n"):
        return "its note is not the checkpoint that it tells of"
    return ""


def checkpoint_refused(state: State, entry: Entry, data: v.CheckpointRefused) -> str:
    """What is wrong with a `checkpoint.refused`; empty if nothing is."""
    return _NO_KEY if state.evidence is None else ""


def checkpoint_known(
    state: State, entry: Entry, data: v.CheckpointCosigned | v.CheckpointAnchored | v.CheckpointAnchorFailed
) -> str:
    """What is wrong with an entry about who has a checkpoint; empty if nothing is."""
    if state.evidence is None:
        return _NO_KEY
    if data.size > state.evidence.signed_size:
        return f"no checkpoint of {data.size:,} entries was signed before"
    return ""


def ledger_continued(state: State, entry: Entry, data: v.LedgerContinued) -> str:
    """What is wrong with a `ledger.continued`; empty if nothing is."""
    if state.evidence is None:
        return _NO_KEY
    if data.origin == state.evidence.origin:
        return "it goes on under the origin that it had"
    return _named(data.vkey, data.origin) if data.vkey else ""


def ledger_moved(state: State, entry: Entry, data: v.LedgerMoved) -> str:
    """What is wrong with a `ledger.moved`; empty if nothing is."""
    return "" if data.entries == entry.seq else f"{entry.seq:,} entries stand before it, not {data.entries:,}"


def ledger_archived(state: State, entry: Entry, data: v.LedgerArchived) -> str:
    """What is wrong with a `ledger.archived`; empty if nothing is.

    The volumes of a ledger hold its beginning without a gap, in segments of one size.
    """
    if not 0 <= data.first <= data.last or data.count != data.last - data.first + 1 or not data.segments:
        return "its numbers contradict one another"
    if data.repeats is not None and not data.last < data.repeats < entry.seq:
        return f"it repeats entry {data.repeats}, which is not between it and what it speaks of"
    if data.last >= entry.seq:
        return f"it speaks of entry {data.last}, which is not before it"
    each, rest = divmod(data.count, len(data.segments))
    firsts = [segment.first for segment in data.segments]
    if rest or data.first % each or firsts != list(range(data.first, data.last + 1, each)):
        return f"its segments are not whole ones from entry {data.first} to entry {data.last}"
    archived = 0 if state.archive is None else state.archive.entries
    if data.first > archived:
        return f"the {archived:,} entries at the beginning were archived, and entry {archived} was not"
    return ""


def _named(vkey: str, origin: str) -> str:
    """What is wrong with the name of a key."""
    if not key_id_of(vkey):
        return "what it has for a key is none"
    return "" if vkey.startswith(f"{origin}+") else f"its key does not have the name {origin}"
