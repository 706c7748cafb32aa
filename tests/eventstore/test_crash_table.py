"""The crash table: a small ledger cut at every byte, and with every bit flipped."""

from __future__ import annotations

from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path
from typing import NamedTuple

import msgspec
import pytest

from eventstore.errors import Corrupt, NoLedger
from eventstore.journal import Journal
from eventstore.ledger_reader import LedgerReader
from eventstore.recovery import LedgerRecovered
from eventstore.store import Entry
from eventstore.verify import verify
from tests.support.disks import FastDisk
from tests.support.journal import SEGMENT_0, StepClock, copy_of, event, open_journal, snapshot
from tests.support.ledger_check import check_ledger


class Small(NamedTuple):
    """A small ledger, and what its HEAD was after each commit."""

    folder: Path
    entries: list[Entry]
    ends: list[int]
    heads: dict[int, bytes]

    @property
    def segment(self) -> bytes:
        """The bytes of its only segment."""
        return (self.folder / SEGMENT_0).read_bytes()


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Small:
    """Five entries in four commits."""
    folder = tmp_path_factory.mktemp("small") / "ledger"
    heads: dict[int, bytes] = {}
    with open_journal(folder, disk=FastDisk()) as journal:
        for batch in ([], [1], [2, 3], [4]):
            if batch:
                journal.append([event(number) for number in batch])
            heads[journal.head().seq] = (folder / "HEAD").read_bytes()
        entries = list(journal.read(0))
    raw = (folder / SEGMENT_0).read_bytes()
    ends = [index + 1 for index, byte in enumerate(raw) if byte == 0x0A]
    return Small(folder, entries, ends, heads)


def _reopen(folder: Path) -> Journal:
    return Journal.open(folder, software="test 1", clock=StepClock(), disk=FastDisk())


def _cuts(small: Small, every: int = 1) -> Iterator[tuple[int, int]]:
    """Lengths that the segment can be cut to, and how many whole entries it then holds.

    Args:
        small: what is cut.
        every: of the lengths within an entry each so many-th; those around its end are all there.
    """
    for length in range(len(small.segment) + 1):
        if length % every == 0 or any(abs(length - end) < 3 for end in (0, *small.ends)):
            yield length, sum(end <= length for end in small.ends)


@pytest.mark.parametrize("head_seq", [None, 0, 1, 3, 4])
def test_a_ledger_cut_at_every_byte(small: Small, ram: Path, head_seq: int | None, hunt: bool) -> None:
    """A cut that takes an entry that HEAD promises is corruption; any other is torn, and costs nothing whole.

    With a HEAD, each byte is tried in a hunt, and otherwise each ninth and those at the ends of entries.
    """
    folder = copy_of(small.folder, ram / "ledger")
    promised = -1 if head_seq is None else head_seq
    for length, whole in _cuts(small, 1 if hunt or head_seq is None else 9):
        for name in ("quarantine", "HEAD", SEGMENT_0):
            path = folder / name
            if path.is_dir():
                for file in path.iterdir():
                    file.unlink()
            else:
                path.unlink(missing_ok=True)
        (folder / SEGMENT_0).write_bytes(small.segment[:length])
        if head_seq is not None:
            (folder / "HEAD").write_bytes(small.heads[head_seq])
        if whole <= promised:
            before = snapshot(folder)
            with pytest.raises(Corrupt):
                _reopen(folder)
            assert not verify(folder).ok
            assert snapshot(folder) == before, "something was written to a corrupt ledger"
            continue
        _check_recovered(small, folder, length, whole)


def _check_recovered(small: Small, folder: Path, length: int, whole: int) -> None:
    """The whole entries are there, what was cut is in quarantine and recorded, and it goes on."""
    report = verify(folder)
    assert report.ok
    torn_bytes = small.segment[small.ends[whole - 1] if whole else 0 : length]
    assert (report.torn is not None) == bool(torn_bytes)
    with _reopen(folder) as journal:
        entries = list(journal.read(0))
        recovered = journal.recovered
        journal.append([event(99)])
    assert entries[:whole] == small.entries[:whole]
    check_ledger(folder)
    if not torn_bytes:
        assert recovered is None
        return
    expected_seq = max(whole, 1)
    record = msgspec.json.decode(entries[expected_seq].data, type=LedgerRecovered)
    assert entries[expected_seq].type == "ledger.recovered"
    assert record == recovered
    assert (record.bytes, record.sha256) == (len(torn_bytes), sha256(torn_bytes).hexdigest())
    (kept,) = (folder / "quarantine").iterdir()
    assert kept.name == f"{whole:020d}-{record.offset}.torn"
    assert kept.read_bytes() == torn_bytes


def test_a_torn_tail_is_only_reported_to_a_reader(small: Small, ram: Path) -> None:
    """Opening a ledger read only, at any cut, writes nothing and yields the whole entries."""
    folder = copy_of(small.folder, ram / "ledger")
    (folder / "HEAD").write_bytes(small.heads[0])
    for length, whole in _cuts(small):
        (folder / SEGMENT_0).write_bytes(small.segment[:length])
        before = snapshot(folder)
        if not whole:
            with pytest.raises((Corrupt, NoLedger)):
                LedgerReader.open(folder)
            continue
        with LedgerReader.open(folder) as journal:
            assert list(journal.read(0)) == small.entries[:whole]
            assert (journal.torn is None) == (length == small.ends[whole - 1])
        assert snapshot(folder) == before


def test_every_flipped_bit_is_found(small: Small, ram: Path, hunt: bool) -> None:
    """One flipped bit anywhere in the entries is corruption: reading and verifying say so, nothing is written.

    Two bits of each byte are flipped, and all eight in a hunt.
    """
    folder = copy_of(small.folder, ram / "ledger")
    segment = folder / SEGMENT_0
    for index in range(len(small.segment)):
        damaged_seq = sum(end <= index for end in small.ends)
        for bit in range(8) if hunt else (index % 8, (index + 3) % 8):
            raw = bytearray(small.segment)
            raw[index] ^= 1 << bit
            segment.write_bytes(raw)
            damage = verify(folder).first_damage
            assert damage is not None, f"bit {bit} of byte {index} was accepted"
            assert damage.seq == damaged_seq, f"bit {bit} of byte {index}"
            if bit != index % 8:
                continue  # opening costs more: one bit of each byte
            with pytest.raises(Corrupt), _reopen(folder) as journal:
                list(journal.read(0))
            assert segment.read_bytes() == raw


def test_every_flipped_bit_is_found_without_head(small: Small, ram: Path) -> None:
    """Without HEAD, a line that is whole and wrong is damage still, the last one too: no crash makes one.

    Only the last LF tells a whole line from an unfinished one.
    """
    folder = copy_of(small.folder, ram / "ledger")
    (folder / "HEAD").unlink()
    segment = folder / SEGMENT_0
    for index in range(len(small.segment) - 1):
        raw = bytearray(small.segment)
        raw[index] ^= 1 << index % 8
        segment.write_bytes(raw)
        assert verify(folder).first_damage is not None, f"byte {index}"
        with pytest.raises(Corrupt):
            _reopen(folder)
        assert segment.read_bytes() == raw
        (folder / "HEAD").unlink(missing_ok=True)


def test_a_line_that_did_not_arrive_whole_is_torn(small: Small, ram: Path) -> None:
    """Zeros in the place of any blocks of the last line, LF or not, are what a power failure leaves."""
    folder = copy_of(small.folder, ram / "ledger")
    (folder / "HEAD").unlink()
    begin, end = small.ends[-2], small.ends[-1]
    for first, last in (
        (begin, begin + 1),
        (begin, begin + 90),
        (begin + 90, begin + 92),
        (end - 9, end - 1),
    ):
        raw = bytearray(small.segment)
        raw[first:last] = bytes(last - first)
        (folder / SEGMENT_0).write_bytes(raw)
        report = verify(folder)
        assert (report.first_damage, report.torn is not None) == (None, True), (first, last)
        with _reopen(folder) as journal:
            assert journal.recovered is not None
            assert journal.recovered.bytes == end - begin
        (folder / "HEAD").unlink()


def test_every_flipped_bit_in_head_is_ignored_or_found(small: Small, ram: Path) -> None:
    """A damaged slot of HEAD is passed over in favour of the other one: no entry is lost, none refused."""
    folder = copy_of(small.folder, ram / "ledger")
    good = (small.folder / "HEAD").read_bytes()
    for index in range(len(good)):
        raw = bytearray(good)
        raw[index] ^= 1 << index % 8
        (folder / "HEAD").write_bytes(raw)
        with LedgerReader.open(folder) as journal:
            assert list(journal.read(0)) == small.entries
        assert verify(folder).ok
