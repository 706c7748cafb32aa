"""Entry 0: it names the ledger and the format in which the ledger is written."""

import os
import uuid
from pathlib import Path
from typing import Annotated

import msgspec

from eventstore.entry import LINE_BYTES_MAX, BadLine, check_lines, has_structure
from eventstore.errors import Corrupt, NewerFormat, NoLedger
from eventstore.head import HEAD_NAME
from eventstore.nesting import decode
from eventstore.regular_file import open_regular
from eventstore.segment import SEGMENT_ENTRIES, list_names, segment_name
from eventstore.store import GENESIS, PlainPayload

FORMAT = 1
"""The format that this version writes, and the latest that it reads."""


class LedgerCreated(PlainPayload, frozen=True, kw_only=True, omit_defaults=True):
    """Payload of `ledger.created`, which is entry 0.

    Attributes:
        ledger: the identity of the ledger, 32 hex digits.
        format: the format of all its entries.
        software: the program that created it.
        segment_entries: how many entries a segment holds; written only if it is not 65,536.
    """

    ledger: str
    format: int
    software: str
    segment_entries: Annotated[int, msgspec.Meta(ge=1)] | msgspec.UnsetType = msgspec.UNSET

    @property
    def entries_per_segment(self) -> int:
        """How many entries a segment holds."""
        return SEGMENT_ENTRIES if self.segment_entries is msgspec.UNSET else self.segment_entries


def new_creation(software: str, segment_entries: int = SEGMENT_ENTRIES) -> LedgerCreated:
    """The payload of entry 0 of a new ledger."""
    return LedgerCreated(
        ledger=uuid.uuid4().hex,
        format=FORMAT,
        software=software,
        segment_entries=msgspec.UNSET if segment_entries == SEGMENT_ENTRIES else segment_entries,
    )


class _Payload(msgspec.Struct):
    format: int


class _AnyFormat(msgspec.Struct):
    """The part of entry 0 that all formats have in common."""

    data: _Payload


def holds_ledger(folder: Path) -> bool:
    """Whether there is a ledger, or a remainder of one.

    Raises:
        OSError: the folder cannot be listed.
    """
    return folder.is_dir() and ((folder / HEAD_NAME).exists() or _has_segment_files(folder))


def require_ledger(folder: Path) -> None:
    """Check that there is a ledger, or a remainder of one.

    Raises:
        NoLedger: there is none.
        OSError: the folder cannot be listed.
    """
    if not holds_ledger(folder):
        raise NoLedger(f"{folder}: there is no ledger here")


def _has_segment_files(folder: Path) -> bool:
    names = list_names(folder)
    return bool(names.segments or names.seals)


def read_creation(folder: Path) -> LedgerCreated | None:
    """The payload of entry 0; None if there is no ledger, or if its very first write was torn.

    Raises:
        NewerFormat: the ledger is in a later format.
        Corrupt: entry 0 is damaged.
    """
    path = folder / segment_name(0)
    try:
        with open(open_regular(path), "rb") as segment:
            raw = os.pread(segment.fileno(), LINE_BYTES_MAX, 0)
    except FileNotFoundError:
        return None
    end = raw.find(b"\n")
    return None if end < 0 else creation_of(raw[:end], path)


def creation_of(entry_0: bytes, path: Path) -> LedgerCreated:
    """The payload of entry 0.

    Args:
        entry_0: its line, without LF.
        path: the segment in which it stands, or would.

    Raises:
        NewerFormat: the ledger is in a later format.
        Corrupt: the line is no entry 0.
    """
    try:
        (line,) = check_lines(entry_0 + b"\n", 0, GENESIS, [entry_0])
    except BadLine as bad:
        if not has_structure(entry_0):
            _refuse_newer(path, entry_0)
        raise Corrupt(path, 0, 0, bad.expected, bad.found) from None
    _refuse_newer(path, entry_0)
    if line.type != "ledger.created":
        raise Corrupt(path, 0, 0, "ledger.created", line.type)
    try:
        return msgspec.json.decode(line.data, type=LedgerCreated)
    except msgspec.DecodeError as error:
        raise Corrupt(path, 0, 0, "the payload of ledger.created", str(error)) from None


def _refuse_newer(path: Path, line: bytes) -> None:
    try:
        found = decode(line, _AnyFormat).data.format
    except (msgspec.DecodeError, UnicodeDecodeError):
        return
    if found > FORMAT:
        raise NewerFormat(
            f"{path.parent}: the ledger is written in format {found}, this version reads up to {FORMAT}:"
            " use the version of cronledger that wrote it, or a later one"
        )
