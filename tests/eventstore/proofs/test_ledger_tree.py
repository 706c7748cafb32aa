"""The tree of a ledger: its tiles are those of its lines, come back when they are deleted, and are never believed."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from eventstore.errors import Corrupt
from eventstore.journal import Journal
from eventstore.lock import FileLock
from eventstore.proofs.errors import DamagedTiles
from eventstore.proofs.inclusion import prove_inclusion
from eventstore.proofs.leaves import LedgerLeaves
from eventstore.proofs.ledger_tree import LedgerTree, MadeTree
from eventstore.proofs.merkle_tree import LeafRange, TreeHead, leaf_hash
from eventstore.proofs.tiles.tile_files import TileFiles
from eventstore.proofs.tiles.tiled_tree import TiledTree
from eventstore.regular_file import NotRegular
from tests.support import merkle_oracle as oracle
from tests.support.disks import FastDisk
from tests.support.journal import event, open_journal, snapshot

SEGMENT = 100


class Ledger:
    """A ledger in small segments, and its tree.

    Attributes:
        journal: the ledger.
        tiles: the folder of the tree.
        tree: the tree.
    """

    def __init__(self, folder: Path) -> None:
        self.journal = open_journal(
            folder / "ledger", disk=FastDisk(), segment_entries=SEGMENT, fsync="never"
        )
        self.tiles = folder / "tree"
        self.tree = tree_of(self.journal, self.tiles)

    def grow(self, size: int) -> None:
        """Record entries until there are so many."""
        first = self.journal.head().seq + 1
        self.journal.append([event(number) for number in range(first, size)])

    def lines(self) -> list[bytes]:
        """The lines of all segments, without LF."""
        segments = sorted(self.journal.folder.glob("*.jsonl"))
        return [line for path in segments for line in path.read_bytes().splitlines()]

    def files(self) -> dict[str, bytes]:
        """The files of the tree, but for its lock."""
        return {name: raw for name, raw in snapshot(self.tiles).items() if name != "lock"}


def tree_of(journal: Journal, tiles: Path, entries: Callable[[], int] | None = None) -> LedgerTree:
    """The tree of a ledger in another folder."""
    leaves = LedgerLeaves(journal.folder, journal.segment_entries)
    return LedgerTree(leaves, tiles, entries or (lambda: journal.refresh().seq + 1), workers=1)


@pytest.fixture
def ledger(ram: Path) -> Ledger:
    """A ledger of 700 entries."""
    made = Ledger(ram)
    made.grow(700)
    return made


def test_the_tiles_are_those_of_the_lines(ledger: Ledger) -> None:
    """Level 0 is the hashes of the lines without LF, and `head` says how many they are and their root."""
    made = ledger.tree.make()
    lines = ledger.lines()
    assert made == MadeTree(TreeHead(700, oracle.tree_hash(lines)), 700)
    files = ledger.files()
    assert files.keys() == {"tile/0/000", "tile/0/001", "tile/0/002.p/188", "tile/1/000.p/2", "head"}
    hashes = b"".join(map(leaf_hash, lines))
    assert files["tile/0/000"] + files["tile/0/001"] + files["tile/0/002.p/188"] == hashes
    assert files["tile/1/000.p/2"] == oracle.tree_hash(lines[:256]) + oracle.tree_hash(lines[256:512])
    assert files["head"].split(b"\n")[0] == b"700"
    assert oct((ledger.tiles / "head").stat().st_mode)[-3:] == "600"
    assert oct((ledger.tiles / "tile/0").stat().st_mode)[-3:] == "700"


def test_only_what_is_new_is_made(ledger: Ledger) -> None:
    """A full tile is written once; what is not full any more goes, and the tree is that made in one go."""
    ledger.tree.make()
    full = [path for path in ("tile/0/000", "tile/0/001") if (ledger.tiles / path).exists()]
    stamps = [os.stat(ledger.tiles / path).st_ino for path in full]
    for size in (701, 767, 768, 769, 1_024):
        ledger.grow(size)
        before = ledger.files()["head"]
        made = ledger.tree.make()
        assert (made.head.size, made.made, made.damage) == (size, size - int(before.split()[0]), "")
    assert ledger.tree.make().made == 0
    assert [os.stat(ledger.tiles / path).st_ino for path in full] == stamps
    assert list(ledger.tiles.rglob("*.p")) == [ledger.tiles / "tile/1/000.p"]
    at_once = tree_of(ledger.journal, ledger.tiles.with_name("another"))
    assert at_once.make().head == made.head
    assert snapshot(ledger.tiles.with_name("another")) == snapshot(ledger.tiles)


@pytest.mark.parametrize(
    "gone", ["", "tile", "tile/0", "tile/0/000", "tile/0/002.p/188", "tile/1/000.p/2", "head"]
)
def test_what_is_deleted_comes_back(ledger: Ledger, gone: str) -> None:
    """Whichever file or folder is gone, the next question finds it, and all is made again to the byte."""
    ledger.tree.make()
    before = ledger.files()
    path = ledger.tiles / gone
    shutil.rmtree(path) if path.is_dir() else path.unlink()
    made, proof = tree_of(ledger.journal, ledger.tiles).ask(
        lambda tree: prove_inclusion(3, 700, tree.subtree_hash)
    )
    assert proof == oracle.path(3, ledger.lines())
    assert (made.made, ledger.files()) == (700, before)


@pytest.mark.parametrize("path", ["tile/0/000", "tile/0/001", "tile/0/002.p/188", "tile/1/000.p/2", "head"])
@pytest.mark.parametrize("how", ["flip", "cut", "grow", "link", "fifo", "zeros"])
def test_what_is_altered_is_not_believed(ledger: Ledger, path: str, how: str) -> None:
    """A file of the tree that is not as it was made is made again before anything is answered from it."""
    head = ledger.tree.make().head
    before = ledger.files()
    file = ledger.tiles / path
    alter(file, how, ledger.tiles.with_name("elsewhere"))
    made, (proof, root) = ledger.tree.ask(
        lambda tree: (prove_inclusion(256, 700, tree.subtree_hash), tree.root())
    )
    if path != "tile/0/000":
        # That tile is not needed for this proof.
        assert proof == oracle.path(256, ledger.lines())
        assert (made.made, ledger.files()) == (700, before)
        assert made.damage or path == "head"
    assert (made.head, root) == (head, head.root)


def alter(file: Path, how: str, elsewhere: Path) -> None:
    """Damage a file, or put something else in its place: a link to what it was, a FIFO."""
    if how == "link":
        file.symlink_to(file.rename(elsewhere))
        return
    if how == "fifo":
        file.unlink()
        os.mkfifo(file)
        return
    raw = bytearray(file.read_bytes())
    if how == "flip":
        raw[1] ^= 1
    elif how == "cut":
        del raw[-1:]
    elif how == "grow":
        raw += b"\n"
    else:
        raw[:] = bytes(len(raw))
    file.write_bytes(raw)


@pytest.mark.parametrize("path", ["tile/0/000", "tile/0", "tile", "head"])
def test_what_stands_in_the_way_is_said(ledger: Ledger, path: str) -> None:
    """A folder in place of a file, or a file in place of a folder, is not removed: nobody knows whose it is."""
    ledger.tree.make()
    shutil.rmtree(ledger.tiles)
    blocked = ledger.tiles / path
    if path in ("tile/0/000", "head"):
        (blocked / "whose").mkdir(parents=True)
    else:
        blocked.parent.mkdir(parents=True)
        blocked.write_text("whose")
    with pytest.raises(OSError, match=r"directory|folder"):
        tree_of(ledger.journal, ledger.tiles).make()
    assert blocked.exists()


@pytest.mark.parametrize("link", ["tile", "tile/0", "tile/1", ""])
def test_no_link_is_followed(ledger: Ledger, link: str, ram: Path) -> None:
    """Where a link stands in place of a folder nothing is written, read or removed behind it."""
    ledger.tree.make()
    elsewhere = (ledger.tiles / link).rename(ram / "elsewhere")
    (ledger.tiles / link).symlink_to(elsewhere)
    before = snapshot(elsewhere)
    ledger.grow(1_000)
    with pytest.raises(NotRegular, match="no folder, or a link"):
        tree_of(ledger.journal, ledger.tiles).make()
    assert snapshot(elsewhere) == before


def test_a_ledger_that_was_restored_has_another_tree(ledger: Ledger, ram: Path) -> None:
    """A backup goes on differently: its tree is not the one that was left, though it is larger by then."""
    backup = shutil.copytree(ledger.journal.folder, ram / "backup")
    ledger.grow(900)
    ledger.tree.make()
    restored = open_journal(backup, disk=FastDisk())
    shorter = tree_of(restored, ledger.tiles).make()
    assert shorter.damage == "head: it speaks of 900 entries, the ledger has 700"
    assert shorter.head == TreeHead(700, oracle.tree_hash(ledger.lines()[:700]))
    ledger.tree.make()
    restored.append([event(number, after="the restore") for number in range(700, 1_000)])
    longer = tree_of(restored, ledger.tiles).make()
    assert longer.damage == "head: entry 899 is another one in the ledger"
    assert (longer.head.size, longer.made) == (1_000, 1_000)
    assert longer.head == tree_of(restored, ram / "anew").make().head


def test_tiles_of_another_root_are_not_continued(ledger: Ledger) -> None:
    """Of a `head` that somebody wrote with a root of his own nothing is kept."""
    head = ledger.tree.make().head
    TileFiles(ledger.tiles).write_head(TreeHead(700, b"\1" * 32))
    made = ledger.tree.make()
    assert (made.head, made.damage) == (head, "head: the tiles have another root")


def test_a_head_that_is_not_written_as_heads_are_is_none(ledger: Ledger) -> None:
    """Idle bits in its base64, a leading zero: nobody wrote that here, and all is made from the beginning."""
    head = ledger.tree.make().head
    file = ledger.tiles / "head"
    size, root = file.read_bytes().split()
    last = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".index(root[-2:-1])
    idle = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"[last + 1 : last + 2]
    for wrong in (b"%b\n%b%b=\n" % (size, root[:-2], idle), b"0%b\n%b\n" % (size, root)):
        file.write_bytes(wrong)
        assert ledger.tree.make() == MadeTree(head, 700)


def test_a_killed_maker_leaves_what_the_next_one_needs(ledger: Ledger) -> None:
    """Until `head` is replaced, the tiles that it speaks of stay: at any moment the next maker can go on."""
    ledger.tree.make()
    old, head = snapshot(ledger.tiles), (ledger.tiles / "head").read_bytes()
    ledger.grow(1_000)
    ledger.tree.make()
    new = ledger.files()
    # As if it had been killed before `head` was written: both have their tiles.
    for name, raw in old.items():
        (ledger.tiles / name).parent.mkdir(exist_ok=True)
        (ledger.tiles / name).write_bytes(raw)
    (ledger.tiles / "head").write_bytes(head)
    made = tree_of(ledger.journal, ledger.tiles).make()
    assert (made.made, made.damage) == (300, "")
    assert ledger.files() == new


def test_all_can_be_made_anew(ledger: Ledger) -> None:
    """On request nothing of what is there is used, and nothing that is not of the tree stays behind."""
    made = ledger.tree.make()
    before = ledger.files()
    ledger.grow(701)
    again = ledger.tree.make(anew=True)
    assert (again.made, again.damage) == (701, "")
    assert "tile/0/002.p/188" not in ledger.files()
    assert ledger.files().keys() - before.keys() == {"tile/0/002.p/189"}
    assert made.head != again.head


def test_one_process_makes_tiles_at_a_time(ledger: Ledger) -> None:
    """The ledger is looked at when the lock is held, so that a tree is never ahead of what its maker knows."""
    ledger.tree.make()

    def entries() -> int:
        other = FileLock(ledger.tiles / "lock")
        assert not other.try_take()
        other.close()
        return 700

    assert tree_of(ledger.journal, ledger.tiles, entries).make().made == 0


def test_a_reader_that_finds_damage_twice_says_so(ledger: Ledger) -> None:
    """Tiles that are damaged as soon as they are made are no reason to go on for ever."""
    asked = []

    def question(tree: TiledTree) -> None:
        asked.append(tree.size)
        raise DamagedTiles("tile/0/000", "it is damaged")

    with pytest.raises(DamagedTiles, match="tile/0/000: it is damaged"):
        ledger.tree.ask(question)
    assert asked == [700, 700]


def test_lines_that_are_not_there_are_damage(ledger: Ledger, ram: Path) -> None:
    """A segment that is gone, cut, or lacks a line is said with its place; nothing is made up."""
    folder = ledger.journal.folder
    leaves = LedgerLeaves(folder, SEGMENT)
    assert leaves.leaf(699) == ledger.lines()[699]
    assert [line for lines in leaves.blocks(LeafRange(95, 305)) for line in lines] == ledger.lines()[95:305]
    assert list(leaves.blocks(LeafRange(5, 5))) == []
    path = folder / f"{200:020d}.jsonl"
    whole = path.read_bytes()
    lines = whole.splitlines(keepends=True)
    for damaged in (
        whole[:-5],
        b"".join(lines[:-1]),
        b"".join(lines[1:]),
        b"".join([*lines[1:], lines[-1]]),
        b"x" * 70_000,
        b"",
    ):
        path.write_bytes(damaged)
        with pytest.raises(Corrupt) as corrupt:
            list(leaves.blocks(LeafRange(150, 350)))
        assert corrupt.value.segment == path
        assert 200 <= corrupt.value.seq < 300
    path.unlink()
    with pytest.raises(Corrupt, match="expected this segment, found no such file"):
        ledger.tree.make()
    assert not (ledger.tiles / "head").exists()


def test_many_entries_are_made_by_several_processes(ram: Path) -> None:
    """Whichever process makes a chunk, the tree and its files are those of one process."""
    segment = 65_536
    (ram / "ledger").mkdir()
    size = 2 * segment + 300
    for first in range(0, size, segment):
        lines = (b'{"seq":%d,"time":"' % seq for seq in range(first, min(size, first + segment)))
        (ram / "ledger" / f"{first:020d}.jsonl").write_bytes(b"\n".join(lines) + b"\n")
    leaves = LedgerLeaves(ram / "ledger", segment)
    heads = [
        LedgerTree(leaves, ram / f"by {workers}", lambda: size, workers=workers).make().head
        for workers in (1, 2)
    ]
    assert heads[0] == heads[1]
    assert heads[0].size == size
    files = snapshot(ram / "by 1")
    assert files == snapshot(ram / "by 2")
    # What was begun within a chunk goes on to its end first.
    for entries in (1_000, size):
        begun = LedgerTree(leaves, ram / "begun", lambda entries=entries: entries, workers=2).make().head  # type: ignore[misc]
    assert (begun, snapshot(ram / "begun")) == (heads[0], files)
    assert len([name for name in files if name.startswith("tile/0/")]) == 2 * 256 + 2
    # What is missing in the middle is found by the process that asks, and told as it is by the one that makes it.
    (ram / "ledger" / f"{segment:020d}.jsonl").unlink()
    with pytest.raises(Corrupt, match="expected this segment"):
        LedgerTree(leaves, ram / "by 3", lambda: size, workers=2).make()
