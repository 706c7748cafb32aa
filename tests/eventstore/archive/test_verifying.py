"""Archived segments are held by what the chain records of them; whoever wants it reads their bytes too."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest
from msgspec import structs

from eventstore.archive.retrieval import release
from eventstore.errors import Archived as ArchivedError
from eventstore.errors import Corrupt
from eventstore.ledger_reader import LedgerReader
from eventstore.own_hash import with_own_hash
from eventstore.proofs.leaves import LedgerLeaves
from eventstore.proofs.ledger_tree import LedgerTree
from eventstore.seal import read_seal
from eventstore.segment import marker_name, seal_name, segment_name
from eventstore.segment_access import open_segment_file
from eventstore.store import Event, Head
from eventstore.verify import verify
from eventstore.verify_report import ArchivedRange, VerifyReport
from tests.eventstore.archive.conftest import SEGMENT_ENTRIES, Archived
from tests.support.archived_ledger import mark, pack, remark
from tests.support.disks import FastDisk
from tests.support.journal import edit, event, open_journal

SIZES = range(1, 65)


@pytest.fixture
def tiles(archived: Archived, tmp_path: Path) -> Path:
    """The tiles of the tree, made while all segments were there."""
    LedgerTree(LedgerLeaves(archived.whole, SEGMENT_ENTRIES), tmp_path / "tree", lambda: 64).make()
    return tmp_path / "tree"


def _facts(report: VerifyReport) -> tuple[object, ...]:
    return report.ok, report.entries, report.segments, report.head, report.tree, report.ledger_id


def test_it_verifies_without_the_archive(archived: Archived, tiles: Path) -> None:
    """The chain, the end and the tree are those of the whole ledger, at each size too; what was not read is told."""
    before = verify(archived.whole, sizes=SIZES)
    shutil.rmtree(archived.volume)
    now = verify(archived.folder, sizes=SIZES, tiles=tiles)
    assert before.first_damage is None
    assert _facts(now) == _facts(before)
    assert now.roots == before.roots
    assert now.archived == [
        ArchivedRange(8, 31, str(archived.volume), False),
        ArchivedRange(40, 47, str(archived.volume), False),
    ]
    assert (before.archived, now.sealed) == ([], before.sealed - 4)
    assert now.bytes < before.bytes


def test_without_tiles_the_roots_within_are_not_known(archived: Archived) -> None:
    """Those at the ends of segments are."""
    roots = verify(archived.whole, sizes=SIZES).roots
    within = [*range(9, 16), *range(17, 24), *range(25, 32), *range(41, 48)]
    assert verify(archived.folder, sizes=SIZES).roots == {
        size: roots[size] for size in SIZES if size not in within
    }


def test_tiles_of_another_tree_give_no_roots(archived: Archived, tiles: Path) -> None:
    """What the tiles lead to has to be the root that is recorded of the segment."""
    edit(tiles / "tile" / "0" / "000.p" / "64", lambda raw: raw.__setitem__(20 * 32, raw[20 * 32] ^ 1))
    report = verify(archived.folder, sizes=SIZES, tiles=tiles)
    assert set(SIZES) - set(report.roots) == set(range(17, 24))
    assert report.roots.items() < verify(archived.whole, sizes=SIZES).roots.items()


@pytest.mark.parametrize("workers", [1, 2])
def test_with_the_archive_every_byte_is_read(archived: Archived, workers: int) -> None:
    """As if the segments were here."""
    before = verify(archived.whole, sizes=SIZES, digests=True, workers=workers)
    now = verify(archived.folder, sizes=SIZES, digests=True, archives=True, workers=workers)
    assert (_facts(now), now.roots, now.bytes, now.sealed) == (
        _facts(before),
        before.roots,
        before.bytes,
        before.sealed,
    )
    assert [each.read for each in now.archived] == [True, True]


@pytest.mark.parametrize("workers", [1, 2])
def test_an_archive_that_is_to_be_read_and_cannot_be_is_told(archived: Archived, workers: int) -> None:
    """By the error that says where it should be, also out of another process."""
    shutil.rmtree(archived.volume)
    with pytest.raises(ArchivedError) as problem:
        verify(archived.folder, archives=True, workers=workers)
    assert (problem.value.first, problem.value.last, problem.value.place) == (8, 15, str(archived.volume))


def test_a_head_that_was_written_down_is_compared_in_the_archive(archived: Archived) -> None:
    """The seal tells the last entry of a segment; any other one has to be read."""
    with LedgerReader.open(archived.whole) as journal:
        heads = {entry.seq: Head(entry.seq, entry.hash) for entry in journal.read(0)}
    expected = [heads[20], heads[31], heads[50], Head(21, "0" * 64), Head(47, "0" * 64)]
    report = verify(archived.folder, expected=expected)
    assert [each.met for each in report.expectations] == [True, True, True, False, False]
    assert report.archived[1] == ArchivedRange(16, 23, str(archived.volume), True)
    shutil.rmtree(archived.volume)
    release()
    assert verify(archived.folder, expected=[heads[31]]).as_expected
    with pytest.raises(ArchivedError):
        verify(archived.folder, expected=[heads[20]])


def _forged(folder: Path) -> None:
    """Segment 48 is removed by hand, and a marker written that fits as well as can be."""
    mark(folder, folder.with_name("volume"), [48], 63)
    (folder / segment_name(48)).unlink()


def _shifted(folder: Path) -> None:
    """A segment is exchanged for another one that hashes to itself, with a seal and a marker that fit to it."""
    other = folder.with_name("other")
    with open_journal(other, disk=FastDisk(), segment_entries=SEGMENT_ENTRIES) as journal:
        journal.append([event(1, forged=True) for _ in range(60)])
    for name in (segment_name(16), seal_name(16)):
        shutil.copy(other / name, folder)
    mark(folder, folder.with_name("volume"), [16], 63)
    (folder / segment_name(16)).unlink()


def _entry_in_the_archive(folder: Path) -> None:
    remark(folder, 16, entry=17)


FORGED: dict[str, tuple[Callable[[Path], object], str]] = {
    "removed by hand": (_forged, marker_name(48)),
    "exchanged": (_shifted, marker_name(16)),
    "another root": (lambda folder: remark(folder, 16, root="0" * 64), marker_name(16)),
    "another manifest": (lambda folder: remark(folder, 16, manifest="0" * 64), marker_name(16)),
    "an entry that is none of these": (lambda folder: remark(folder, 16, entry=62), marker_name(16)),
    "an entry that is not there": (lambda folder: remark(folder, 16, entry=1000), marker_name(16)),
    "an entry in the archive": (_entry_in_the_archive, marker_name(16)),
}


@pytest.mark.parametrize("archives", [False, True])
@pytest.mark.parametrize("case", FORGED)
def test_what_is_not_recorded_is_damage(archived: Archived, case: str, archives: bool) -> None:
    """A marker and a seal that were made up are found, and the entries before are told as sound."""
    forge, name = FORGED[case]
    pack(archived.whole, archived.volume, [48])
    forge(archived.folder)
    if case == "exchanged" and archives:
        return  # the volume holds the true segment, which is not what the forged seal speaks of
    damage = verify(archived.folder, archives=archives).first_damage
    assert damage is not None
    assert damage.segment.name in (name, name.replace(".archived", ".seal"))
    if case == "exchanged":
        assert verify(archived.folder).entries <= damage.seq


def test_the_digest_of_a_seal_is_the_recorded_one(archived: Archived) -> None:
    """A seal alone counts for nothing: a forged one with a volume that fits to it is found."""
    other = archived.folder.with_name("other")
    shutil.copytree(archived.whole, other)
    raw = (other / segment_name(16)).read_bytes()
    (other / seal_name(16)).unlink()
    (other / segment_name(16)).write_bytes(raw.replace(b"xx", b"yy", 1))
    with open_journal(other, disk=FastDisk(), segment_entries=SEGMENT_ENTRIES):
        pass
    shutil.copy(other / seal_name(16), archived.folder)
    pack(other, archived.volume, [16])
    damage = verify(archived.folder).first_damage
    assert damage is not None
    assert (damage.segment.name, damage.seq) == (seal_name(16), 16)
    assert "recorded by entry 63" in damage.expected


@pytest.mark.parametrize("member", ["sha256", "root"])
def test_all_entries_that_record_a_segment_say_the_same(archived: Archived, member: str) -> None:
    """Whoever exchanges a segment can record that anew, and the entry that told the truth is there still."""
    with open_journal(archived.folder, disk=FastDisk()) as journal:
        (told,) = journal.read(archived.entry, archived.entry)
        data = msgspec.json.decode(told.data)
        journal.append([Event(type=told.type, actor="user:ann@db1", data=data)])
        assert verify(archived.folder).ok
        data["segments"][1][member] = "0" * 64
        journal.append([Event(type=told.type, actor="user:eve@db1", data=data)])
    damage = verify(archived.folder).first_damage
    assert damage is not None
    assert (damage.segment.name, damage.seq) == (marker_name(16), 16)


@pytest.mark.parametrize("size", [-1, 0, 2**60])
def test_a_seal_bounds_what_is_decompressed(archived: Archived, size: int) -> None:
    """A seal that speaks of more than its entries can have is found before anything is read."""
    seal = read_seal(archived.folder, 16)
    assert seal is not None
    (archived.folder / seal_name(16)).write_bytes(with_own_hash(structs.replace(seal, bytes=size)))
    with pytest.raises(Corrupt):
        open_segment_file(archived.folder / segment_name(16))
    damage = verify(archived.folder).first_damage
    assert damage is not None
    assert damage.segment.name == seal_name(16)
