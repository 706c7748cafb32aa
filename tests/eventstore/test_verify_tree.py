"""The tree that verification computes: roots at any size, from the lines alone, with any number of processes."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from eventstore.proofs.frontier import Frontier
from eventstore.proofs.merkle_tree import HASH_BYTES, TreeHead, leaf_hash, leaf_hashes
from eventstore.proofs.subtrees import grow, subtrees_of
from eventstore.verification_plan import Beginning
from eventstore.verify import verify
from tests.support import merkle_oracle as oracle
from tests.support.disks import FastDisk
from tests.support.examples import examples
from tests.support.journal import edit, event, open_journal

ENTRIES = 76
SEGMENT = 10


@pytest.fixture
def ledger(ram: Path) -> Path:
    """Some entries in segments of ten, the last of them not full."""
    folder = ram / "ledger"
    with open_journal(folder, disk=FastDisk(), segment_entries=SEGMENT) as journal:
        for number in range(15):
            journal.append([event(5 * number + more) for more in range(5)])
    return folder


def lines_of(folder: Path) -> list[bytes]:
    """The lines, without their LF."""
    return [line for path in sorted(folder.glob("*.jsonl")) for line in path.read_bytes().splitlines()]


def test_without_sizes_no_tree_is_computed(ledger: Path) -> None:
    """Who asks for the chain alone does not pay for the tree."""
    report = verify(ledger)
    assert (report.tree, report.roots, report.collected, report.first) == (None, {}, [], 0)


@pytest.mark.parametrize("workers", [1, 2])
def test_every_root_is_that_of_the_recursion(ledger: Path, workers: int) -> None:
    """At each size that is asked for, whatever the segments are, and at the end; a size beyond it has none."""
    lines = lines_of(ledger)
    assert len(lines) == ENTRIES
    report = verify(ledger, workers=workers, sizes=range(ENTRIES + 5))
    assert report.tree == TreeHead(ENTRIES, oracle.tree_hash(lines))
    assert report.roots == {size: oracle.tree_hash(lines[:size]) for size in range(ENTRIES + 1)}
    few = verify(ledger, workers=workers, sizes=[3, 10, 33])
    assert few.roots == {size: report.roots[size] for size in (3, 10, 33)}
    assert verify(ledger, sizes=()).tree == report.tree


def test_the_tree_ends_before_the_first_damage(ledger: Path) -> None:
    """Roots are of sound entries alone."""
    lines = lines_of(ledger)
    edit(ledger / "00000000000000000040.jsonl", lambda raw: raw.__setitem__(700, raw[700] ^ 1))
    report = verify(ledger, sizes=range(ENTRIES + 1))
    assert report.first_damage is not None
    bad = report.first_damage.seq
    assert 40 < bad < 50
    assert report.tree == TreeHead(bad, oracle.tree_hash(lines[:bad]))
    assert set(report.roots) == set(range(bad + 1))


def test_entries_of_the_types_that_are_asked_for_are_given(ledger: Path) -> None:
    """In order, from all segments, whole."""
    lines = lines_of(ledger)
    report = verify(ledger, workers=2, types=["thing.happened", "note.made"])
    assert [entry.seq for entry in report.collected] == list(range(1, ENTRIES))
    assert all(bytes(entry.data) in lines[entry.seq] for entry in report.collected)
    assert report.recoveries == []


@pytest.mark.parametrize("size", [0, 10, 40, 70])
def test_a_beginning_that_was_verified_is_not_read_again(ledger: Path, size: int) -> None:
    """The rest fits to it: the same head and the same roots; damage before is not seen, damage behind is."""
    lines = lines_of(ledger)
    whole = verify(ledger, sizes=range(ENTRIES + 1))
    before = verify(ledger, sizes=(), expected=[])
    frontier = Frontier()
    for line in lines[:size]:
        frontier.add(leaf_hash(line))
    last_hash = lines[size - 1][-66:-2].decode() if size else "0" * 64
    since = Beginning(size, last_hash, frontier.hashes)
    report = verify(ledger, sizes=range(ENTRIES + 1), since=since)
    assert (report.ok, report.entries, report.head, report.first) == (True, ENTRIES, before.head, size)
    assert report.tree == whole.tree
    assert report.roots == {at: root for at, root in whole.roots.items() if at >= size}
    if size:
        edit(ledger / "00000000000000000000.jsonl", lambda raw: raw.__setitem__(700, raw[700] ^ 1))
        assert verify(ledger, since=since).ok
        foreign = verify(ledger, since=since._replace(last_hash="1" * 64)).first_damage
        assert foreign is not None
        assert foreign.seq == size
    edit(ledger / "00000000000000000070.jsonl", lambda raw: raw.__setitem__(700, raw[700] ^ 1))
    assert not verify(ledger, since=since).ok


def test_a_segment_that_is_not_read_must_be_there(ledger: Path) -> None:
    """Its name and its length are looked at."""
    lines = lines_of(ledger)
    frontier = Frontier()
    for line in lines[:40]:
        frontier.add(leaf_hash(line))
    since = Beginning(40, lines[39][-66:-2].decode(), frontier.hashes)
    edit(ledger / "00000000000000000020.jsonl", lambda raw: raw.__delitem__(-1))
    cut = verify(ledger, since=since).first_damage
    assert cut is not None
    assert cut.segment.name == "00000000000000000020.jsonl"
    (ledger / "00000000000000000020.jsonl").unlink()
    assert not verify(ledger, since=since).ok


@settings(max_examples=examples(20))
@given(st.data())
def test_stretches_join_to_the_tree(data: st.DataObject) -> None:
    """However the leaves are cut into stretches, the roots are the same."""
    leaves = [b"%d" % at for at in range(data.draw(st.integers(0, 70)))]
    cuts = sorted(data.draw(st.sets(st.integers(0, len(leaves)), max_size=5)) | {0, len(leaves)})
    sizes = data.draw(st.sets(st.integers(0, 80), max_size=5))
    frontier = Frontier()
    roots: dict[int, bytes] = {}
    for first, end in pairwise(cuts):
        subtrees = subtrees_of(first, leaf_hashes(leaves[first:end]), sizes)
        assert sum(1 << each.height for each in subtrees) == end - first
        assert all(len(each.hash) == HASH_BYTES for each in subtrees)
        roots |= grow(frontier, subtrees, sizes)
    assert frontier.root() == oracle.tree_hash(leaves)
    assert roots == {size: oracle.tree_hash(leaves[:size]) for size in sizes if 0 < size <= len(leaves)}
