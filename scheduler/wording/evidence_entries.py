"""How entries about keys, checkpoints and anchors are worded."""

from __future__ import annotations

from typing import Final

from scheduler import vocabulary as v
from scheduler.rules.evidence.evidence_state import key_id_of
from scheduler.wording.causes import claimed_actor_words
from scheduler.wording.quantities import show_count
from scheduler.wording.signs import EntryWording, Signs


def _covered(size: int) -> str:
    return f"checkpoint of {show_count(size, 'entry', 'entries')}"


def _moved(data: v.LedgerMoved) -> str:
    return f"the ledger moved to {data.where}, with {data.entries:,} entries before this one"


def _continued(data: v.LedgerContinued) -> str:
    return f"the ledger goes on after a restore as {data.origin}"


def _archived(data: v.LedgerArchived) -> str:
    files = "stay" if data.local == "kept" else "are removed"
    return f"entries {data.first:,} to {data.last:,} are archived in {data.place}, their local files {files}"


EVIDENCE_WORDINGS: Final[dict[str, EntryWording]] = {
    v.KeyCreated.TYPE: EntryWording(
        Signs("strong", "note"),
        lambda entry, data, zone: (
            f"key {key_id_of(data.vkey)} signs this ledger, {data.origin}: "
            f"{claimed_actor_words(entry.actor, data.claims)} said so"
        ),
        lambda entry, data: f"key {key_id_of(data.vkey)} signs this ledger, {data.origin}",
    ),
    v.KeyRotated.TYPE: EntryWording(
        Signs("warn", "note"),
        lambda entry, data, zone: (
            f"key {key_id_of(data.vkey)} signs this ledger from here on, by the word of the key before it: "
            f"{claimed_actor_words(entry.actor, data.claims)} said so"
        ),
        lambda entry, data: f"key {key_id_of(data.vkey)} signs this ledger from here on",
    ),
    v.CheckpointSigned.TYPE: EntryWording(
        Signs("dim", "note", "debug"),
        lambda entry, data, zone: f"{_covered(data.size)} signed by key {data.key_id}",
        lambda entry, data: f"{_covered(data.size)} signed by key {data.key_id}",
        is_quiet=True,
    ),
    v.CheckpointRefused.TYPE: EntryWording(
        Signs("bad", "warning", "error"),
        lambda entry, data, zone: f"the ledger is not signed: {data.reason}",
        lambda entry, data: f"the ledger is not signed: {data.reason}",
    ),
    v.CheckpointCosigned.TYPE: EntryWording(
        Signs("dim", "note", "debug"),
        lambda entry, data, zone: f"{_covered(data.size)} confirmed by the witness {data.witness}",
        lambda entry, data: f"{_covered(data.size)} confirmed by the witness {data.witness}",
        is_quiet=True,
    ),
    v.CheckpointAnchored.TYPE: EntryWording(
        Signs("dim", "note", "debug"),
        lambda entry, data, zone: f"{_covered(data.size)} kept by {data.anchor}",
        lambda entry, data: f"{_covered(data.size)} kept by {data.anchor}",
        is_quiet=True,
    ),
    v.CheckpointAnchorFailed.TYPE: EntryWording(
        Signs("warn", "warning", "warning"),
        lambda entry, data, zone: f"{_covered(data.size)} not taken by {data.anchor}: {data.error}",
        lambda entry, data: f"{_covered(data.size)} not taken by {data.anchor}: {data.error}",
    ),
    v.LedgerContinued.TYPE: EntryWording(
        Signs("warn", "warning", "warning"),
        lambda entry, data, zone: (
            f"{_continued(data)}: {claimed_actor_words(entry.actor, data.claims)} said so: {data.reason}"
        ),
        lambda entry, data: f"{_continued(data)}: {data.reason}",
    ),
    v.LedgerArchived.TYPE: EntryWording(
        Signs("strong", "note"),
        lambda entry, data, zone: (
            f"{_archived(data)}: {claimed_actor_words(entry.actor, data.claims)} said so"
        ),
        lambda entry, data: _archived(data),
    ),
    v.LedgerMoved.TYPE: EntryWording(
        Signs("strong", "note"),
        lambda entry, data, zone: f"{_moved(data)}: {claimed_actor_words(entry.actor, data.claims)} said so",
        lambda entry, data: _moved(data),
    ),
}
"""Types of entries about what others can check."""
