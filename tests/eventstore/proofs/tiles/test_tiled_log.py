"""A small tiled log that was published by others: its tiles, bundles and roots, made again to the byte."""

from __future__ import annotations

import json
from base64 import b64decode
from pathlib import Path

import pytest

from eventstore.proofs.merkle_tree import leaf_hashes
from eventstore.proofs.tiles.entry_bundle import bundle, bundled
from eventstore.proofs.tiles.tile import Tile
from eventstore.proofs.tiles.tile_builder import TileBuilder

LOG = json.loads((Path(__file__).parents[1] / "vectors" / "tlog-tiles-log.json").read_text(encoding="utf-8"))
FILES = {name: b64decode(raw) for name, raw in LOG["files"].items()}
SIZES = range(1, 16)
LEAVES = bundled(FILES["tile/entries/000.p/15"])


@pytest.mark.parametrize("size", SIZES)
def test_tiles_and_bundles_are_made_again(size: int) -> None:
    """The leaves of the last bundle give every tile and every bundle of every size."""
    builder = TileBuilder(lambda *_: None)
    builder.add(leaf_hashes(LEAVES[:size]))
    assert {tile.path: raw for tile, raw in builder.partial().items()} == {
        Tile(0, 0, size).path: FILES[f"tile/0/000.p/{size}"]
    }
    assert bundle(LEAVES[:size]) == FILES[f"tile/entries/000.p/{size}"]
    assert bundled(FILES[f"tile/entries/000.p/{size}"]) == LEAVES[:size]


@pytest.mark.parametrize("size", [0, *SIZES])
def test_roots_are_made_again(size: int) -> None:
    """The root of each size is the one that its checkpoint says."""
    builder = TileBuilder(lambda *_: None)
    builder.add(leaf_hashes(LEAVES[:size]))
    said = FILES[f"checkpoint.{size}"].splitlines()
    assert (int(said[1]), b64decode(said[2])) == builder.head()
