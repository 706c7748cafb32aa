"""Every system call of a ledger's life fails once, in every way; and the power goes between any two of them."""

from __future__ import annotations

import contextlib
import errno
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from eventstore.durable import Disk
from eventstore.errors import LedgerError, Poisoned, Unavailable
from eventstore.journal import Journal
from eventstore.ledger_reader import LedgerReader
from tests.support.disks import FLUSHES, CountingDisk, FastDisk, FaultyDisk, PowerDisk, PowerFailure
from tests.support.journal import StepClock, crash, edit, event, open_journal
from tests.support.ledger_check import check_ledger

_BATCHES = ([1], [2, 3], [4, 5, 6, 7, 8, 9, 10], [11], [12])
_SEGMENT_ENTRIES = 3
_CALLS = ("open", "mkdir", "pwrite", "fdatasync", "fsync", "fallocate", "rename", "flock")
_FAULTS = [("pwrite", "short"), *[(call, when) for call in _CALLS for when in ("before", "after")]]


class Life:
    """A ledger's life: created, appended to, ticked, closed; and what was acknowledged in it."""

    def __init__(self, folder: Path, disk: Disk) -> None:
        self.folder, self._disk = folder, disk
        self.acknowledged: list[int] = []
        self.refused: list[int] = []
        self.unknown: list[int] = []

    def live(self) -> None:
        """Go through it; what is refused is tried again, after a poisoning it ends at once."""
        journal = self._open()
        if journal is None:
            return
        try:
            for batch in _BATCHES:
                self._append(journal, batch)
            journal.tick()
            journal.close()
        except Poisoned:
            with pytest.raises(Poisoned):
                journal.append([event(999)])
        finally:
            crash(journal)

    def _open(self) -> Journal | None:
        for _ in range(2):
            try:
                return open_journal(self.folder, disk=self._disk, segment_entries=_SEGMENT_ENTRIES)
            except Unavailable:
                continue
            except Poisoned:
                return None
        return None

    def _append(self, journal: Journal, batch: list[int]) -> None:
        for _ in range(3):
            head = journal.head()
            try:
                entries = journal.append([event(number) for number in batch])
            except Unavailable:
                self.refused.extend(batch)
                with LedgerReader.open(self.folder) as reader:
                    assert reader.head().seq <= head.seq + 1, "something of a refused append was written"
                    found = [entry.run for entry in reader.read(0)]
                    assert not set(found) & set(batch), "a refused append was written"
                continue
            except Poisoned:
                self.unknown.extend(batch)
                raise
            assert [entry.run for entry in entries] == batch
            self.acknowledged.extend(batch)
            return


def _check_life(life: Life, *, may_hold: list[int]) -> None:
    """Reopened, the ledger is sound and holds what was acknowledged, in order, once, and nothing refused."""
    with open_journal(life.folder, disk=FastDisk(), segment_entries=_SEGMENT_ENTRIES) as journal:
        journal.append([event(100)])
    entries = check_ledger(life.folder)
    found = [entry["run"] for entry in entries if "run" in entry]
    assert found[-1] == 100
    assert found[: len(life.acknowledged)] == life.acknowledged
    rest = found[len(life.acknowledged) : -1]
    assert rest == may_hold[: len(rest)], "what was not acknowledged is there in part, or twice"


def _calls_of_a_life(folder: Path) -> dict[str, int]:
    disk = CountingDisk()
    Life(folder, disk).live()
    return dict(disk.calls)


def test_a_life_without_faults_acknowledges_everything(ram: Path) -> None:
    """The life that the other tests disturb is complete, and makes every kind of call there is."""
    disk = CountingDisk()
    life = Life(ram / "ledger", disk)
    life.live()
    assert life.acknowledged == list(range(1, 13))
    _check_life(life, may_hold=[])
    assert set(disk.calls) == set(_CALLS)


@pytest.mark.parametrize(("call", "when"), _FAULTS)
def test_each_occurrence_of_each_call_fails_once(ram: Path, call: str, when: str) -> None:
    """Whichever call fails, taking effect or not: nothing acknowledged is lost, nothing refused is there."""
    code = errno.EIO if call in FLUSHES else errno.ENOSPC
    struck = 0
    for occurrence in range(1, _calls_of_a_life(ram / "count")[call] + 1):
        folder = ram / f"{call}-{occurrence}"
        disk = FaultyDisk(call, occurrence, when, code)
        life = Life(folder, disk)
        life.live()
        struck += disk.struck
        _check_life(life, may_hold=life.unknown)
        if life.unknown:
            assert call in FLUSHES, f"{call} poisoned the ledger"
    assert struck >= occurrence - 2, (
        "only looking for HEAD and for segment 0, before they exist, has no after"
    )


@pytest.mark.parametrize("call", ["pwrite", "open", "ftruncate"])
def test_a_disk_that_stays_full_or_broken(ram: Path, call: str) -> None:
    """A call that fails from some moment on, for ever, leaves a ledger that a healthy disk goes on with."""
    for occurrence in range(1, _calls_of_a_life(ram / "count").get(call, 0) + 1):
        life = Life(
            ram / f"{call}-{occurrence}", FaultyDisk(call, occurrence, "before", errno.ENOSPC, lasting=True)
        )
        life.live()
        _check_life(life, may_hold=[])


class _ShortAndStuck(FaultyDisk):
    """A write is short, and cutting it back fails too."""

    def ftruncate(self, fd: int, length: int) -> None:  # noqa: ARG002 - it fails whatever is asked
        raise OSError(errno.EIO, "stuck")


def test_a_short_write_that_cannot_be_taken_back_poisons(ram: Path) -> None:
    """If a refused write cannot be cut off again, the process stops, and the next one settles it."""
    for occurrence in range(3, _calls_of_a_life(ram / "count")["pwrite"] + 1):
        life = Life(ram / f"stuck-{occurrence}", _ShortAndStuck("pwrite", occurrence, "short", errno.ENOSPC))
        life.live()
        _check_life(life, may_hold=life.unknown)


@pytest.mark.parametrize("fsync", ["always", "everysec", "never"])
def test_a_killed_process_loses_nothing_under_any_policy(ram: Path, fsync: Any) -> None:
    """The flush policies differ in what a power failure takes, never in what a kill takes."""
    journal = open_journal(ram / "ledger", disk=FastDisk(), segment_entries=3, fsync=fsync)
    for number in range(8):
        journal.append([event(number)])
    crash(journal)
    with open_journal(ram / "ledger", disk=FastDisk()) as journal:
        assert [entry.run for entry in journal.read(1)] == list(range(8))
    check_ledger(ram / "ledger")


def test_everysec_advances_head_only_after_a_flush(ram: Path) -> None:
    """Under `everysec` and `never`, `durable` and HEAD speak of flushed entries alone."""
    for fsync in ("everysec", "never"):
        folder = ram / fsync
        disk = CountingDisk()
        with open_journal(folder, disk=disk, fsync=fsync) as journal:
            head = (folder / "HEAD").read_bytes()
            flushes = disk.calls["fdatasync"]
            entries = journal.append([event(1)]) + journal.append([event(2)])
            assert disk.calls["fdatasync"] == flushes
            assert [entry.durable for entry in entries] == [1, 1]
            assert (folder / "HEAD").read_bytes() == head
            journal.tick()
            flushed = fsync == "everysec"
            assert ((folder / "HEAD").read_bytes() != head) == flushed
            (entry,) = journal.append([event(3)])
            assert entry.durable == (3 if flushed else 1)
        check_ledger(folder)


def test_a_failed_flush_poisons_for_ever(ram: Path) -> None:
    """After a failed flush nothing is acknowledged any more, though the disk seems to work again."""
    disk = FaultyDisk("fdatasync", 2, "before", errno.EIO)
    journal = open_journal(ram / "ledger", disk=disk)
    with pytest.raises(Poisoned, match="flush"):
        journal.append([event(1)])
    for _ in range(3):
        with pytest.raises(Poisoned):
            journal.append([event(2)])
        with pytest.raises(Poisoned):
            journal.tick()
    assert [entry.seq for entry in journal.read(0)] == [0]
    journal.close()
    check_ledger(ram / "ledger")


def _faults_in_recovery() -> Iterator[tuple[str, int, str]]:
    for call in ("open", "mkdir", "pwrite", "fdatasync", "fsync", "ftruncate", "rename"):
        for occurrence in range(1, 8):
            for when in ("before", "after"):
                yield call, occurrence, when


def test_each_call_of_a_recovery_fails_once(ram: Path) -> None:
    """A recovery that fails or dies at any call is completed by the next one, and recorded exactly once."""
    struck = 0
    for call, occurrence, when in _faults_in_recovery():
        folder = ram / f"{call}-{occurrence}-{when}"
        with open_journal(folder, disk=FastDisk()) as journal:
            journal.append([event(1)])
        edit(folder / "00000000000000000000.jsonl", lambda raw: raw.extend(b'{"seq":2,"time":'))
        disk = FaultyDisk(call, occurrence, when, errno.EIO)
        try:
            crash(Journal.open(folder, software="test", clock=StepClock(), disk=disk))
        except LedgerError:
            assert disk.struck
        struck += disk.struck
        with open_journal(folder, disk=FastDisk()) as journal:
            journal.append([event(2)])
        entries = check_ledger(folder)
        assert [entry["type"] for entry in entries].count("ledger.recovered") == 1
        (kept,) = (folder / "quarantine").iterdir()
        assert kept.suffix == ".torn"
        assert kept.read_bytes() == b'{"seq":2,"time":'
    assert struck >= 25


def test_the_power_goes_between_any_two_calls(ram: Path, hunt: bool) -> None:
    """Whenever the power goes and whatever of the unflushed bytes survives: acknowledged entries do."""
    disk = PowerDisk()
    Life(ram / "count", disk).live()
    for moment in range(1, disk.total + 1):
        for chance in range(40 if hunt else 4):
            folder = ram / f"{moment}-{chance}"
            life = Life(folder, power := PowerDisk(moment))
            with pytest.raises(PowerFailure):
                life.live()
            power.fail(folder, random.Random(chance))
            last = life.acknowledged[-1] if life.acknowledged else 0
            _check_life(life, may_hold=list(range(last + 1, 13)))


@pytest.mark.parametrize("chance", range(6))
def test_what_a_tick_has_flushed_survives_a_power_failure(ram: Path, chance: int) -> None:
    """Under `everysec`, a tick makes durable what is there, also when it fills a segment to the brim."""
    for count in range(1, 9):
        folder = ram / f"{count}"
        power = PowerDisk()
        journal = open_journal(folder, disk=power, segment_entries=3, fsync="everysec")
        for number in range(1, count + 1):
            journal.append([event(number)])
        journal.tick()
        crash(journal)
        power.fail(folder, random.Random(chance))
        with open_journal(folder, disk=FastDisk()) as journal:
            assert [entry.run for entry in journal.read(1)] == list(range(1, count + 1))
        check_ledger(folder)


@pytest.mark.parametrize("chance", range(6))
def test_what_was_refused_stays_away_after_a_power_failure(ram: Path, chance: int) -> None:
    """A batch over several segments that was refused and taken back does not return with the power."""
    for occurrence in range(5, 10):
        folder = ram / f"{occurrence}"

        class Full(PowerDisk):
            def pwrite(self, fd: int, data: bytes, offset: int) -> int:
                written = super().pwrite(fd, data, offset)
                if self.calls["pwrite"] == occurrence:  # noqa: B023 - used within this turn
                    raise OSError(errno.ENOSPC, "full")
                return written

        power = Full()
        life = Life(folder, power)
        journal = open_journal(folder, disk=power, segment_entries=3)
        journal.append([event(1)])
        with contextlib.suppress(Unavailable):
            journal.append([event(number) for number in range(2, 11)])
            life.acknowledged = list(range(1, 11))
        life.acknowledged = life.acknowledged or [1]
        crash(journal)
        power.fail(folder, random.Random(chance))
        _check_life(life, may_hold=[])
