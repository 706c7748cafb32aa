"""A ledger as a static tiled log that anybody can read: the layout of C2SP tlog-tiles in a folder.

    checkpoint            the newest signed checkpoint, replaced last
    tile/<L>/<N>[.p/<W>]  the tiles of its tree
    tile/entries/<N>…     the entries under each tile of level 0, as bundles

A web server that serves the folder, or a copy of it, is a tiled log. Only what a checkpoint covers is written, and
what is there already is not written again. Partial tiles of earlier checkpoints stay until the full tile is there, so
that a client which goes by such a checkpoint finds all that it needs.
"""

from __future__ import annotations

import contextlib
import errno
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

from eventstore.durable import Disk, create_folders, sync_folder, write_file
from eventstore.lock import locked
from eventstore.proofs.errors import DamagedTiles, InvalidNote
from eventstore.proofs.kept_checkpoints import Kept, parse_kept
from eventstore.proofs.leaves import LedgerLeaves
from eventstore.proofs.merkle_tree import LeafRange, is_beginning, leaf_hashes
from eventstore.proofs.notes.note import NOTE_BYTES_MAX
from eventstore.proofs.tiles.entry_bundle import bundle
from eventstore.proofs.tiles.tile import LEVELS_MAX, TILE_WIDTH, Tile, hashes_on, partial_tiles
from eventstore.proofs.tiles.tile_files import TileFiles
from eventstore.proofs.tiles.tiled_tree import TiledTree
from eventstore.regular_file import NotRegular, check_folder, open_regular, read_regular

CHECKPOINT_NAME = "checkpoint"
_LOCK_NAME = ".lock"
_FILE_MODE = 0o644
_FOLDER_MODE = 0o755

Progress = Callable[[int], None]
"""Called from time to time with the number of entries that are published."""


class PublicDisk(Disk):
    """Files that others may read: what is published is for everybody whom the umask does not keep out."""

    def open(self, path: Path, flags: int) -> int:
        """Open a file; others may read one that is created."""
        return open_regular(path, flags, _FILE_MODE)

    def mkdir(self, path: Path) -> None:
        """Create a folder that others may enter; an existing one is left as it is."""
        with contextlib.suppress(FileExistsError):
            os.mkdir(path, _FOLDER_MODE)


PUBLIC = PublicDisk()


class OtherLog(Exception):
    """What is published in the folder is not the beginning of this ledger; the message says why, in words."""


class Published(NamedTuple):
    """What was written.

    Attributes:
        size: how many entries are published now.
        before: how many were before.
        tiles: how many tiles were written.
        bundles: how many bundles of entries were written.
    """

    size: int
    before: int
    tiles: int
    bundles: int


class PublishedLog:
    """The folder of a published log.

    Args:
        folder: where it is; it is created when something is published.
        disk: the system calls.
    """

    def __init__(self, folder: Path, disk: Disk = PUBLIC) -> None:
        self._folder, self._disk = folder, disk
        self._files = TileFiles(folder, disk)

    def publish(
        self,
        kept: Kept,
        tree: TiledTree,
        leaves: LedgerLeaves,
        *,
        anew: bool = False,
        progress: Progress | None = None,
    ) -> Published:
        """Bring the folder up to a checkpoint; one process at a time does.

        Args:
            kept: the checkpoint. Whose its signature is, is not checked.
            tree: the ledger's tree, as large as the checkpoint's or larger.
            leaves: the ledger's lines.
            anew: write all of it, whatever is there.
            progress: called as bundles are written.

        Raises:
            DamagedTiles: the tiles of the tree do not lead to the root of the checkpoint, or not to the lines.
            OtherLog: another log is published there, or more of this one.
            Corrupt: a line is not where it must be.
            LockHeld, NotRegular, OSError: the folder cannot be written.
        """
        size = kept.size
        if not is_beginning(kept.checkpoint.head, tree.size, tree.subtree_hash):
            raise DamagedTiles("tile", f"the first {size:,} entries have another root than was signed")
        create_folders(self._disk, self._folder)
        check_folder(self._folder)
        with locked(self._folder / _LOCK_NAME, self._disk):
            before = self._before(kept, tree)
            made = self._write(0 if anew else before, size, tree, leaves, progress or (lambda _: None))
            self._replace_checkpoint(kept.note.raw)
            self._remove_outgrown(before, size)
            return made._replace(before=before)

    def _before(self, kept: Kept, tree: TiledTree) -> int:
        """How many entries are published, all of them the first ones of this ledger."""
        try:
            published = parse_kept(read_regular(self._folder / CHECKPOINT_NAME, NOTE_BYTES_MAX))
        except FileNotFoundError:
            return 0
        except (InvalidNote, NotRegular) as problem:
            raise OtherLog(f"its checkpoint is none: {problem}") from None
        except OSError as problem:
            if problem.errno == errno.EFBIG:
                raise OtherLog("its checkpoint is too long to be one") from None
            raise
        size, origin = published.size, published.checkpoint.origin
        if size > kept.size:
            raise OtherLog(f"{size:,} entries are published, and the checkpoint covers {kept.size:,}")
        if origin != kept.checkpoint.origin and size == kept.size:
            raise OtherLog(f"it is published as {origin}")
        if not is_beginning(published.checkpoint.head, tree.size, tree.subtree_hash):
            raise OtherLog(f"its first {size:,} entries are other ones")
        return size

    def _write(
        self, before: int, size: int, tree: TiledTree, leaves: LedgerLeaves, progress: Progress
    ) -> Published:
        tiles = bundles = 0
        for tile in new_tiles(before, size):
            hashes = tree.hashes(tile)
            if tile.level == 0:
                first = tile.number * TILE_WIDTH
                lines = [
                    line for block in leaves.blocks(LeafRange(first, first + tile.width)) for line in block
                ]
                if leaf_hashes(lines) != hashes:
                    raise DamagedTiles(tile.path, "it is about other entries than the ledger has")
                self._files.put(tile.bundle_path, bundle(lines))
                bundles += 1
                progress(first + tile.width)
            self._files.put(tile.path, hashes)
            tiles += 1
        return Published(size, before, tiles, bundles)

    def _replace_checkpoint(self, raw: bytes) -> None:
        """Now that all is there that it covers: on disk too, or a power failure would leave a log with holes."""
        os.sync()
        write_file(self._disk, self._folder / CHECKPOINT_NAME, raw)
        sync_folder(self._disk, self._folder)

    def _remove_outgrown(self, before: int, size: int) -> None:
        """Remove the partial tiles whose full tile is there now; what cannot be removed is left."""
        for tile in partial_tiles(before):
            if (tile.number + 1) * TILE_WIDTH > hashes_on(tile.level, size):
                continue
            widths = [tile._replace(width=width) for width in range(1, TILE_WIDTH)]
            for paths in ([each.path for each in widths], [each.bundle_path for each in widths]):
                for path in paths:
                    with contextlib.suppress(OSError):
                        self._disk.unlink(self._folder / path)
                with contextlib.suppress(OSError):
                    self._disk.rmdir((self._folder / paths[0]).parent)


def new_tiles(before: int, size: int) -> Iterator[Tile]:
    """The tiles that a tree of `size` leaves has and the tree of the first `before` does not, the lowest first."""
    old = set(partial_tiles(before))
    for level in range(LEVELS_MAX):
        full = range(hashes_on(level, before) // TILE_WIDTH, hashes_on(level, size) // TILE_WIDTH)
        yield from (Tile(level, number) for number in full)
        yield from (tile for tile in partial_tiles(size) if tile.level == level and tile not in old)
