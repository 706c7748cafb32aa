"""The end of a ledger: what it moves over, what it keeps of it, and which files it holds open."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
from msgspec import Raw

from eventstore.entry import shown
from eventstore.errors import Corrupt, NoLedger, Unavailable
from eventstore.head import HeadFile, Slot, pack
from eventstore.journal import Journal
from eventstore.ledger_reader import LedgerReader
from eventstore.store import Entry
from eventstore.tail import RecentEntries, Tail
from eventstore.verify import verify
from tests.support.disks import FastDisk
from tests.support.journal import SEGMENT_0, crash, cut, edit, event, open_journal, snapshot
from tests.support.ledger_check import check_ledger

BEGIN = datetime(2026, 1, 1, tzinfo=UTC)
TORN = b'{"seq":99,"ti'
TORN_WITH_LF = TORN + bytes(40) + b"\n"
"""A line whose end arrived and whose middle did not: it comes in one piece with the good lines before it."""


def _open_files() -> int:
    return len(os.listdir("/proc/self/fd"))


def _segment(first: int) -> str:
    return f"{first:020d}.jsonl"


@pytest.mark.parametrize("torn", [TORN, TORN_WITH_LF])
def test_good_entries_before_a_torn_line_are_kept(ram: Path, torn: bytes) -> None:
    """What HEAD does not tell of yet is read up to the first bad line, and only from there on is it cut."""
    folder = ram / "ledger"
    with open_journal(folder, disk=FastDisk()) as journal:
        journal.append([event(1)])
        head = (folder / "HEAD").read_bytes()
        journal.append([event(2), event(3)])
    size = (folder / SEGMENT_0).stat().st_size
    (folder / "HEAD").write_bytes(head)
    edit(folder / SEGMENT_0, lambda raw: raw.extend(torn))
    with open_journal(folder, disk=FastDisk()) as journal:
        assert journal.recovered is not None
        assert (journal.recovered.seq, journal.recovered.offset) == (4, size)
        assert [entry.run for entry in journal.read(1)] == [1, 2, 3, None]
    check_ledger(folder)


@pytest.mark.parametrize("torn", [TORN, TORN_WITH_LF])
def test_a_live_reader_sees_good_entries_before_a_torn_line(ram: Path, torn: bytes) -> None:
    """Entries that arrive together with a torn line are seen at once, by those who may write and by readers."""
    folder = ram / "ledger"
    with (
        open_journal(folder, disk=FastDisk()) as journal,
        LedgerReader.open(folder, disk=FastDisk()) as reader,
    ):
        size = (folder / SEGMENT_0).stat().st_size
        with open_journal(folder, disk=FastDisk()) as other:
            other.append([event(1), event(2)])
            head = other.head()
        edit(folder / SEGMENT_0, lambda raw: raw.extend(torn))
        for each in (journal, reader):
            assert each.refresh() == head
            assert [entry.run for entry in each.read(1)] == [1, 2]
            assert each.torn is not None
            assert (each.torn.seq, each.torn.offset > size) == (3, True)
        assert journal.append([event(3)])[0].seq == 4
        assert reader.refresh().seq == 4
        assert reader.torn is None
    check_ledger(folder)


@pytest.mark.parametrize("left", [b"", b'{"seq":0,"time":"20'], ids=["nothing", "a part of entry 0"])
def test_a_ledger_that_was_never_completely_created(ram: Path, left: bytes) -> None:
    """Without a whole entry 0 there is no ledger to read; nothing is written, and whoever may write creates it."""
    folder = ram / "ledger"
    folder.mkdir()
    (folder / SEGMENT_0).write_bytes(left)
    before = snapshot(folder)
    with pytest.raises(NoLedger, match="never completely created"):
        LedgerReader.open(folder, disk=FastDisk())
    assert snapshot(folder) == before
    open_journal(folder, disk=FastDisk(), create=False).close()
    assert check_ledger(folder)[0]["type"] == "ledger.created"


def test_one_segment_is_open_at_a_time(ram: Path) -> None:
    """Whoever writes over many segments, or follows one who does, holds as many files open as at the beginning."""
    folder = ram / "ledger"
    with (
        open_journal(folder, disk=FastDisk(), segment_entries=2) as journal,
        LedgerReader.open(folder, disk=FastDisk()) as reader,
    ):
        journal.append([event(0), event(1)])
        reader.refresh()
        before = _open_files()
        for number in range(8):
            journal.append([event(number), event(number)])
            reader.refresh()
        assert _open_files() == before
        journal.append([event(number) for number in range(9)])
        reader.refresh()
        assert _open_files() <= before


def test_a_closed_or_refused_ledger_holds_no_file_open(ram: Path) -> None:
    """After an opening that failed, and after the last of an object, each descriptor is given back."""
    folder = ram / "ledger"
    before = _open_files()
    with open_journal(folder, disk=FastDisk(), segment_entries=3) as journal:
        journal.append([event(number) for number in range(6)])
        list(journal.read_backwards())
    assert _open_files() == before
    LedgerReader.open(folder, disk=FastDisk()).close()
    assert _open_files() == before
    crash(open_journal(folder, disk=FastDisk()))
    assert _open_files() == before
    edit(folder / _segment(6), lambda raw: raw.extend(TORN))
    LedgerReader.open(folder, disk=FastDisk()).close()
    open_journal(folder, disk=FastDisk()).close()
    assert _open_files() == before
    cut(folder / _segment(6), 10)
    for opened in (LedgerReader.open, open_journal):
        with pytest.raises(Corrupt):
            opened(folder, disk=FastDisk())
    with pytest.raises(NoLedger):
        LedgerReader.open(ram / "none")
    assert _open_files() == before


@pytest.mark.parametrize("opened", [open_journal, LedgerReader.open])
def test_entries_that_head_knows_are_missed_by_a_live_process(
    ram: Path, opened: Callable[..., Journal | LedgerReader]
) -> None:
    """What another process has acknowledged meanwhile, and nothing is left of, is no torn tail to be cut off."""
    folder = ram / "ledger"
    with open_journal(folder, disk=FastDisk()) as journal:
        journal.append([event(0)])
    size = (folder / SEGMENT_0).stat().st_size
    live = opened(folder, disk=FastDisk())
    with open_journal(folder, disk=FastDisk()) as other:
        other.append([event(1), event(2)])
    edit(folder / SEGMENT_0, lambda raw: raw.__setitem__(slice(size, None), bytes(len(raw) - size)))
    before = snapshot(folder)
    with pytest.raises(Corrupt) as caught:
        live.refresh()
    assert (caught.value.seq, caught.value.offset) == (2, size)
    with pytest.raises(Unavailable if isinstance(live, LedgerReader) else Corrupt):
        live.append([event(3)])
    crash(live)
    assert snapshot(folder) == before


def _entries(first: int, last: int) -> list[Entry]:
    return [
        Entry(seq, BEGIN, "thing.happened", "x", Raw(b"{}"), 0, "p", "h") for seq in range(first, last + 1)
    ]


def test_the_last_entries_are_remembered_up_to_a_bound() -> None:
    """Any stretch of what is remembered is given; of what reaches further back nothing, so that it is read."""
    recent = RecentEntries()
    assert recent.since(0, 5) is None
    for first in (10, 13, 16):
        recent.add(_entries(first, first + 2), 400_000)
    assert recent.since(12, 18) is None
    for first, last in ((13, 18), (13, 13), (14, 16), (15, 17), (16, 16), (18, 18), (17, 40)):
        found = recent.since(first, last)
        assert found is not None
        assert [entry.seq for entry in found] == list(range(first, min(last, 18) + 1))
    assert [entry.seq for entry in recent.since(19, 20) or ()] == []
    recent.add(_entries(19, 20), 3_000_000)
    assert recent.since(18, 20) is None
    assert [entry.seq for entry in recent.since(19, 20) or ()] == [19, 20]
    recent.add(_entries(21, 21), 600_000)
    assert recent.since(20, 21) is None
    recent.add(_entries(22, 22), 448_576)
    assert [entry.seq for entry in recent.since(21, 22) or ()] == [21, 22]


def test_what_is_durable_is_what_head_says_up_to_the_last_entry(ram: Path) -> None:
    """What another process wrote behind that is unproven, until its own flush is seen; what was there stays."""
    folder = ram / "ledger"
    with open_journal(folder, disk=FastDisk()) as journal:
        journal.append([event(number) for number in range(1, 6)])
    lines = (folder / SEGMENT_0).read_bytes().splitlines(keepends=True)
    for known in range(6):
        slot = Slot(known, json.loads(lines[known])["hash"], sum(map(len, lines[: known + 1])))
        (folder / "HEAD").write_bytes(pack(slot))
        head_file = HeadFile(folder, FastDisk(), writable=False)
        tail = Tail(folder, 65_536, FastDisk(), head_file, writable=False)
        tail.start(0)
        assert (tail.head.seq, tail.durable, tail.unproven) == (known, known + 1, False)
        assert tail.changed() is (known < 5)
        tail.grow(settled=True)
        assert (tail.head.seq, tail.durable, tail.unproven) == (5, known + 1, known < 5)
        assert not tail.changed()
        assert (tail.end.first, tail.end.offset, tail.offset) == (
            0,
            sum(map(len, lines)),
            sum(map(len, lines)),
        )
        tail.close()
        head_file.close()


def test_a_live_process_learns_what_another_one_has_flushed(ram: Path) -> None:
    """Its own entries say so: `durable` counts what is on disk, whoever wrote it."""
    folder = ram / "ledger"
    with open_journal(folder, disk=FastDisk()) as journal:
        with open_journal(folder, disk=FastDisk()) as other:
            other.append([event(1), event(2)])
        assert journal.append([event(3)])[0].durable == 3
    check_ledger(folder)


@pytest.mark.parametrize("left", [b"rubbish\n", b"rubbish", b'{"seq":3,"time"\n'])
@pytest.mark.parametrize("with_head", [True, False])
def test_what_stands_behind_a_full_segment_is_told(ram: Path, left: bytes, with_head: bool) -> None:
    """Where it begins, that nothing was to follow there, and how it begins; it is no entry that is missed."""
    folder = ram / "ledger"
    journal = open_journal(folder, disk=FastDisk(), segment_entries=3)
    journal.append([event(1), event(2)])
    crash(journal)
    size = (folder / SEGMENT_0).stat().st_size
    edit(folder / SEGMENT_0, lambda raw: raw.extend(left))
    if not with_head:
        (folder / "HEAD").unlink()
    with LedgerReader.open(folder, disk=FastDisk()) as reader:
        torn = reader.torn
        assert torn is not None
        assert (torn.segment.name, torn.seq, torn.offset) == (SEGMENT_0, 3, size)
        assert torn.found.startswith(repr(left)[1:10])
        assert torn.expected in {"the end of a full segment", "a whole line"}
        told = verify(folder).torn
        assert told is not None
        assert (told.segment, told.seq, told.offset) == (torn.segment, torn.seq, torn.offset)
        assert (told.expected, told.found) == (torn.expected, torn.found)


def test_an_entry_that_is_not_the_one_that_head_names_is_shown(ram: Path) -> None:
    """What is expected and what stands there instead: another entry, a line that is none, or no line at all."""
    folder = ram / "ledger"
    with open_journal(folder, disk=FastDisk(), segment_entries=3) as journal:
        journal.append([event(number) for number in range(1, 5)])
        head = journal.head()
    (last, end) = folder / _segment(3), (folder / _segment(3)).stat().st_size
    good = last.read_bytes()
    begin = good.rstrip(b"\n").rindex(b"\n") + 1

    def refused() -> tuple[str, int, int, str, str]:
        with pytest.raises(Corrupt) as caught:
            LedgerReader.open(folder, disk=FastDisk())
        damage = caught.value
        return damage.segment.name, damage.seq, damage.offset, damage.expected, damage.found

    named = f"the entry that HEAD names, {head.hash}"
    last.write_bytes(good[:-10] + b"x" + good[-9:])
    assert refused() == (_segment(3), 4, begin, named, shown(last.read_bytes()[begin:-1]))
    last.write_bytes(b"x" * end)
    assert refused() == (_segment(3), 4, end, named, "no whole line")
    last.write_bytes(good)
    (folder / "HEAD").write_bytes(pack(Slot(4, "a" * 64, end)))
    assert refused() == (_segment(3), 4, begin, named.replace(head.hash, "a" * 64), f"entry 4, {head.hash}")
    (folder / "HEAD").write_bytes(pack(Slot(9, "a" * 64, end)))
    assert refused()[:3] == (_segment(9), 9, 0)
    (folder / "HEAD").unlink()
    first = (folder / _segment(0)).read_bytes()
    (folder / _segment(0)).write_bytes(first[:-10] + b"x" + first[-9:])
    segment, seq, _, expected, _ = refused()
    assert (segment, seq, expected) == (_segment(0), 2, "the last entry of a full segment")
