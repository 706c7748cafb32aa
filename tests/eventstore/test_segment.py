"""Segments: names, finding lines, crossing from one to the next, seals."""

from __future__ import annotations

import json
import os
import random
from hashlib import sha256
from pathlib import Path

import pytest

from eventstore.durable import Disk
from eventstore.entry import seq_of
from eventstore.errors import Corrupt
from eventstore.seal import read_seal
from eventstore.segment import find_line, first_of, line_blocks, list_segments, segment_name, segment_of
from eventstore.store import Event
from eventstore.verify import verify
from tests.support.disks import FastDisk
from tests.support.journal import SEGMENT_0, crash, edit, event, open_journal
from tests.support.ledger_check import check_ledger


def test_the_segment_of_an_entry_is_a_division() -> None:
    """Segments are named by their first entry and hold 65,536."""
    assert segment_name(0) == "00000000000000000000.jsonl"
    assert first_of(65_535) == 0
    assert first_of(65_536) == 65_536
    assert segment_of(Path("x"), 200_000) == Path("x/00000000000000196608.jsonl")


@pytest.mark.parametrize("long_lines", [0, 3, 40])
def test_any_line_is_found_without_reading_the_others(ram: Path, long_lines: int) -> None:
    """However unequal the lines are, each is found where it begins, and a missing one is not."""
    chance = random.Random(long_lines)
    with open_journal(ram / "ledger", disk=FastDisk()) as journal:
        events = [event(number) for number in range(2000)]
        for _ in range(long_lines):
            events[chance.randrange(2000)] = event(0, text="x" * chance.randrange(60_000))
        journal.append(events)
    raw = (ram / "ledger" / SEGMENT_0).read_bytes()
    fd = os.open(ram / "ledger" / SEGMENT_0, os.O_RDONLY)
    offset = 0
    for seq, line in enumerate(raw.split(b"\n")[:-1]):
        if seq % 7 == 0 or len(line) > 400:
            assert find_line(fd, 0, len(raw), seq) == offset
        assert seq_of(line) == seq
        offset += len(line) + 1
    assert find_line(fd, 0, len(raw), 2001) is None
    os.close(fd)


def test_runs_are_whole_lines_and_then_the_rest(ram: Path) -> None:
    """A file is read as runs of whole lines; what is left over is marked."""
    path = ram / "file"
    raw = b"".join(b"x" * length + b"\n" for length in range(0, 3000, 7)) + b"rest"
    path.write_bytes(raw)
    fd = os.open(path, os.O_RDONLY)
    found = list(line_blocks(fd, 0, len(raw)))
    assert b"".join(run.raw for run in found) == raw
    assert [run.whole for run in found] == [True] * (len(found) - 1) + [False]
    assert all(run.raw.endswith(b"\n") for run in found[:-1])
    assert found[-1].raw == b"rest"
    os.close(fd)


@pytest.mark.parametrize("size", [1, 2, 3, 10, 64])
def test_batches_of_any_size_cross_segments(ram: Path, size: int) -> None:
    """A batch fills segments one after another, and every entry can be read back, by number and by range."""
    with open_journal(ram / "ledger", disk=FastDisk(), segment_entries=size) as journal:
        for batch in (1, 2, 5, 30, 3):
            journal.append([event(number) for number in range(batch)])
        assert [entry.seq for entry in journal.read(0)] == list(range(42))
    with open_journal(ram / "ledger", disk=FastDisk()) as journal:
        for seq in range(42):
            assert [entry.seq for entry in journal.read(seq, seq + 5)] == list(range(seq, min(seq + 6, 42)))
    assert list_segments(ram / "ledger") == list(range(0, 42, size))
    check_ledger(ram / "ledger")


def test_a_real_segment_is_full_at_65536_entries(ram: Path) -> None:
    """Entry 65,536 is the first of the second segment, and the first one is sealed."""
    folder = ram / "ledger"
    with open_journal(folder, disk=FastDisk()) as journal:
        for _ in range(33):
            journal.append([event(number) for number in range(2000)])
        assert [entry.seq for entry in journal.read(65_534, 65_538)] == list(range(65_534, 65_539))
    assert list_segments(folder) == [0, 65_536]
    assert seq_of((folder / segment_name(65_536)).read_bytes()) == 65_536
    report = verify(folder)
    assert (report.ok, report.entries, report.sealed) == (True, 66_001, 1)


def reseal(raw: bytes) -> bytes:
    """A seal with another content, and the hash that belongs to it."""
    body = raw[: raw.index(b',"hash":')]
    return body + b',"hash":"%b"}\n' % sha256(body).hexdigest().encode()


def test_a_full_segment_is_sealed_with_its_digest(ram: Path) -> None:
    """A seal says what `sha256sum` says of the file."""
    with open_journal(ram / "ledger", disk=FastDisk(), segment_entries=3) as journal:
        journal.append([event(number) for number in range(5)])
        assert not list((ram / "ledger").glob("*.seal"))
        journal.tick()
    first = ram / "ledger" / segment_name(0)
    seal = (ram / "ledger" / "00000000000000000000.seal").read_bytes()
    said = json.loads(seal)
    raw = first.read_bytes()
    last = json.loads(raw.split(b"\n")[-2])
    assert said == {
        "first": 0,
        "count": 3,
        "bytes": len(raw),
        "sha256": sha256(raw).hexdigest(),
        "last": last["hash"],
        "hash": sha256(seal[: seal.index(b',"hash":')]).hexdigest(),
    }


def test_a_seal_that_was_forged_whole_is_found_when_digests_are_asked_for(ram: Path) -> None:
    """A false digest under a true hash of its own is no secret to who compares it with the file."""
    with open_journal(ram / "ledger", disk=FastDisk(), segment_entries=3) as journal:
        journal.append([event(number) for number in range(5)])
    path = ram / "ledger" / "00000000000000000000.seal"
    said = json.loads(path.read_bytes())
    path.write_bytes(reseal(path.read_bytes().replace(said["sha256"].encode(), b"0" * 64)))
    assert verify(ram / "ledger").ok
    report = verify(ram / "ledger", digests=True)
    assert report.first_damage is not None
    assert "sha256" in report.first_damage.expected


def test_segments_that_a_killed_process_left_unsealed_are_sealed_later(ram: Path) -> None:
    """Whoever opens the ledger next seals what is full, one segment a tick."""
    folder = ram / "ledger"
    journal = open_journal(folder, disk=FastDisk(), segment_entries=3)
    journal.append([event(number) for number in range(11)])
    crash(journal)
    with open_journal(folder, disk=FastDisk()) as journal:
        for sealed in (1, 2, 3, 4, 4):
            journal.tick()
            assert len(list(folder.glob("*.seal"))) == sealed
    assert verify(folder).sealed == 4


@pytest.mark.parametrize(
    ("spoil", "what"),
    [
        (lambda raw: reseal(raw.replace(b'"count":3', b'"count":2')), "entries"),
        (lambda raw: reseal(raw.replace(b'"first":3', b'"first":0')), "first"),
        (lambda raw: reseal(raw.replace(b'"last":"', b'"last":"0')), "last hash"),
        (lambda raw: raw.replace(b'"bytes":', b'"bytes":1'), "its hash"),
        (lambda raw: b"{", "seal"),
        (lambda raw: b"", "seal"),
    ],
)
def test_a_seal_that_contradicts_its_segment_is_damage(ram: Path, spoil: object, what: str) -> None:
    """Verification compares every seal with its segment."""
    folder = ram / "ledger"
    with open_journal(folder, disk=FastDisk(), segment_entries=3) as journal:
        journal.append([event(number) for number in range(9)])
    seal = folder / "00000000000000000003.seal"
    assert callable(spoil)
    seal.write_bytes(spoil(seal.read_bytes()))
    damage = verify(folder).first_damage
    assert damage is not None
    assert (damage.segment.name, damage.seq) == (seal.name, 3)
    assert what in damage.expected + damage.found


def test_a_line_that_does_not_say_its_seq_is_reported_where_it_is(ram: Path) -> None:
    """Damage that keeps a line from being found is reported at the damaged line."""
    folder = ram / "ledger"
    with open_journal(folder, disk=FastDisk()) as journal:
        journal.append([event(number) for number in range(1, 2000)])
    raw = (folder / SEGMENT_0).read_bytes()
    begin = raw.index(b'{"seq":1000,')
    edit(folder / SEGMENT_0, lambda old: old.__setitem__(slice(begin, begin + 8), b"[[[[[[[["))
    with open_journal(folder, disk=FastDisk()) as journal, pytest.raises(Corrupt) as caught:
        list(journal.read(1000, 1001))
    assert (caught.value.seq, caught.value.offset) == (1000, begin)


def test_every_full_segment_is_sealed_whoever_filled_it(tmp_path: Path) -> None:
    """A segment that a process filled and did not seal is sealed by the next tick of any other."""
    folder = tmp_path / "ledger"
    with open_journal(folder, segment_entries=4) as keeper:
        other = open_journal(folder)
        other.append([event(number) for number in range(9)])
        crash(other)
        keeper.append([event(9)])
        for _ in range(3):
            keeper.tick()
    assert [read_seal(folder, first) is not None for first in (0, 4, 8)] == [True, True, False]


def test_a_segment_is_on_disk_before_its_seal(tmp_path: Path) -> None:
    """A seal promises the segment, so the segment is flushed before it, also where nothing else flushes it."""
    calls: list[str] = []

    class Watching(Disk):
        def fdatasync(self, fd: int) -> None:
            calls.append(os.path.basename(os.readlink(f"/proc/self/fd/{fd}")))
            super().fdatasync(fd)

    with open_journal(tmp_path / "ledger", segment_entries=4, fsync="never", disk=Watching()) as journal:
        journal.append([event(number) for number in range(6)])
        calls.clear()
        journal.tick()
    segment = segment_name(0)
    assert segment in calls
    assert calls.index(segment) < next(i for i, name in enumerate(calls) if "seal" in name)


def test_a_large_segment_is_sealed_in_slices(tmp_path: Path) -> None:
    """No tick hashes more than its share: a segment of many megabytes takes several, and the seal is the same."""
    folder = tmp_path / "ledger"
    wide = Event(type="job.noted", actor="test", data={"text": "x" * 60_000})
    with open_journal(folder, segment_entries=200, disk=FastDisk()) as journal:
        journal.append([wide] * 210)
        journal.tick()
        assert read_seal(folder, 0) is None
        for _ in range(3):
            journal.tick()
        seal = read_seal(folder, 0)
    assert seal is not None
    assert seal.sha256 == sha256((folder / segment_name(0)).read_bytes()).hexdigest()
    check_ledger(folder)
