"""A flush that fails and is not told to the next process: what was reported durable survives a power failure."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from eventstore.errors import Poisoned
from eventstore.ledger_reader import LedgerReader
from eventstore.verify import verify
from tests.support.disks import DroppingDisk
from tests.support.journal import crash, cut, event, open_journal
from tests.support.ledger_check import check_ledger


def _until_a_flush_fails(folder: Path, disk: DroppingDisk, fsync: Any, count: int) -> None:
    """Append so many entries and flush them in vain; the process ends, as it must."""
    journal = open_journal(folder, disk=disk, segment_entries=16, fsync=fsync)
    for number in range(count):
        journal.append([event(number)])
    disk.failing = True
    with pytest.raises(Poisoned):
        journal.append([event(99)]) if fsync == "always" else journal.close()
    crash(journal)


def _power_fails(folder: Path, disk: DroppingDisk) -> list[int | None]:
    """What is there afterwards."""
    disk.fail(folder)
    check_ledger(folder)
    with LedgerReader.open(folder) as journal:
        return [entry.run for entry in journal.read(1)]


@pytest.mark.parametrize("fsync", ["always", "everysec", "never"])
@pytest.mark.parametrize("count", [1, 5, 15, 20, 31, 40])
def test_what_a_failed_flush_dropped_is_written_again_before_it_is_called_durable(
    ram: Path, fsync: Any, count: int
) -> None:
    """Whatever was readable when the ledger was opened again is on disk when that is said."""
    folder, disk = ram / "ledger", DroppingDisk()
    _until_a_flush_fails(folder, disk, fsync, count)
    journal = open_journal(folder, disk=disk)
    there = journal.head().seq
    journal.append([event(100)])
    runs = [entry.run for entry in journal.read(1)]
    crash(journal)
    assert len(runs) == there + 1
    assert runs[:count] == list(range(count))
    assert _power_fails(folder, disk) == runs


def test_a_live_process_writes_again_what_another_one_left(ram: Path) -> None:
    """A process that was open all along, and was told of no failure, makes durable what it says is."""
    folder, disk = ram / "ledger", DroppingDisk()
    journal = open_journal(folder, disk=disk, segment_entries=16)
    journal.append([event(0)])
    _until_a_flush_fails(folder, disk, "everysec", 20)
    journal.append([event(100)])
    runs = [entry.run for entry in journal.read(1)]
    crash(journal)
    assert _power_fails(folder, disk) == runs == [0, *range(20), 100]


def test_a_ledger_that_is_durable_is_not_written_again(ram: Path) -> None:
    """Opening a ledger whose end HEAD names writes nothing to its segments."""
    folder, disk = ram / "ledger", DroppingDisk()
    for _ in range(2):
        with open_journal(folder, disk=disk, segment_entries=16) as journal:
            journal.append([event(1)])
    written = disk.calls["pwrite"]
    open_journal(folder, disk=disk).close()
    assert disk.calls["pwrite"] == written
    disk.fail(folder)
    assert verify(folder).entries == 3


def test_bytes_that_are_gone_from_the_cache_are_not_written_again(ram: Path) -> None:
    """What was read and is not there any more is not made up: the ledger ends where the disk's does."""
    folder, disk = ram / "ledger", DroppingDisk()
    _until_a_flush_fails(folder, disk, "everysec", 5)
    disk.fail(folder)
    segment = folder / f"{0:020d}.jsonl"
    cut(segment, segment.read_bytes().rfind(b"\n") + 1)
    with open_journal(folder, disk=disk) as journal:
        assert journal.head().seq == verify(folder).head.seq
    check_ledger(folder)
