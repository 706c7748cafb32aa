"""The folder of a tree: its tiles, and `head`, which says how far they were made.

    tile/…        as `tile` says; those that are not full are removed when the tree has grown
    head          two lines: the size of the tree in decimal digits, its root in base64
    lock          held by the process that makes tiles; never removed

All of it is derived from the ledger and can be made again. Anybody may have written it: no link is followed, and what
does not have the length that it must have is not read.
"""

from __future__ import annotations

import contextlib
import errno
import os
import re
from collections.abc import Iterable, Iterator
from pathlib import Path

from eventstore.durable import REAL, Disk, create_folders, sync_folder, write_file
from eventstore.lock import LOCK_NAME, locked
from eventstore.proofs.base64_text import from_base64, in_base64
from eventstore.proofs.errors import DamagedTiles
from eventstore.proofs.merkle_tree import TreeHead
from eventstore.proofs.tiles.tile import Tile
from eventstore.regular_file import NotRegular, check_folder, read_regular

HEAD_NAME = "head"
_HEAD = re.compile(rb"(0|[1-9][0-9]{0,18})\n([A-Za-z0-9+/]{43}=)\n")
_HEAD_BYTES_MAX = 128


class TileFiles:
    """The files of a tree in a folder.

    Attributes:
        folder: where they are.
    """

    def __init__(self, folder: Path, disk: Disk = REAL) -> None:
        self.folder = folder
        self._disk = disk
        self._checked: set[str] = set()

    @contextlib.contextmanager
    def locked(self) -> Iterator[None]:
        """Hold the lock of whoever makes tiles; the folder is created if there is none.

        Raises:
            LockHeld: another process is making them, and goes on doing so.
            OSError: the folder or the file cannot be made.
        """
        create_folders(self._disk, self.folder)
        check_folder(self.folder)
        with locked(self.folder / LOCK_NAME, self._disk):
            yield

    def head(self) -> TreeHead | None:
        """How far the tiles were made; None if they have to be made from the beginning.

        Raises:
            OSError: it cannot be read.
        """
        try:
            match = _HEAD.fullmatch(read_regular(self.folder / HEAD_NAME, _HEAD_BYTES_MAX))
        except (FileNotFoundError, NotRegular):
            return None
        except OSError as problem:
            if problem.errno == errno.EFBIG:
                return None
            raise
        if match is None:
            return None
        try:
            return TreeHead(int(match[1]), from_base64(match[2].decode()))
        except ValueError:
            return None

    def write_head(self, head: TreeHead) -> None:
        """Say that the tiles were made so far.

        Raises:
            OSError: it cannot be written.
        """
        self._write(self.folder / HEAD_NAME, f"{head.size}\n{in_base64(head.root)}\n".encode())

    def read(self, tile: Tile) -> bytes:
        """The bytes of a tile; what is in them is not checked.

        Raises:
            DamagedTiles: it is missing, no regular file, behind a link, or not as long as it must be.
            OSError: it cannot be read.
        """
        path = self.folder / tile.path
        try:
            self._check_folders(path)
            hashes = read_regular(path, tile.bytes)
        except FileNotFoundError:
            raise DamagedTiles(tile.path, "there is no such file") from None
        except OSError as problem:
            if isinstance(problem, NotRegular) or problem.errno in (errno.EFBIG, errno.ENOTDIR):
                raise DamagedTiles(tile.path, problem.strerror or str(problem)) from None
            raise
        if len(hashes) != tile.bytes:
            raise DamagedTiles(tile.path, f"it has {len(hashes)} bytes instead of {tile.bytes}")
        return hashes

    def write(self, tile: Tile, hashes: bytes) -> None:
        """Keep a tile. It is not flushed: a power failure may damage it, which is noticed when it is read.

        Raises:
            NotRegular: a link stands in place of a folder.
            OSError: it cannot be written.
        """
        self.put(tile.path, hashes)

    def put(self, path: str, data: bytes) -> None:
        """Keep a file of the tree, as `write` keeps a tile.

        Args:
            path: below the folder.
            data: all that it holds.

        Raises:
            NotRegular, OSError: see `write`.
        """
        file = self.folder / path
        self._check_folders(file, create=True)
        self._write(file, data)

    def flush(self, tiles: Iterable[Tile]) -> None:
        """Put tiles on disk that were kept before, and their names.

        Raises:
            DamagedTiles: one is missing, or behind a link.
            OSError: it cannot be done.
        """
        folders: set[Path] = set()
        for tile in tiles:
            path = self.folder / tile.path
            self.read(tile)
            fd = self._disk.open(path, os.O_RDONLY)
            try:
                self._disk.fdatasync(fd)
            finally:
                os.close(fd)
            folders.update(each for each in path.parents if each.is_relative_to(self.folder))
        for folder in sorted(folders, reverse=True):
            sync_folder(self._disk, folder)

    def remove(self, tiles: Iterable[Tile]) -> None:
        """Remove tiles, and the folders that were made for them alone; what cannot be removed is left."""
        for tile in tiles:
            path = self.folder / tile.path
            with contextlib.suppress(OSError):
                self._check_folders(path)
                self._disk.unlink(path)
                self._disk.rmdir(path.parent)
                self._checked.discard(str(path.parent))

    def _write(self, path: Path, data: bytes) -> None:
        # The lock is held, so the same name serves everybody: what a killed process left is replaced.
        write_file(self._disk, path, data, durable=False, beside=path.with_name(f".{path.name}.new"))

    def _check_folders(self, path: Path, *, create: bool = False) -> None:
        """Check that the way to a file of the tree leads over no link; each folder is looked at once.

        Args:
            path: the file.
            create: whether folders that are missing are created.

        Raises:
            NotRegular: there is a link, or something else that is no folder.
            OSError: a folder is missing, or cannot be created.
        """
        folder = path.parent
        if str(folder) in self._checked:
            return
        if folder != self.folder:
            self._check_folders(folder, create=create)
            if create:
                self._disk.mkdir(folder)
        check_folder(folder)
        self._checked.add(str(folder))
