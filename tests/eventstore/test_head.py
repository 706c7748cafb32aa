"""`HEAD`: two slots in turn, of which the valid one with the greater position counts."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest

from eventstore.head import SLOT_BYTES, HeadFile, Slot, pack, unpack
from tests.support.disks import CountingDisk, FaultyDisk
from tests.support.journal import edit

SLOTS = [
    Slot(41, "a" * 64, 16_842),
    Slot(42, "0" * 64, 17_000),
    Slot(0, "f" * 64, 1),
    Slot(10**18, "9" * 64, 10**18),
]


@pytest.mark.parametrize("slot", SLOTS)
def test_a_slot_is_one_line_of_its_length(slot: Slot) -> None:
    """Filled up with blanks, so that a write of it is one piece of the disk; it is read as it was written."""
    raw = pack(slot)
    assert len(raw) == SLOT_BYTES == 512
    assert raw.endswith(b" \n")
    assert raw.count(b"\n") == 1
    assert unpack(raw) == slot


def test_a_slot_of_which_any_byte_was_changed_is_none() -> None:
    """Its checksum is over all that it says; what stands where blanks must is no slot either."""
    raw = pack(SLOTS[0])
    for at in range(SLOT_BYTES):
        for byte in (raw[at] ^ 1, 0):
            changed = raw[:at] + bytes([byte]) + raw[at + 1 :]
            assert unpack(changed) is None, at
    for other in (b"", raw[:-1], raw + b" ", b" " + raw[:-1], bytes(SLOT_BYTES)):
        assert unpack(other) is None


@pytest.mark.parametrize(
    "slot",
    [
        Slot(-1, "a" * 64, 700),
        Slot(2**63, "a" * 64, 700),
        Slot(7, "A" * 64, 700),
        Slot(7, "a" * 63 + "g", 700),
        Slot(7, "a" * 63, 700),
        Slot(7, "a" * 65, 700),
        Slot(7, "a" * 64, 0),
        Slot(7, "a" * 64, 2**63),
    ],
)
def test_what_no_ledger_can_say_is_no_slot(slot: Slot) -> None:
    """A checksum is no signature: anybody can make a right one."""
    assert unpack(pack(slot)) is None


def _written(path: Path) -> list[Slot | None]:
    raw = path.read_bytes()
    return [unpack(raw[:SLOT_BYTES]), unpack(raw[SLOT_BYTES : 2 * SLOT_BYTES])]


def test_slots_are_written_in_turn_and_the_greater_counts(tmp_path: Path) -> None:
    """Also after the file was opened again: the slot that counts is never the one that is written over."""
    first, second, third = (Slot(seq, "a" * 64, 100 * seq) for seq in (7, 9, 12))
    files, disk = len(os.listdir("/proc/self/fd")), CountingDisk()
    head = HeadFile(tmp_path, disk, writable=True)
    assert head.read() is None
    assert not (tmp_path / "HEAD").exists()
    head.write(first)
    assert _written(tmp_path / "HEAD") == [first, None]
    head.write(second)
    assert _written(tmp_path / "HEAD") == [first, second]
    head.close()
    head.close()
    assert len(os.listdir("/proc/self/fd")) == files
    for reader in (HeadFile(tmp_path, disk, writable=False), HeadFile(tmp_path, disk, writable=True)):
        assert reader.read() == second
        reader.close()
        assert reader.read() is None
    head = HeadFile(tmp_path, disk, writable=True)
    assert head.read() == second
    head.write(third)
    assert _written(tmp_path / "HEAD") == [third, second]
    assert head.read() == third
    edit(tmp_path / "HEAD", lambda raw: raw.__setitem__(30, raw[30] ^ 1))
    assert head.read() == second
    head.write(third)
    assert _written(tmp_path / "HEAD") == [third, second]
    head.close()


def test_it_is_flushed_once_after_it_was_written(tmp_path: Path) -> None:
    """And not where there is nothing to flush."""
    disk = CountingDisk()
    head = HeadFile(tmp_path, disk, writable=True)
    head.flush()
    assert disk.calls["fdatasync"] == 0
    head.write(SLOTS[0])
    for _ in range(2):
        head.flush()
        assert disk.calls["fdatasync"] == 1
    head.write(SLOTS[1])
    head.flush()
    assert disk.calls["fdatasync"] == 2
    head.close()


@pytest.mark.parametrize("call", ["open", "pwrite", "fdatasync"])
def test_a_failure_leaves_head_as_it_was_and_is_tried_again(tmp_path: Path, call: str) -> None:
    """The entries are durable whatever becomes of it; a slot that could not be written keeps its turn."""
    disk = FaultyDisk(call, 2 if call == "open" else 1, "before", errno.EIO)
    head = HeadFile(tmp_path, disk, writable=True)
    head.write(SLOTS[0])
    head.flush()
    assert disk.struck
    assert head.read() == (SLOTS[0] if call == "fdatasync" else None)
    head.write(SLOTS[0])
    assert head.read() == SLOTS[0]
    assert SLOTS[0] in _written(tmp_path / "HEAD")
    flushes = disk.calls["fdatasync"]
    head.flush()
    assert disk.calls["fdatasync"] == flushes + 1
    head.close()
