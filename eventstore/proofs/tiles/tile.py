"""Tiles: the layout of C2SP tlog-tiles, in which a tree is kept as files that never change once they are full.

A tile is up to 256 hashes of one level, one behind the other, 32 bytes each. Those of level 0 are hashes of leaves;
each hash of level *l* + 1 is the root over a full tile of level *l*. So a hash of level *l* stands for 256**l leaves,
and only hashes of every eighth height of the tree are kept: those between are computed from them.

    tile/0/000            leaves 0 to 255
    tile/0/x001/234       leaves 315,904 to 316,159: tile 1234 of level 0
    tile/0/x001/235.p/17  the 17 leaves after these: a tile that is not full
    tile/1/004            leaves 262,144 to 327,679, as 256 roots of tiles of level 0
"""

from __future__ import annotations

from typing import NamedTuple

from eventstore.proofs.merkle_tree import HASH_BYTES, WholeSubtree

TILE_HEIGHT = 8
TILE_WIDTH = 1 << TILE_HEIGHT
"""How many hashes a full tile has."""
LEVELS_MAX = 8
"""So many levels have the tiles of any tree whose size has 64 bits."""


class Tile(NamedTuple):
    """Tile `number` of a level, with `width` hashes: 256 if it is full."""

    level: int
    number: int
    width: int = TILE_WIDTH

    @property
    def path(self) -> str:
        """Where it is, below the folder of the tree."""
        return _path(str(self.level), self.number, self.width)

    @property
    def bundle_path(self) -> str:
        """Where the leaves under it are published, if it is one of level 0."""
        return _path("entries", self.number, self.width)

    @property
    def bytes(self) -> int:
        """How long it is."""
        return self.width * HASH_BYTES


def _path(level: str, number: int, width: int) -> str:
    thousands, last = divmod(number, 1000)
    parts = [f"{last:03d}"]
    while thousands:
        thousands, part = divmod(thousands, 1000)
        parts.append(f"x{part:03d}")
    suffix = "" if width == TILE_WIDTH else f".p/{width}"
    return f"tile/{level}/{'/'.join(reversed(parts))}{suffix}"


def hashes_on(level: int, size: int) -> int:
    """How many hashes the tiles of a level hold in a tree of `size` leaves."""
    return size >> (TILE_HEIGHT * level)


def tile_in(level: int, number: int, size: int) -> Tile:
    """A tile of a level as it is in a tree of `size` leaves.

    Raises:
        ValueError: that tree does not have it.
    """
    width = min(TILE_WIDTH, hashes_on(level, size) - number * TILE_WIDTH)
    if number < 0 or width < 1:
        raise ValueError(f"a tree of {size} leaves has no tile {number} on level {level}")
    return Tile(level, number, width)


def partial_tiles(size: int) -> list[Tile]:
    """The tiles of a tree of `size` leaves that are not full, from level 0 up: at most one on each level."""
    counts = [divmod(hashes_on(level, size), TILE_WIDTH) for level in range(LEVELS_MAX)]
    return [Tile(level, number, width) for level, (number, width) in enumerate(counts) if width]


def tile_of(whole: WholeSubtree) -> tuple[int, int, slice]:
    """Where a whole subtree is: a level, the number of a tile there, and the bytes of the hashes under its root."""
    level, height = divmod(whole.height, TILE_HEIGHT)
    number, at = divmod(whole.position << height, TILE_WIDTH)
    return level, number, slice(at * HASH_BYTES, (at + (1 << height)) * HASH_BYTES)
