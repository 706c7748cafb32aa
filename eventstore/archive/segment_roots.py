"""The roots over segments by the ledger's own tree, whose tiles are flushed: they stay where segments leave."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from eventstore.durable import REAL, Disk
from eventstore.proofs.errors import DamagedTiles
from eventstore.proofs.ledger_tree import LedgerTree
from eventstore.proofs.merkle_tree import WholeSubtree
from eventstore.proofs.tiles.tile import TILE_WIDTH, Tile
from eventstore.proofs.tiles.tile_files import HEAD_NAME, TileFiles
from eventstore.proofs.tiles.tiled_tree import TiledTree


def segment_roots(
    tree: LedgerTree, firsts: Sequence[int], segment_entries: int, expected: dict[int, str]
) -> dict[int, bytes]:
    """The root over each segment, by its first entry.

    Args:
        tree: of the ledger; its tiles are made up to the last entry.
        firsts: the segments.
        segment_entries: how many entries each of them holds, a power of two.
        expected: the roots in hex that a volume says. Where the tiles say otherwise, they are made anew once.

    Raises:
        Corrupt, LockHeld, OSError: see `LedgerTree.make`.
    """
    height = segment_entries.bit_length() - 1

    def asked(tiled: TiledTree) -> dict[int, bytes]:
        return {first: tiled.subtree_hash(WholeSubtree(height, first >> height)) for first in firsts}

    def checked(tiled: TiledTree) -> dict[int, bytes]:
        roots = asked(tiled)
        if any(roots[first].hex() != expected[first] for first in firsts):
            raise DamagedTiles(HEAD_NAME, "a segment has another root")
        return roots

    try:
        return tree.ask(checked)[1]
    except DamagedTiles:
        return tree.ask(asked)[1]


def flush_tiles(folder: Path, first: int, end: int, disk: Disk = REAL) -> None:
    """Put the full tiles under some leaves on disk.

    Args:
        folder: of the tree.
        first: the first of the leaves.
        end: the one behind the last.
        disk: the system calls.

    Raises:
        OSError: one cannot be flushed.
    """
    files, width = TileFiles(folder, disk), 1
    for level in range(2):
        width *= TILE_WIDTH
        files.flush(Tile(level, number) for number in range(-(-first // width), end // width))
