"""Torn or corrupt: the decision about bytes at a ledger's end that are no entry, and what follows from it.

A crash leaves a *torn tail*: an unfinished write that was never acknowledged. Anything else is *corruption*. Let *k*
be the first entry that is not as it must be. The ledger is corrupt if

- `HEAD` reaches to *k* or beyond, or a kept checkpoint does: *k* was on disk once, and was acknowledged;
- a later line that speaks for itself (its hash is that of its bytes) has `durable` > *k*: its writer knew that *k*
  was on disk;
- the line of *k* has arrived whole and says something else: it ends in LF and begins or ends as a line does. What a
  crash leaves of a write has no LF, or has zeros in the place of what did not arrive;
- there is a later segment: it is created only after the one before it is on disk, whole;
- the segment of *k* is sealed: a seal is written only when all of the segment is on disk, and then the segment is
  never written again.

Otherwise the tail is torn. Its bytes are set aside in `quarantine/`, the segment is cut, and an entry
`ledger.recovered` records that. The steps are in an order in which a crash after any of them loses nothing:

1. The bytes are set aside as `<seq>-<offset>.torn.unrecorded`, on disk. After a crash here, the tail is still torn.
2. The segment is cut, on disk. After a crash here, the ledger is sound, and the file's name says what is still to do.
3. `ledger.recovered` is appended. After a crash here, the next opening finds that entry, and does only step 4.
4. The file is renamed to `<seq>-<offset>.torn`.
"""

from __future__ import annotations

import errno
import os
import re
from collections.abc import Iterable, Iterator
from hashlib import sha256
from pathlib import Path
from typing import NamedTuple

from eventstore.durable import Disk, create_folders, sync_folder, write_file
from eventstore.entry import LINE_BYTES_MAX, LINE_START, BadLine, LineTail, tail_of
from eventstore.errors import Corrupt, TornTail
from eventstore.regular_file import open_regular
from eventstore.segment import segment_name
from eventstore.store import PlainPayload

QUARANTINE_NAME = "quarantine"
_UNRECORDED = re.compile(r"([0-9]{20})-([0-9]+)\.torn\.unrecorded")
_READ_BYTES = 1024 * 1024
_ASIDE_BYTES_MAX = 256 * 1024 * 1024
"""No append is as long: longer bytes were put there by something else, and are not read into memory."""
_LINE_END = re.compile(rb',"hash":"[0-9a-f]{64}"\}\Z')


class LedgerRecovered(PlainPayload, frozen=True, kw_only=True):
    """Payload of `ledger.recovered`: a torn tail was cut.

    Attributes:
        bytes: how many bytes were set aside.
        sha256: their digest.
        seq: the entry that was expected where they began.
        segment: the file from which they were cut.
        offset: where in that file they began, in bytes.
    """

    bytes: int
    sha256: str
    seq: int
    segment: str
    offset: int


class QuarantinedBytes(NamedTuple):
    """Quarantined bytes that no entry records yet."""

    path: Path
    payload: LedgerRecovered


def judge(
    segment: Path,
    bad: BadLine,
    later: Iterable[LineTail],
    reached: int,
    *,
    arrived: bool,
    open_segment: bool,
) -> TornTail | Corrupt:
    """Decide whether a bad line is a torn tail or corruption.

    Args:
        segment: the file.
        bad: the finding; its `offset` counts from the beginning of the file.
        later: the lines after it that speak for themselves.
        reached: the last entry known to have been on disk, from `HEAD` and the checkpoints; -1 if none is.
        arrived: whether the bad line has arrived whole (see `has_arrived`).
        open_segment: whether no segment follows this one and it has no seal.
    """
    facts = (segment, bad.offset, bad.seq, bad.expected, bad.found)
    if not open_segment or arrived or reached >= bad.seq:
        return Corrupt(*facts)
    if any(line.durable > bad.seq for line in later):
        return Corrupt(*facts)
    return TornTail(*facts)


def has_arrived(fd: int, offset: int, end: int) -> bool:
    """Whether a bad line has arrived whole, so that no crash can have made it.

    An unfinished write leaves a line without LF, or with zeros where blocks of the file did not arrive: several zeros
    in a row, or one at an edge of the line. A line that neither begins nor ends as an entry does counts as torn.
    """
    line, lf, _ = os.pread(fd, min(LINE_BYTES_MAX, end - offset), offset).partition(b"\n")
    if not lf or b"\0\0" in line or line[:1] == b"\0" or line[-1:] == b"\0":
        return False
    return line.startswith(LINE_START) or _LINE_END.search(line) is not None


def later_lines(fd: int, offset: int, end: int) -> Iterator[LineTail]:
    """The lines after `offset` that speak for themselves, even if they begin in the middle of damaged bytes.

    Memory stays bounded: bytes without LF that are longer than a line can be are searched in pieces.
    """
    at, left = offset, b""
    while (at := _past_hole(fd, at)) < end and (chunk := os.pread(fd, min(_READ_BYTES, end - at), at)):
        at += len(chunk)
        *lines, left = (left + chunk).split(b"\n")
        for line in lines:
            yield from _lines_within(line)
        left = left[-LINE_BYTES_MAX:]


def _past_hole(fd: int, at: int) -> int:
    """The offset of the next data: a hole of a sparse file holds nothing but zeros, so it is skipped."""
    try:
        return os.lseek(fd, at, os.SEEK_DATA)
    except OSError as problem:
        return 2**63 if problem.errno == errno.ENXIO else at


def _lines_within(line: bytes) -> Iterator[LineTail]:
    begin = line.find(LINE_START)
    while begin >= 0:
        tail = tail_of(line[begin:])
        if tail is not None:
            yield tail
        begin = line.find(LINE_START, begin + 1)


def set_aside(disk: Disk, folder: Path, torn: TornTail, fd: int) -> None:
    """Step 1: keep the bytes of a torn tail in quarantine.

    Raises:
        OSError: it cannot be done now; the ledger is as it was.
    """
    quarantine = folder / QUARANTINE_NAME
    create_folders(disk, quarantine)
    name = f"{torn.seq:020d}-{torn.offset}.torn.unrecorded"
    if os.fstat(fd).st_size - torn.offset > _ASIDE_BYTES_MAX:
        too_long = "what follows the last entry is too long for an unfinished write"
        raise OSError(errno.EFBIG, too_long, str(torn.segment))
    write_file(disk, quarantine / name, _read(fd, torn.offset))


def unrecorded(folder: Path, segment_entries: int) -> list[QuarantinedBytes]:
    """The quarantined bytes that are not known to be recorded, in the order of the ledger."""
    quarantine = folder / QUARANTINE_NAME
    try:
        names = sorted(os.listdir(quarantine))
    except FileNotFoundError:
        return []
    found = []
    for name in names:
        match = _UNRECORDED.fullmatch(name)
        if match is None:
            continue
        size_bytes, digest = _measured(quarantine / name)
        seq = int(match[1])
        payload = LedgerRecovered(
            bytes=size_bytes,
            sha256=digest,
            seq=seq,
            segment=segment_name(seq - seq % segment_entries),
            offset=int(match[2]),
        )
        found.append(QuarantinedBytes(quarantine / name, payload))
    return found


def _measured(path: Path) -> tuple[int, str]:
    """A file's length and its SHA-256."""
    digest, size_bytes = sha256(), 0
    with open(open_regular(path), "rb") as file:
        while chunk := file.read(_READ_BYTES):
            digest.update(chunk)
            size_bytes += len(chunk)
    return size_bytes, digest.hexdigest()


def mark_recorded(disk: Disk, aside: QuarantinedBytes) -> Path:
    """Step 4: give the quarantined bytes their final name, which no earlier ones have."""
    stem = f"{aside.payload.seq:020d}-{aside.payload.offset}"
    target = aside.path.with_name(f"{stem}.torn")
    again = 1
    while target.exists():
        again += 1
        target = aside.path.with_name(f"{stem}-{again}.torn")
    disk.rename(aside.path, target)
    sync_folder(disk, target.parent)
    return target


def _read(fd: int, offset: int) -> bytes:
    chunks = []
    while chunk := os.pread(fd, _READ_BYTES, offset):
        chunks.append(chunk)
        offset += len(chunk)
    return b"".join(chunks)
