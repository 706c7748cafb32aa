"""Tiles: where they are, how they come about while a tree grows, and what is read from them."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from eventstore.proofs.consistency import prove_consistency
from eventstore.proofs.errors import DamagedTiles
from eventstore.proofs.inclusion import prove_inclusion
from eventstore.proofs.merkle_tree import (
    HASH_BYTES,
    TreeHead,
    WholeSubtree,
    joined_root,
    leaf_hash,
    tree_root,
)
from eventstore.proofs.tiles.entry_bundle import bundle, bundled
from eventstore.proofs.tiles.tile import Tile, partial_tiles, tile_in, tile_of
from eventstore.proofs.tiles.tile_builder import TileBuilder
from eventstore.proofs.tiles.tiled_tree import TiledTree
from tests.support import merkle_oracle as oracle
from tests.support.examples import examples

LEAVES = [b"%d" % seq for seq in range(1_000)]
HASHES = b"".join(map(leaf_hash, LEAVES))
DEEP_SIZE = 256 * 256 + 256 + 3
"""Three levels of tiles; its hashes of level 0 are all the same."""


def built(size: int, step: int = 1_000) -> tuple[dict[Tile, bytes], TileBuilder]:
    """All tiles of a tree whose leaves came in steps."""
    tiles: dict[Tile, bytes] = {}
    builder = TileBuilder(tiles.__setitem__)
    while builder.size < size:
        end = min(size, builder.size + step)
        builder.add(HASHES[builder.size * HASH_BYTES : end * HASH_BYTES])
    return tiles | builder.partial(), builder


@pytest.mark.parametrize(
    ("tile", "path"),
    [
        (Tile(0, 0), "tile/0/000"),
        (Tile(0, 999), "tile/0/999"),
        (Tile(0, 1000), "tile/0/x001/000"),
        (Tile(1, 1_234_067), "tile/1/x001/x234/067"),
        (Tile(2, 0, 1), "tile/2/000.p/1"),
        (Tile(0, 1_234_067, 255), "tile/0/x001/x234/067.p/255"),
        (Tile(7, 1_000_000_000), "tile/7/x001/x000/x000/000"),
    ],
)
def test_a_tile_is_where_the_specification_says(tile: Tile, path: str) -> None:
    """Its number stands in groups of three digits, all but the last behind an x."""
    assert tile.path == path


def test_the_specification_s_example_of_partial_tiles() -> None:
    """70,000 leaves: widths 112 and 17, and a tile of one hash above the first full tile of level 1."""
    assert partial_tiles(70_000) == [Tile(0, 273, 112), Tile(1, 1, 17), Tile(2, 0, 1)]
    assert partial_tiles(256) == [Tile(1, 0, 1)]
    assert partial_tiles(0) == []
    assert tile_in(0, 272, 70_000) == Tile(0, 272)
    for level, number in ((0, 274), (1, 2), (3, 0), (0, -1)):
        with pytest.raises(ValueError, match="has no tile"):
            tile_in(level, number, 70_000)


def test_a_subtree_is_a_part_of_a_tile() -> None:
    """Heights between those of tiles are roots over 2, 4, … hashes; those of tiles are one hash of the tile above."""
    assert tile_of(WholeSubtree(0, 257)) == (0, 1, slice(32, 64))
    assert tile_of(WholeSubtree(7, 1)) == (0, 0, slice(128 * 32, 256 * 32))
    assert tile_of(WholeSubtree(8, 1)) == (1, 0, slice(32, 64))
    assert tile_of(WholeSubtree(17, 129)) == (2, 1, slice(64, 128))


@settings(max_examples=examples(10))
@given(st.integers(0, 1_000), st.integers(1, 600))
def test_tiles_are_those_of_the_definition(size: int, step: int) -> None:
    """However the leaves come in, each tile holds the roots of the ranges that the specification names."""
    tiles, builder = built(size, step)
    for tile, hashes in tiles.items():
        span = 256**tile.level
        begins = range(tile.number * 256 * span, (tile.number * 256 + tile.width) * span, span)
        assert hashes == b"".join(oracle.tree_hash(LEAVES[begin : begin + span]) for begin in begins)
    counts = {level: size // 256**level for level in range(3)}
    assert {level: sum(tile.width for tile in tiles if tile.level == level) for level in range(3)} == counts
    assert builder.head() == TreeHead(size, oracle.tree_hash(LEAVES[:size]))


@settings(max_examples=examples(10))
@given(st.integers(0, 1_000), st.integers(0, 1_000))
def test_a_tree_that_was_kept_grows_on(first: int, second: int) -> None:
    """Its size and the tiles that are not full are all that is needed; no full tile is written twice."""
    begin, end = sorted((first, second))
    tiles, builder = built(begin)
    written: dict[Tile, bytes] = {}
    later = TileBuilder(written.__setitem__, begin, builder.partial())
    later.add(HASHES[begin * HASH_BYTES : end * HASH_BYTES])
    assert later.head() == built(end)[1].head()
    assert not written.keys() & tiles.keys()
    assert {tile for tile in tiles if tile.width == 256} | written.keys() == {
        tile for tile in built(end)[0] if tile.width == 256
    }


def test_a_tree_grows_by_full_tiles_made_elsewhere() -> None:
    """The root over 65,536 leaves is one hash of level 2, and the tree has that of a leaf at a time."""
    one = leaf_hash(b"the same")
    by_leaves = TileBuilder(lambda *_: None)
    by_leaves.add(one * DEEP_SIZE)
    by_chunk = TileBuilder(lambda *_: None)
    by_chunk.add(joined_root(one * 65_536), level=2)
    assert by_chunk.size == 65_536
    by_chunk.add(one * (DEEP_SIZE - 65_536))
    assert by_chunk.head() == by_leaves.head() == TreeHead(DEEP_SIZE, joined_root(one * DEEP_SIZE))
    with pytest.raises(ValueError, match="no hashes of level 2 can follow"):
        by_chunk.add(one, level=2)
    with pytest.raises(ValueError, match="no hashes of level 0"):
        by_chunk.add(one[:-1])


@settings(max_examples=examples(10))
@given(st.data())
def test_proofs_come_out_of_tiles(data: st.DataObject) -> None:
    """From the tiles of a tree come its root, its proofs, and those of every smaller tree."""
    full = data.draw(st.integers(1, 1_000))
    tree = TiledTree(built(full)[0].__getitem__, full)
    size = data.draw(st.integers(1, full))
    index, old_size = data.draw(st.integers(0, size - 1)), data.draw(st.integers(1, size))
    assert tree.root() == oracle.tree_hash(LEAVES[:full])
    assert tree_root(size, tree.subtree_hash) == oracle.tree_hash(LEAVES[:size])
    assert prove_inclusion(index, size, tree.subtree_hash) == oracle.path(index, LEAVES[:size])
    assert prove_consistency(old_size, size, tree.subtree_hash) == oracle.proof(old_size, LEAVES[:size])


def test_a_proof_reads_few_tiles() -> None:
    """Two on each level at most, however large the tree is."""
    tiles: dict[Tile, bytes] = {}
    builder = TileBuilder(tiles.__setitem__)
    builder.add(leaf_hash(b"the same") * DEEP_SIZE)
    tiles |= builder.partial()
    read: list[Tile] = []

    def reader(tile: Tile) -> bytes:
        read.append(tile)
        return tiles[tile]

    tree = TiledTree(reader, DEEP_SIZE)
    prove_inclusion(300, DEEP_SIZE, tree.subtree_hash)
    assert sorted(read) == sorted({Tile(0, 1), Tile(1, 0), Tile(2, 0, 1), Tile(1, 1, 1), Tile(0, 257, 3)})


def test_what_is_not_in_the_tree_is_not_answered() -> None:
    """A subtree that ends behind the last leaf is not whole yet."""
    tree = TiledTree(built(300)[0].__getitem__, 300)
    for whole in (WholeSubtree(3, 37), WholeSubtree(0, 300), WholeSubtree(8, 1), WholeSubtree(9, 0)):
        with pytest.raises(ValueError, match="a tree of 300 leaves"):
            tree.subtree_hash(whole)


def damages(tiles: dict[Tile, bytes]) -> Iterator[tuple[Tile, bytes]]:
    """Each tile with a bit flipped at its begin and end, cut, grown, empty."""
    for tile, hashes in tiles.items():
        for at in (0, -1):
            flipped = bytearray(hashes)
            flipped[at] ^= 1
            yield tile, bytes(flipped)
        for wrong in (hashes[:-1], hashes[:-32], hashes + b"\0" * 32, b""):
            yield tile, wrong


def test_a_damaged_tile_is_found_or_changes_the_root() -> None:
    """What is not full stands under no other tile: whoever knows the root sees that."""
    tiles, builder = built(700)
    for tile, wrong in damages(tiles):
        tree = TiledTree((tiles | {tile: wrong}).__getitem__, 700)
        if tile.width < 256 and len(wrong) == len(tiles[tile]):
            with contextlib.suppress(DamagedTiles):
                assert tree.root() != builder.head().root
            continue
        with pytest.raises(
            DamagedTiles, match=tile.path if len(wrong) != len(tiles[tile]) else "does not fit"
        ):
            tree.subtree_hash(WholeSubtree(0, tile.number * 256) if tile.level == 0 else WholeSubtree(8, 0))


@given(st.lists(st.binary(max_size=300), max_size=20))
def test_a_bundle_holds_its_leaves(leaves: list[bytes]) -> None:
    """What goes in comes out; a bundle that is cut anywhere else than between leaves is refused."""
    raw = bundle(leaves)
    assert bundled(raw) == leaves
    ends = [len(bundle(leaves[:count])) for count in range(len(leaves) + 1)]
    for begin, end in pairwise(ends):
        for cut in {begin + 1, end - 1} - {begin, end}:
            with pytest.raises(ValueError, match=f"the leaf at byte {begin} is cut off"):
                bundled(raw[:cut])


def test_a_leaf_that_is_too_long_fits_into_no_bundle() -> None:
    """Two bytes tell at most 65,535; the longest line of a ledger has 65,534 without its LF."""
    assert bundled(bundle([b"x" * 65_535])) == [b"x" * 65_535]
    with pytest.raises(ValueError, match="65536 bytes fits into no bundle"):
        bundle([b"x" * 65_536])
