"""What the seal and the marker of an archived segment say is what an entry records of it, in each part."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec
import pytest

from eventstore.archive.absent_check import ArchiveRecords, misfit
from eventstore.archive.archived_segments import ArchivedSegment
from eventstore.archive.marker import Marker
from eventstore.seal import Seal
from eventstore.segment import marker_name, seal_name
from eventstore.store import Entry

DIGEST, ROOT, MANIFEST = "a" * 64, "b" * 64, "c" * 64
OTHERS = {"first": 8, "sha256": "d" * 64, "root": "d" * 64, "more": 1}
RECORDED = {"first": 16, "sha256": DIGEST, "root": ROOT}
SEAL = Seal(first=16, count=8, bytes=100, sha256=DIGEST, last="e" * 64)
MARKER = Marker(first=16, count=8, prev="f" * 64, root=ROOT, manifest=MANIFEST, folder="/volume", entry=63)


def _entry(seq: int, data: object) -> Entry:
    raw = msgspec.Raw(msgspec.json.encode(data))
    return Entry(seq, datetime(2026, 1, 1, tzinfo=UTC), "ledger.archived", "user:a@b", raw, 0, "", "")


def _payload(manifest: str = MANIFEST, **changes: Any) -> dict[str, object]:
    return {"manifest": manifest, "place": "/volume", "segments": [OTHERS, RECORDED | changes]}


CASES: dict[str, tuple[dict[str, Any], object, str, str]] = {
    "six entries": ({"count": 6, "first": 18}, _payload(), "a segment that is a whole subtree", ".archived"),
    "across two subtrees": ({"first": 20}, _payload(), "a segment that is a whole subtree", ".archived"),
    "another entry": ({"entry": 62}, _payload(), "entry 62, ledger.archived, which records", ".archived"),
    "no payload": ({}, {"manifest": MANIFEST}, "what entry 63 records", ".archived"),
    "other segments": ({}, _payload(first=24), "a segment that entry 63 records", ".archived"),
    "another digest": ({}, _payload(sha256=ROOT), f"sha256 {ROOT} (recorded by entry 63)", ".seal"),
    "another root": ({}, _payload(root=DIGEST), f"root {DIGEST} (recorded by entry 63)", ".archived"),
    "another manifest": ({}, _payload(ROOT), f"manifest {ROOT} (recorded by entry 63)", ".archived"),
}


@pytest.mark.parametrize("case", CASES)
def test_what_differs_is_told_with_the_file_that_is_wrong(case: str) -> None:
    """Each part by itself; the damage is at the segment's first entry."""
    changes, payload, expected, suffix = CASES[case]
    marker = msgspec.structs.replace(MARKER, **changes)
    entries = [_entry(61, _payload(DIGEST)), _entry(63, payload)]
    damage = misfit(Path("/ledger"), ArchivedSegment(SEAL, marker), ArchiveRecords(entries))
    assert damage is not None
    name = seal_name(16) if suffix == ".seal" else marker_name(16)
    assert (damage.segment, damage.offset, damage.seq) == (Path("/ledger", name), 0, 16)
    assert damage.expected.startswith(expected)


def test_what_fits_is_sound() -> None:
    """However many other segments the same entry records."""
    entries = [_entry(61, {}), _entry(63, _payload())]
    assert misfit(Path("/ledger"), ArchivedSegment(SEAL, MARKER), ArchiveRecords(entries)) is None


def test_what_two_entries_say_differently_is_damage() -> None:
    """One of them was made up, whichever the marker names; an entry that says the same is none."""
    entries = [_entry(61, _payload(sha256=ROOT)), _entry(62, _payload()), _entry(63, _payload())]
    damage = misfit(Path("/ledger"), ArchivedSegment(SEAL, MARKER), ArchiveRecords(entries))
    assert damage is not None
    assert (damage.segment, damage.seq) == (Path("/ledger", marker_name(16)), 16)
    assert damage.expected == f"what entry 61 records of it: sha256 {ROOT}, root {ROOT}"
    assert damage.found == f"sha256 {DIGEST}, root {ROOT} (recorded by entry 63)"
    assert misfit(Path("/ledger"), ArchivedSegment(SEAL, MARKER), ArchiveRecords(entries[1:])) is None
