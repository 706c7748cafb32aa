"""`check_ledger`: everything that must be true of a ledger at rest, said without the code that wrote it.

Call it after every step of a test that writes. It uses `json` and `hashlib` alone, and then asks `verify` for a
second opinion.
"""

from __future__ import annotations

import json
from hashlib import sha256
from pathlib import Path
from typing import Any

from eventstore.verify import verify

_MEMBERS = ["seq", "time", "type", "actor", "job", "run", "data", "durable", "prev", "hash"]
_OPTIONAL = {"job", "run"}


def check_ledger(folder: Path) -> list[dict[str, Any]]:
    """Check a ledger that nobody is writing to, and return its entries as plain dictionaries.

    Raises:
        AssertionError: something that format 1 promises is not so.
    """
    entries: list[dict[str, Any]] = []
    prev = "0" * 64
    ends: dict[int, int] = {}
    per_segment = 65_536
    segments = sorted(path for path in folder.iterdir() if path.suffix == ".jsonl" and len(path.stem) == 20)
    for segment in segments:
        assert segment.name == f"{len(entries):020d}.jsonl", f"{segment.name} begins at {len(entries)}"
        assert len(entries) % per_segment == 0, f"{segment.name} follows a segment that is not full"
        raw = segment.read_bytes()
        assert not raw or raw.endswith(b"\n"), f"{segment.name} ends inside a line"
        offset = 0
        for line in raw.split(b"\n")[:-1]:
            entry = _check_line(line, len(entries), prev)
            entries.append(entry)
            offset += len(line) + 1
            prev = entry["hash"]
            ends[entry["seq"]] = offset
            if entry["seq"] == 0:
                assert entry["type"] == "ledger.created"
                assert entry["data"]["format"] == 1
                per_segment = entry["data"].get("segment_entries", per_segment)
        _check_seal(segment, raw, entries)
    _check_head(folder, entries, ends)
    report = verify(folder)
    assert report.ok, report.first_damage
    assert report.torn is None, report.torn
    assert report.entries == len(entries)
    assert report.head.hash == prev
    return entries


def _check_line(line: bytes, seq: int, prev: str) -> dict[str, Any]:
    assert len(line) < 65_535
    assert line.isascii()
    body, mark, rest = line.rpartition(b',"hash":"')
    assert mark
    digest = sha256(body).hexdigest()
    assert rest == digest.encode() + b'"}', f"entry {seq}: its hash is not that of its bytes"
    pairs: list[tuple[str, Any]] = json.loads(line, object_pairs_hook=lambda members: members)
    names = [name for name, _ in pairs]
    assert names == [name for name in _MEMBERS if name not in _OPTIONAL or name in names]
    entry: dict[str, Any] = json.loads(line)
    assert isinstance(entry["data"], dict)
    assert entry["seq"] == seq
    assert entry["prev"] == prev, f"entry {seq} is not chained to the one before it"
    assert 0 <= entry["durable"] <= seq
    return entry


def _check_seal(segment: Path, raw: bytes, entries: list[dict[str, Any]]) -> None:
    seal = segment.with_suffix(".seal")
    if seal.exists():
        said = json.loads(seal.read_bytes())
        assert said["sha256"] == sha256(raw).hexdigest()
        assert said["bytes"] == len(raw)
        assert said["first"] + said["count"] == len(entries)
        assert said["last"] == entries[-1]["hash"]


def _check_head(folder: Path, entries: list[dict[str, Any]], ends: dict[int, int]) -> None:
    head = folder / "HEAD"
    raw = head.read_bytes() if head.exists() else b""
    for slot in (raw[:512].strip(b"\0"), raw[512:].strip(b"\0")):
        if slot:
            said = json.loads(slot)
            assert said["seq"] < len(entries), "HEAD reaches past the ledger"
            assert said["hash"] == entries[said["seq"]]["hash"]
            assert said["offset"] == ends[said["seq"]]
