"""How tiles come about while a tree grows: as soon as 256 hashes stand on a level, they are a tile for good."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from eventstore.proofs.merkle_tree import HASH_BYTES, TreeHead, joined_root
from eventstore.proofs.tiles.tile import LEVELS_MAX, TILE_HEIGHT, TILE_WIDTH, Tile, hashes_on, partial_tiles
from eventstore.proofs.tiles.tiled_tree import TiledTree

WriteTile = Callable[[Tile, bytes], None]
"""Keeps the bytes of a tile."""

_TILE_BYTES = TILE_WIDTH * HASH_BYTES


class TileBuilder:
    """The growing edge of a tiled tree.

    Attributes:
        size: how many leaves the tree has.
    """

    def __init__(self, write: WriteTile, size: int = 0, partial: Mapping[Tile, bytes] | None = None) -> None:
        """Begin with the empty tree, or go on with one that was kept.

        Args:
            write: called with each tile that becomes full.
            size: how many leaves the tree has.
            partial: the tiles of this tree that are not full.
        """
        self.size = size
        self._write = write
        self._edge = [b""] * LEVELS_MAX
        for tile in partial_tiles(size):
            self._edge[tile.level] = (partial or {})[tile]

    def add(self, hashes: bytes, level: int = 0) -> None:
        """Add hashes of a level, one behind the other: those of the next leaves, or of the next full tiles.

        Raises:
            ValueError: the levels below have a tile that is not full, so nothing can follow on this one.
        """
        if len(hashes) % HASH_BYTES or any(self._edge[:level]):
            raise ValueError(f"no hashes of level {level} can follow a tree of {self.size} leaves")
        at = 0
        while at < len(hashes):
            taken = hashes[at : at + _TILE_BYTES - len(self._edge[level])]
            at += len(taken)
            self.size += (len(taken) // HASH_BYTES) << (TILE_HEIGHT * level)
            self._edge[level] += taken
            self._fill(level)

    def _fill(self, level: int) -> None:
        """Write the tiles that are full now, from this level up."""
        while len(full := self._edge[level]) == _TILE_BYTES:
            self._write(Tile(level, hashes_on(level, self.size) // TILE_WIDTH - 1), full)
            self._edge[level] = b""
            level += 1
            self._edge[level] += joined_root(full)

    def partial(self) -> dict[Tile, bytes]:
        """The tiles that are not full, as they are now."""
        return {tile: self._edge[tile.level] for tile in partial_tiles(self.size)}

    def head(self) -> TreeHead:
        """The size and the root of the tree as it is now: no full tile is needed for that."""
        return TreeHead(self.size, TiledTree(self.partial().__getitem__, self.size).root())
