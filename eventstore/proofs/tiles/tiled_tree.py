"""A tree that is read from its tiles, each of which must fit to the tile above it."""

from __future__ import annotations

from collections.abc import Callable

from eventstore.proofs.errors import DamagedTiles
from eventstore.proofs.merkle_tree import HASH_BYTES, WholeSubtree, joined_root, tree_root
from eventstore.proofs.tiles.tile import TILE_WIDTH, Tile, tile_in, tile_of

ReadTile = Callable[[Tile], bytes]
"""Gives the bytes of a tile; raises `DamagedTiles` if there are none."""


class TiledTree:
    """A tree of some size, out of tiles that anybody may have written.

    The root over each full tile must be the hash of it that the tile above holds. So everything that is read here is
    under one root; whether that is the right one, only whoever knows it from elsewhere can tell.

    Attributes:
        size: how many leaves the tree has.
    """

    def __init__(self, read: ReadTile, size: int) -> None:
        self.size = size
        self._read = read
        self._tiles: dict[tuple[int, int], bytes] = {}

    def subtree_hash(self, whole: WholeSubtree) -> bytes:
        """The hash of a whole subtree: a `SubtreeHash`.

        Raises:
            ValueError: it is not in the tree.
            DamagedTiles: a tile is missing, or does not fit to the one above.
        """
        level, number, place = tile_of(whole)
        hashes = self._tile(level, number)[place]
        if len(hashes) != place.stop - place.start:
            raise ValueError(f"a tree of {self.size} leaves does not have all of {whole}")
        return joined_root(hashes)

    def hashes(self, tile: Tile) -> bytes:
        """A tile of this tree, or of a smaller one that it begins with.

        Raises:
            ValueError: this tree does not have it.
            DamagedTiles: a tile is missing, or does not fit to the one above.
        """
        hashes = self._tile(tile.level, tile.number)[: tile.bytes]
        if len(hashes) != tile.bytes:
            raise ValueError(f"a tree of {self.size} leaves does not have all of {tile}")
        return hashes

    def root(self) -> bytes:
        """The root of the whole tree.

        Raises:
            DamagedTiles: a tile is missing, or does not fit to the one above.
        """
        return tree_root(self.size, self.subtree_hash)

    def _tile(self, level: int, number: int) -> bytes:
        known = self._tiles.get((level, number))
        if known is not None:
            return known
        tile = tile_in(level, number, self.size)
        hashes = self._read(tile)
        if len(hashes) != tile.bytes:
            raise DamagedTiles(tile.path, f"it has {len(hashes)} bytes instead of {tile.bytes}")
        if tile.width == TILE_WIDTH:
            above, at = divmod(number, TILE_WIDTH)
            wanted = self._tile(level + 1, above)[at * HASH_BYTES : (at + 1) * HASH_BYTES]
            if joined_root(hashes) != wanted:
                raise DamagedTiles(tile.path, "it does not fit to the tile above it")
        self._tiles[level, number] = hashes
        return hashes
