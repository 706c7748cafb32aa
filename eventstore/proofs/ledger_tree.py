"""The tree of a ledger: its tiles are made from the lines, up to the last entry, and then it is asked.

Nothing that records entries knows of the tiles. Whoever asks makes those that are missing first, which costs what was
recorded since the last time; a tree that does not fit together, or not to the ledger, is made anew from entry 0.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple, TypeVar

from eventstore.proofs.consistency import prove_consistency, verify_consistency
from eventstore.proofs.errors import DamagedTiles, InvalidProof, OtherTree
from eventstore.proofs.inclusion import prove_inclusion, verify_inclusion
from eventstore.proofs.leaves import LedgerLeaves
from eventstore.proofs.merkle_tree import (
    LeafRange,
    TreeHead,
    WholeSubtree,
    leaf_hash,
    leaf_hashes,
    tree_root,
)
from eventstore.proofs.tiles.tile import TILE_HEIGHT, TILE_WIDTH, Tile, partial_tiles
from eventstore.proofs.tiles.tile_builder import TileBuilder
from eventstore.proofs.tiles.tile_files import HEAD_NAME, TileFiles
from eventstore.proofs.tiles.tiled_tree import TiledTree
from eventstore.worker_processes import done_by_processes

Progress = Callable[[int], None]
"""Called from time to time with the number of entries that are in the tree."""

_CHUNK_LEVEL = 2
_CHUNK_LEAVES = TILE_WIDTH**_CHUNK_LEVEL
"""A full tile of level 1, and all under it: so much is made at once, by any process."""
_PARALLEL_CHUNKS_MIN = 4
"""Below this, starting processes costs more than they save."""

_Answer = TypeVar("_Answer")


class MadeTree(NamedTuple):
    """How the tiles were made.

    Attributes:
        head: the size of the tree, and its root.
        made: how many entries were put into it.
        damage: why it was made anew from entry 0; empty if it was not, or if there were no tiles before.
    """

    head: TreeHead
    made: int
    damage: str = ""


class ProvenLeaf(NamedTuple):
    """The line of an entry, without its LF, and the hashes that lead from it to the root."""

    leaf: bytes
    hashes: tuple[bytes, ...]


class ProvenBeginning(NamedTuple):
    """The tree that a larger one begins with, and the hashes that prove it."""

    old: TreeHead
    hashes: tuple[bytes, ...]


class LedgerTree:
    """The tree of a ledger, and the folder of its tiles.

    Args:
        leaves: the lines of the ledger.
        folder: where the tiles are.
        entries: gives how many entries the ledger has now; only what is committed counts.
        workers: how many processes make many tiles; by default one for each processor.
        progress: called as tiles are made.

    Attributes:
        leaves: the lines of the ledger.
    """

    def __init__(
        self,
        leaves: LedgerLeaves,
        folder: Path,
        entries: Callable[[], int],
        *,
        workers: int | None = None,
        progress: Progress | None = None,
    ) -> None:
        self.leaves, self._entries = leaves, entries
        self._folder, self._workers = folder, workers
        self._progress = progress or (lambda _: None)

    def make(self, *, anew: bool = False) -> MadeTree:
        """Make the tiles up to the last entry.

        Args:
            anew: all of them, whatever is there.

        Raises:
            Corrupt: a line is not where it must be.
            LockHeld: another process is making them, and goes on doing so.
            OSError: the ledger cannot be read, or the folder cannot be written.
        """
        return self.ask(lambda _: None, anew=anew)[0]

    def ask(
        self, question: Callable[[TiledTree], _Answer], *, anew: bool = False
    ) -> tuple[MadeTree, _Answer]:
        """Make the tiles up to the last entry, and ask the tree; no other process changes the tiles meanwhile.

        Args:
            question: answered with the tree. If that raises `DamagedTiles`, all tiles are made anew, and it is asked
                once more.
            anew: make all tiles, whatever is there.

        Raises:
            DamagedTiles: the tiles are damaged while they are used.
            Corrupt, LockHeld, OSError: see `make`.
        """
        # What was found out about the folder before may not be so any more.
        files = TileFiles(self._folder)
        with files.locked():
            # The ledger is looked at under the lock: so it has no fewer entries than when tiles were made last.
            entries = self._entries()
            try:
                made = self._make(files, entries, anew=anew)
                return made, question(TiledTree(files.read, made.head.size))
            except DamagedTiles as damage:
                made = self._make(files, entries, anew=True)._replace(damage=str(damage))
                return made, question(TiledTree(files.read, made.head.size))

    def prove(self, seq: int, head: TreeHead) -> ProvenLeaf:
        """Prove that an entry is in the tree with this head, which somebody noted or signed.

        The line is read from the ledger, and the proof is verified before it is given out.

        Args:
            seq: the entry; less than the size of that tree.
            head: of this ledger's tree, as large as it is now or smaller.

        Raises:
            OtherTree: the ledger's tree does not have this head.
            Corrupt, LockHeld, OSError: see `make`.
        """

        def question(tree: TiledTree) -> ProvenLeaf:
            leaf = self.leaves.leaf(seq)
            hashes = tuple(prove_inclusion(seq, head.size, tree.subtree_hash))
            verify_inclusion(leaf_hash(leaf), seq, head.size, hashes, head.root)
            return ProvenLeaf(leaf, hashes)

        return self._proven(head, question)

    def prove_beginning(self, old_size: int, head: TreeHead) -> ProvenBeginning:
        """Prove that the tree with this head, which somebody noted or signed, begins with the tree of `old_size`.

        The proof is verified before it is given out.

        Args:
            old_size: at least 1, and no more than the size of that tree.
            head: of this ledger's tree, as large as it is now or smaller.

        Raises:
            OtherTree: the ledger's tree does not have this head.
            Corrupt, LockHeld, OSError: see `make`.
        """

        def question(tree: TiledTree) -> ProvenBeginning:
            root = tree_root(old_size, tree.subtree_hash)
            hashes = tuple(prove_consistency(old_size, head.size, tree.subtree_hash))
            verify_consistency(old_size, head.size, hashes, root, head.root)
            return ProvenBeginning(TreeHead(old_size, root), hashes)

        return self._proven(head, question)

    def _proven(self, head: TreeHead, question: Callable[[TiledTree], _Answer]) -> _Answer:
        """What is proven by the tree with this head.

        Args:
            head: of the tree.
            question: verifies what it answers, and raises `InvalidProof` if the tree has another head.

        Raises:
            OtherTree: the ledger's tree does not have this head.
        """

        def asked(tree: TiledTree) -> _Answer:
            if head.size > tree.size:
                raise OtherTree(head.size, tree.size)
            try:
                return question(tree)
            except InvalidProof:
                # The tiles or the head are not what they should be: with tiles that were just made, it is the head.
                raise DamagedTiles(HEAD_NAME, f"the first {head.size:,} entries have another root") from None

        try:
            return self.ask(asked)[1]
        except DamagedTiles:
            raise OtherTree(head.size, self._entries()) from None

    def _make(self, files: TileFiles, entries: int, *, anew: bool) -> MadeTree:
        before = files.head()
        builder = TileBuilder(files.write)
        if before is not None and not anew:
            builder = self._continued(files, before, entries)
            if before.size == entries:
                return MadeTree(before, 0)
        begin = builder.size
        self._grow(builder, entries)
        partial, head = builder.partial(), builder.head()
        for tile, hashes in partial.items():
            files.write(tile, hashes)
        files.write_head(head)
        # Only now: a process that is killed before goes on from the old head, and needs its tiles.
        if before is not None:
            files.remove(tile for tile in partial_tiles(before.size) if tile not in partial)
        return MadeTree(head, entries - begin)

    def _continued(self, files: TileFiles, before: TreeHead, entries: int) -> TileBuilder:
        """The growing edge of the tree as it was left.

        Raises:
            DamagedTiles: it is not that of this ledger.
        """
        if before.size > entries:
            raise DamagedTiles(HEAD_NAME, f"it speaks of {before.size:,} entries, the ledger has {entries:,}")
        partial = {tile: files.read(tile) for tile in partial_tiles(before.size)}
        builder = TileBuilder(files.write, before.size, partial)
        if builder.head() != before:
            raise DamagedTiles(HEAD_NAME, "the tiles have another root")
        if before.size:
            # Each line names the hash of the line before: if the last one is the same, so are all before it. They are
            # not if the ledger was restored from a backup that is older than its tree.
            seq = before.size - 1
            kept = TiledTree(files.read, before.size).subtree_hash(WholeSubtree(0, seq))
            if kept != leaf_hash(self.leaves.leaf(seq)):
                raise DamagedTiles(HEAD_NAME, f"entry {seq} is another one in the ledger")
        return builder

    def _grow(self, builder: TileBuilder, entries: int) -> None:
        """Put the entries into the tree that are not in it yet."""
        first_chunk = -(-builder.size // _CHUNK_LEAVES)
        chunks = range(first_chunk, entries // _CHUNK_LEAVES)
        if chunks:
            self._add(builder, chunks.start * _CHUNK_LEAVES)
            tasks = [_Chunk(self.leaves, self._folder, chunk) for chunk in chunks]
            is_much = len(tasks) >= _PARALLEL_CHUNKS_MIN
            for root in done_by_processes(_make_chunk, tasks, self._workers, is_much=is_much):
                builder.add(root, level=_CHUNK_LEVEL)
                self._progress(builder.size)
        self._add(builder, entries)

    def _add(self, builder: TileBuilder, end: int) -> None:
        """Add the leaves up to `end`, by this process."""
        for lines in self.leaves.blocks(LeafRange(builder.size, end)):
            builder.add(leaf_hashes(lines))
            self._progress(builder.size)


class _Chunk(NamedTuple):
    """One full tile of level 1 to be made, and all under it."""

    leaves: LedgerLeaves
    folder: Path
    number: int


def _make_chunk(task: _Chunk) -> bytes:
    """Make the tiles of a chunk; the root over them."""
    files, first = TileFiles(task.folder), task.number * _CHUNK_LEAVES

    def write(tile: Tile, hashes: bytes) -> None:
        tiles_before = first >> (TILE_HEIGHT * (tile.level + 1))
        files.write(tile._replace(number=tiles_before + tile.number), hashes)

    builder = TileBuilder(write)
    for lines in task.leaves.blocks(LeafRange(first, first + _CHUNK_LEAVES)):
        builder.add(leaf_hashes(lines))
    return builder.head().root
