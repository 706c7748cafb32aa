"""Disks that fail: at a chosen call, in a chosen way, or all at once, as when the power goes."""

from __future__ import annotations

import errno
import os
import random
from collections import Counter
from pathlib import Path

from eventstore.durable import Disk

FLUSHES = ("fdatasync", "fsync")


class FastDisk(Disk):
    """A disk that says it has flushed: for tests that survive their own machine's power failures."""

    def fdatasync(self, fd: int) -> None:
        """Nothing."""

    def fsync(self, fd: int) -> None:
        """Nothing."""


class CountingDisk(FastDisk):
    """A fast disk that counts its calls, and hands each to `strike` before and after it takes effect."""

    def __init__(self) -> None:
        self.calls: Counter[str] = Counter()

    def strike(self, call: str, when: str) -> None:
        """Overridden: fail here."""

    def _around(self, call: str) -> None:
        self.calls[call] += 1
        self.strike(call, "before")

    def open(self, path: Path, flags: int) -> int:
        """Open, observed."""
        self._around("open")
        fd = super().open(path, flags)
        try:
            self.strike("open", "after")
        except BaseException:
            os.close(fd)
            raise
        return fd

    def mkdir(self, path: Path) -> None:
        """Make a folder, observed."""
        self._around("mkdir")
        super().mkdir(path)
        self.strike("mkdir", "after")

    def pwrite(self, fd: int, data: bytes, offset: int) -> int:
        """Write, observed."""
        self._around("pwrite")
        written = super().pwrite(fd, data, offset)
        self.strike("pwrite", "after")
        return written

    def fdatasync(self, fd: int) -> None:
        """Flush, observed."""
        self._around("fdatasync")
        self.flushed(fd)
        self.strike("fdatasync", "after")

    def fsync(self, fd: int) -> None:
        """Flush a folder, observed."""
        self._around("fsync")
        self.flushed(fd)
        self.strike("fsync", "after")

    def flushed(self, fd: int) -> None:
        """Overridden: what is in this file is on disk."""

    def ftruncate(self, fd: int, length: int) -> None:
        """Cut, observed."""
        self._around("ftruncate")
        super().ftruncate(fd, length)
        self.strike("ftruncate", "after")

    def fallocate(self, fd: int, length: int) -> None:
        """Take room, observed."""
        self._around("fallocate")
        super().fallocate(fd, length)
        self.strike("fallocate", "after")

    def rename(self, source: Path, target: Path) -> None:
        """Rename, observed."""
        self._around("rename")
        super().rename(source, target)
        self.strike("rename", "after")

    def unlink(self, path: Path) -> None:
        """Remove, observed."""
        self._around("unlink")
        super().unlink(path)
        self.strike("unlink", "after")

    def flock(self, fd: int, operation: int) -> None:
        """Lock, observed."""
        self._around("flock")
        super().flock(fd, operation)
        self.strike("flock", "after")


class FaultyDisk(CountingDisk):
    """A disk on which the n-th call of one kind fails, with or without having taken effect.

    A write can also be *short*: half of it arrives, and the next attempt says why.
    """

    def __init__(self, call: str, occurrence: int, when: str, code: int, *, lasting: bool = False) -> None:
        super().__init__()
        self._call, self._occurrence, self._when, self._code = call, occurrence, when, code
        self._lasting = lasting
        self.struck = False

    def strike(self, call: str, when: str) -> None:
        """Fail if this is the call."""
        if call != self._call or when != self._when:
            return
        count = self.calls[call]
        if count == self._occurrence or (self._lasting and count > self._occurrence):
            self.struck = True
            raise OSError(self._code, os.strerror(self._code))

    def pwrite(self, fd: int, data: bytes, offset: int) -> int:
        """Write, perhaps half of it."""
        if self._when != "short":
            return super().pwrite(fd, data, offset)
        self.calls["pwrite"] += 1
        if self.calls["pwrite"] == self._occurrence:
            self.struck = True
            return os.pwrite(fd, data[: max(1, len(data) // 2)], offset)
        if self.calls["pwrite"] == self._occurrence + 1:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return os.pwrite(fd, data, offset)


class PowerFailure(BaseException):
    """The process is gone: nothing catches this."""


class PowerDisk(CountingDisk):
    """A disk that remembers what was flushed; `fail` leaves that, and of the rest what chance wants.

    A file's bytes survive once the file was flushed, its name once its folder was.
    """

    def __init__(self, fails_at: int | None = None) -> None:
        super().__init__()
        self._fails_at = fails_at
        self.total = 0
        self._bytes: dict[int, bytes] = {}
        self._names: dict[Path, dict[str, int]] = {}

    def strike(self, call: str, when: str) -> None:  # noqa: ARG002 - any call will do
        """The power goes at one moment of all, between any two effects; from then on nothing happens."""
        self.total += 1
        if self._fails_at is not None and self.total >= self._fails_at:
            raise PowerFailure

    def flushed(self, fd: int) -> None:
        """Remember what is on disk."""
        path = Path(os.readlink(f"/proc/self/fd/{fd}"))
        if path.is_dir():
            self._names[path] = {entry.name: entry.inode() for entry in os.scandir(path)}
        else:
            self._bytes[os.fstat(fd).st_ino] = path.read_bytes()

    def rename(self, source: Path, target: Path) -> None:
        """Rename; what is on disk of a folder goes with it."""
        try:
            super().rename(source, target)
        finally:
            if source in self._names and not source.exists():
                self._names[target] = self._names.pop(source)

    def fail(self, folder: Path, chance: random.Random) -> None:
        """Make the folder what it is after the power failure."""
        for parent, _, _ in os.walk(folder):
            here = Path(parent)
            kept = self._names.get(here, {})
            for path in [path for path in here.iterdir() if path.is_file()]:
                inode = path.stat().st_ino
                if kept.get(path.name) != inode and chance.random() < 0.5:
                    path.unlink()
                    continue
                path.write_bytes(_survives(self._bytes.get(inode, b""), path.read_bytes(), chance))


class DroppingDisk(CountingDisk):
    """A disk on which a failed flush drops what it was to write, as Linux does: it stays readable, and is lost.

    Files are seen through a cache, which is the files themselves. Only what a flush that succeeded found dirty is on
    the disk; `fail` makes the files what is there.

    Attributes:
        failing: the next flush of a segment fails.
    """

    def __init__(self) -> None:
        super().__init__()
        self.failing = False
        self._disk: dict[Path, bytearray] = {}
        self._dirty: dict[Path, list[tuple[int, int]]] = {}

    def pwrite(self, fd: int, data: bytes, offset: int) -> int:
        """Write to the cache."""
        self._dirty.setdefault(_path(fd), []).append((offset, offset + len(data)))
        return super().pwrite(fd, data, offset)

    def ftruncate(self, fd: int, length: int) -> None:
        """Cut, in the cache and on the disk."""
        super().ftruncate(fd, length)
        del self._disk.get(_path(fd), bytearray())[length:]

    def fdatasync(self, fd: int) -> None:
        """Write what is dirty, or lose it and say so once."""
        path = _path(fd)
        dirty = self._dirty.pop(path, [])
        if self.failing and path.suffix == ".jsonl":
            self.failing = False
            raise OSError(errno.EIO, os.strerror(errno.EIO))
        there = self._disk.setdefault(path, bytearray())
        for begin, end in dirty:
            there.extend(bytes(max(0, end - len(there))))
            there[begin:end] = os.pread(fd, end - begin, begin)
        super().fdatasync(fd)

    def rename(self, source: Path, target: Path) -> None:
        """Rename what is in the cache and on the disk."""
        super().rename(source, target)
        self._disk[target] = self._disk.pop(source, bytearray())

    def fail(self, folder: Path) -> None:
        """The power fails: of each file in the folder there is what is on the disk."""
        for path in folder.iterdir():
            if path.is_file():
                path.write_bytes(self._disk.get(path, b""))


def _path(fd: int) -> Path:
    return Path(os.readlink(f"/proc/self/fd/{fd}"))


def _survives(flushed: bytes, latest: bytes, chance: random.Random) -> bytes:
    """What is found of a file whose latest bytes were not all flushed."""
    if flushed == latest or not latest.startswith(flushed):
        return chance.choice([flushed, latest])
    new = latest[len(flushed) :]
    arrived = new[: chance.randrange(len(new) + 1)]
    return flushed + chance.choice([b"", new, arrived, arrived + bytes(len(new) - len(arrived))])
