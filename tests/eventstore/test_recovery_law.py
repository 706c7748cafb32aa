"""The law of recovery: what is there after a crash is a prefix of what was written, with all acknowledged."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from eventstore.segment import list_segments, segment_name
from eventstore.store import Event
from tests.support.disks import FastDisk
from tests.support.journal import open_journal
from tests.support.ledger_check import check_ledger

SEGMENT_ENTRIES = 5


def event(number: int, size: int) -> Event:
    """An event that can be told from all others, with a payload of some size."""
    return Event(type="test.happened", actor="scheduler", data={"number": number, "text": "x" * size})


@given(
    acknowledged=st.lists(st.integers(1, 4), max_size=4),
    unacknowledged=st.integers(1, 4),
    size=st.sampled_from([0, 300]),
    reached=st.floats(0.0, 1.0),
)
def test_recovery_keeps_a_prefix_and_everything_acknowledged(
    acknowledged: list[int], unacknowledged: int, size: int, reached: float
) -> None:
    """Whatever part of an unacknowledged append reached the disk, the ledger opens with every acknowledged entry."""
    with tempfile.TemporaryDirectory(dir="/dev/shm") as name:
        folder, crashed = Path(name, "ledger"), Path(name, "crashed")
        written: list[int] = []
        with open_journal(folder, disk=FastDisk(), segment_entries=SEGMENT_ENTRIES) as journal:
            for count in acknowledged:
                journal.append([event(len(written) + n, size) for n in range(count)])
                written += range(len(written), len(written) + count)
            promised = len(written)
            shutil.copytree(folder, crashed)
            journal.append([event(promised + n, size) for n in range(unacknowledged)])
            written += range(promised, promised + unacknowledged)
            _add_part(folder, crashed, reached)
        with open_journal(crashed, disk=FastDisk()) as journal:
            kept = [entry for entry in journal.read(0) if entry.type == "test.happened"]
            recovered = [entry for entry in journal.read(0) if entry.type == "ledger.recovered"]
        numbers = [msgspec.json.decode(entry.data)["number"] for entry in kept]
        assert numbers == written[: len(kept)]
        assert len(kept) >= promised
        assert len(recovered) <= 1
        check_ledger(crashed)


def _add_part(source: Path, target: Path, reached: float) -> None:
    """Let a part of what the last append wrote reach the other disk: whole segments, then a part of the next."""
    new = []
    for first in list_segments(source):
        raw = (source / segment_name(first)).read_bytes()
        there = target / segment_name(first)
        before = there.stat().st_size if there.exists() else 0
        new.append((there, raw[before:]))
    budget_bytes = round(reached * sum(len(raw) for _, raw in new))
    for path, raw in new:
        part = raw[:budget_bytes]
        budget_bytes -= len(part)
        if part:
            with path.open("ab") as file:
                file.write(part)
