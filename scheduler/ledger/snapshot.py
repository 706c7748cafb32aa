"""Snapshots of the folded state, so that opening a home costs the same whatever its history.

A snapshot is disposable. It is believed only if its bytes are whole, if the entry it ends at stands in the ledger
with the same hash, and if the code that would fold on is the code that wrote it.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import re
import zlib
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import msgspec

from eventstore.errors import LedgerError
from eventstore.regular_file import create_anew, read_regular
from eventstore.store import EventStore
from scheduler.rules.state import State

EVERY_ENTRIES = 4_096
"""Write one after about this many entries: folding those takes under 50 ms."""
KEPT = 2
"""Older ones are deleted; the second is there in case the first is damaged."""

_SUFFIX = ".snapshot"
_NAME = re.compile(r"[0-9]{20}\.snapshot")
_BEGUN = re.compile(r"\.([0-9]{1,10})\.snapshot")
_BYTES_MAX = 1024 * 1024 * 1024
"""Of a snapshot, inflated: a state of a million jobs is not as long. What is longer is not believed."""
_PACKED = ".z"
"""What follows the suffix of one that is compressed: those that are kept for good."""
_PACKAGE = Path(__file__).resolve().parents[1]
_CODE = (
    "definition.py",
    "rules/evolve.py",
    "schedule/**/*.py",
    "rules/state.py",
    "rules/job_schedule.py",
    "vocabulary.py",
)


@cache
def fold_version() -> str:
    """Digest of the code that folds."""
    digest = hashlib.sha256()
    for pattern in _CODE:
        paths = sorted(_PACKAGE.glob(pattern))
        # A file that was moved away would silently no longer count, and old snapshots would be taken for new ones.
        assert paths, f"no file of the folding code matches {pattern}"
        for path in paths:
            digest.update(path.read_bytes())
    return digest.hexdigest()


def write(folder: Path, state: State) -> None:
    """Store the state; a folder that cannot be written is no reason to stop, snapshots only save time."""
    with contextlib.suppress(OSError):
        _sweep(folder)
        written = folder / f"{state.head.seq:020d}{_SUFFIX}"
        save(written, state)
        # Those ahead of it are of a ledger that was there before this one was restored.
        paths = list(_newest_first(folder))
        for path in paths:
            if path.name > written.name:
                path.unlink(missing_ok=True)
        for path in [path for path in paths if path.name <= written.name][KEPT:]:
            path.unlink(missing_ok=True)


def _sweep(folder: Path) -> None:
    """Remove what a writer that was killed has left half written."""
    for name in os.listdir(folder):
        begun = _BEGUN.fullmatch(name)
        if begun is not None and not Path(f"/proc/{begun[1]}").exists():
            (folder / name).unlink(missing_ok=True)


def save(path: Path, state: State) -> None:
    """Store the state in this file, whole or not at all.

    Raises:
        OSError: it cannot be written.
    """
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    body = msgspec.msgpack.encode(state)
    if path.suffix == _PACKED:
        body = zlib.compress(body, 1)
    digest = hashlib.sha256(body).hexdigest()
    temporary = path.with_name(f".{os.getpid()}{_SUFFIX}")
    try:
        with open(create_anew(temporary), "wb") as file:
            file.write(f"{fold_version()} {digest}\n".encode() + body)
        temporary.replace(path)
    except OSError:
        temporary.unlink(missing_ok=True)
        raise


def newest(folder: Path, store: EventStore) -> State:
    """The newest state that can be believed; the empty state if there is none."""
    for path in _newest_first(folder):
        state = load(path, store)
        if state is not None:
            return state
    return State()


def load(path: Path, store: EventStore) -> State | None:
    """The state in this file; None if there is none that can be believed."""
    state = _decoded(path)
    return state if state is not None and _stands(state, store) else None


def _newest_first(folder: Path) -> Iterator[Path]:
    with contextlib.suppress(OSError):
        names = [name for name in os.listdir(folder) if _NAME.fullmatch(name)]
        yield from (folder / name for name in sorted(names, reverse=True))


def _decoded(path: Path) -> State | None:
    try:
        header, _, body = read_regular(path, _BYTES_MAX).partition(b"\n")
        if header.decode() != f"{fold_version()} {hashlib.sha256(body).hexdigest()}":
            return None
        if path.suffix == _PACKED:
            body = _inflated(body)
        return msgspec.msgpack.decode(body, type=State)
    except (OSError, ValueError, zlib.error, msgspec.MsgspecError, RecursionError):
        return None


def _inflated(body: bytes) -> bytes:
    inflater = zlib.decompressobj()
    raw = inflater.decompress(body, _BYTES_MAX)
    if not inflater.eof:
        raise zlib.error("it is cut, or too long")
    return raw


def _stands(state: State, store: EventStore) -> bool:
    if state.head.seq > store.head().seq:
        return False
    try:
        return next(store.read(state.head.seq, state.head.seq)).hash == state.head.hash
    except (StopIteration, LedgerError):
        return False
