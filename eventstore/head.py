"""`HEAD`: how far the ledger is known to be on disk, so that opening it does not read its history.

The file has two slots of 512 bytes, written alternately, each one line of JSON filled up with blanks:

    {"seq":41,"hash":"<64 hex>","offset":16842,"crc":"<8 hex>"}

`offset` is where the line of entry `seq` ends in its segment, LF included; `crc` is the CRC-32 of the bytes
before `,"crc":`. The valid slot with the greater `seq` counts. A slot is written only after the entries up to
`seq` were made durable, so `HEAD` never names an entry that is not on disk. `HEAD` is flushed within a second, so
after a power failure it may name an older entry. If a power failure tears the write of one slot, the other is valid.
"""

import contextlib
import os
from pathlib import Path
from typing import Annotated
from zlib import crc32

import msgspec

from eventstore.durable import Disk, close_quietly, write_rest

HEAD_NAME = "HEAD"
SLOT_BYTES = 512
_HEX_DIGITS = "0123456789abcdef"
_Position = Annotated[int, msgspec.Meta(ge=0, le=2**63 - 1)]


class Slot(msgspec.Struct, frozen=True, gc=False):
    """The last entry known to be on disk, and where its line ends in its segment, in bytes."""

    seq: _Position
    hash: str
    offset: _Position


_SLOTS = msgspec.json.Decoder(Slot)


def pack(slot: Slot) -> bytes:
    """A slot's 512 bytes."""
    body = f'{{"seq":{slot.seq},"hash":"{slot.hash}","offset":{slot.offset}'
    return f'{body},"crc":"{crc32(body.encode()):08x}"}}'.ljust(SLOT_BYTES - 1).encode() + b"\n"


def unpack(raw: bytes) -> Slot | None:
    """The slot in these bytes; None if they hold none (never written, or torn)."""
    try:
        slot = _SLOTS.decode(raw)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return None
    is_hash = len(slot.hash) == 64 and not slot.hash.strip(_HEX_DIGITS)
    return slot if is_hash and slot.offset and pack(slot) == raw else None


def last_append_ns(folder: Path) -> int | None:
    """When something was appended last to the ledger in a folder, in nanoseconds since 1970.

    It is None where there is no `HEAD`.
    """
    try:
        return (folder / HEAD_NAME).stat().st_mtime_ns
    except OSError:
        return None


def durable_entries(folder: Path, disk: Disk) -> int:
    """How many entries of the ledger in a folder are known to be on disk; 0 if `HEAD` says nothing.

    Raises:
        OSError: it cannot be read.
    """
    file = HeadFile(folder, disk, writable=False)
    try:
        slot = file.read()
    finally:
        file.close()
    return 0 if slot is None else slot.seq + 1


class HeadFile:
    """The open file `HEAD`; a process that writes to it holds the writer lock."""

    def __init__(self, folder: Path, disk: Disk, *, writable: bool) -> None:
        self._path, self._disk = folder / HEAD_NAME, disk
        self._fd: int | None = None
        self._next = 0
        self._unflushed = False
        with contextlib.suppress(FileNotFoundError):
            self._fd = disk.open(self._path, os.O_RDWR if writable else os.O_RDONLY)

    def read(self) -> Slot | None:
        """The slot that counts; None if there is none."""
        if self._fd is None:
            return None
        raw = os.pread(self._fd, 2 * SLOT_BYTES, 0)
        slots = [unpack(raw[:SLOT_BYTES]), unpack(raw[SLOT_BYTES:])]
        valid = [(slot, number) for number, slot in enumerate(slots) if slot is not None]
        if not valid:
            return None
        slot, number = max(valid, key=lambda each: each[0].seq)
        self._next = 1 - number
        return slot

    def write(self, slot: Slot) -> None:
        """Record that the ledger is durable up to an entry.

        A failure does not concern the entries, which are durable already. It leaves `HEAD` as it was, and the next
        opening reads a little more.
        """
        try:
            if self._fd is None:
                self._fd = self._disk.open(self._path, os.O_RDWR | os.O_CREAT)
            raw, at = pack(slot), self._next * SLOT_BYTES
            written = self._disk.pwrite(self._fd, raw, at)
            if written < SLOT_BYTES:
                write_rest(self._disk, self._fd, raw, at, written)
        except OSError:
            return
        self._next = 1 - self._next
        self._unflushed = True

    def flush(self) -> None:
        """Flush `HEAD` to disk; a failure is treated as in `write`."""
        if self._fd is None or not self._unflushed:
            return
        try:
            self._disk.fdatasync(self._fd)
        except OSError:
            return
        self._unflushed = False

    def close(self) -> None:
        """Close the file."""
        if self._fd is not None:
            close_quietly(self._fd)
            self._fd = None
