"""Snapshots of the folded state, so that opening a home costs the same whatever its history.

A snapshot is disposable, and is data that anybody may have written. It is valid only if an entry `snapshot.written`
of the ledger holds the digest of its bytes, if the entry it ends at stands in the ledger with the same hash, and if
the code that would fold on is the code that wrote it. So whoever forges one must forge an entry too.

The file's name says where to look: `<last entry folded>-<entry that records it>.snapshot`.

The states at the ends of segments (`save`, `load`), which `--as-of` and `jobs why` start from, have no such entry:
their answers rest on those files, until they are deleted.
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
from typing import NamedTuple

import msgspec

from eventstore.errors import LedgerError, Unavailable
from eventstore.regular_file import create_anew, read_regular
from eventstore.store import Entry, EventStore
from scheduler import vocabulary as v
from scheduler.ledger.ledger import Ledger
from scheduler.rules.state import State
from scheduler.schedule import zone_data

EVERY_ENTRIES = 4_096
"""Write one after about this many entries: folding those takes under 50 ms."""
KEPT = 2
"""Older ones are deleted; the second is there in case the first is damaged."""

_SUFFIX = ".snapshot"
_RECORDED = re.compile(r"([0-9]{20})-([0-9]{20})\.snapshot")
_UNRECORDED = re.compile(r"[0-9]{20}\.snapshot")
_BEGUN = re.compile(r"\.([0-9]{1,10})\.snapshot")
_BYTES_MAX = 1024 * 1024 * 1024
"""Of a snapshot, inflated: a state of a million jobs is not as long. What is longer is not believed."""
_PACKAGE = Path(__file__).resolve().parents[1]
_CODE = (
    "definition.py",
    "entry_members.py",
    "rules/clock_trust.py",
    "rules/evolve.py",
    "schedule/**/*.py",
    "rules/state.py",
    "rules/job_schedule.py",
    "vocabulary.py",
)


@cache
def fold_version() -> str:
    """Digest of the code that folds, and of the version of the zone data by which it does."""
    digest = hashlib.sha256()
    for pattern in _CODE:
        paths = sorted(_PACKAGE.glob(pattern))
        # A file that was moved away would silently no longer count, and old snapshots would be taken for new ones.
        assert paths, f"no file of the folding code matches {pattern}"
        for path in paths:
            digest.update(path.read_bytes())
    # A schedule's instants decide what is still to be settled, and they follow the zone data.
    digest.update(zone_data.version().encode())
    return digest.hexdigest()


class Draft(NamedTuple):
    """A snapshot that is stored and not recorded yet.

    Attributes:
        path: where it is.
        payload: what is to be recorded of it.
    """

    path: Path
    payload: v.SnapshotWritten


def write(folder: Path, ledger: Ledger, actor: str) -> None:
    """Store the ledger's state and record it.

    A folder that cannot be written, or a ledger, is no reason to stop: snapshots only save time.

    Raises:
        Poisoned, Corrupt: see `EventStore.append`.
    """
    with contextlib.suppress(OSError, Unavailable):
        draft = prepare(folder, ledger.state)
        try:
            recorded = ledger.decide(lambda _: [v.event(draft.payload, actor)])
        except BaseException:
            draft.path.unlink(missing_ok=True)
            raise
        publish(draft, recorded[0].seq)
        ledger.kept_seq = draft.payload.entry


def prepare(folder: Path, state: State) -> Draft:
    """Store the state under a name that nobody looks at.

    Raises:
        OSError: it cannot be written.
    """
    _sweep(folder)
    path = folder / f".{os.getpid()}{_SUFFIX}"
    written = _write(path, msgspec.msgpack.encode(state))
    recorded = v.SnapshotWritten(
        entry=state.head.seq, sha256=hashlib.sha256(written).hexdigest(), code=fold_version()
    )
    return Draft(path, recorded)


def publish(draft: Draft, recorded_seq: int) -> None:
    """Give a snapshot its name, now that entry `recorded_seq` records it; remove those that it replaces.

    Raises:
        OSError: it cannot be renamed.
    """
    folder = draft.path.parent
    written = folder / f"{draft.payload.entry:020d}-{recorded_seq:020d}{_SUFFIX}"
    draft.path.replace(written)
    # Those ahead of it are of a ledger that was there before this one was restored; those without the number of an
    # entry are of versions that recorded none.
    paths = list(_newest_first(folder))
    replaced = [path for path in paths if path.name > written.name]
    replaced += [path for path in paths if path.name <= written.name][KEPT:]
    replaced += [path for path in folder.iterdir() if _UNRECORDED.fullmatch(path.name)]
    for path in replaced:
        path.unlink(missing_ok=True)


def _sweep(folder: Path) -> None:
    """Remove what a writer that was killed has left half written."""
    names: list[str] = []
    with contextlib.suppress(FileNotFoundError):  # the first snapshot makes the folder
        names = os.listdir(folder)
    for name in names:
        begun = _BEGUN.fullmatch(name)
        if begun is not None and not Path(f"/proc/{begun[1]}").exists():
            (folder / name).unlink(missing_ok=True)


def save(path: Path, state: State) -> None:
    """Store the state in this file, compressed, whole or not at all; nothing records it.

    Raises:
        OSError: it cannot be written.
    """
    temporary = path.with_name(f".{os.getpid()}{_SUFFIX}")
    _write(temporary, zlib.compress(msgspec.msgpack.encode(state), 1))
    temporary.replace(path)


def _write(path: Path, body: bytes) -> bytes:
    """Write a file: a line with the digests of the folding code and of the body, then the body; all its bytes."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    written = f"{fold_version()} {hashlib.sha256(body).hexdigest()}\n".encode() + body
    try:
        with open(create_anew(path), "wb") as file:
            file.write(written)
    except OSError:
        path.unlink(missing_ok=True)
        raise
    return written


def newest(folder: Path, store: EventStore) -> State:
    """The newest valid state; the empty state if there is none."""
    for path in _newest_first(folder):
        state = _recorded(path, store)
        if state is not None:
            return state
    return State()


def _recorded(path: Path, store: EventStore) -> State | None:
    """The state in this file, if the entry that its name leads to records these very bytes; else None."""
    match = _RECORDED.fullmatch(path.name)
    if match is None:
        return None
    entry = _entry(store, int(match[2]))
    if entry is None or entry.type != v.SnapshotWritten.TYPE:
        return None
    try:
        recorded: v.SnapshotWritten = v.payload(entry)
        raw = read_regular(path, _BYTES_MAX)
    except (OSError, msgspec.ValidationError):
        return None
    if (recorded.sha256, recorded.code) != (hashlib.sha256(raw).hexdigest(), fold_version()):
        return None
    state = _decoded(raw)
    return state if state is not None and state.head.seq == recorded.entry and _stands(state, store) else None


def load(path: Path, store: EventStore) -> State | None:
    """The state that `save` stored in this file; None if there is none that fits the ledger."""
    try:
        state = _decoded(read_regular(path, _BYTES_MAX), packed=True)
    except OSError:
        return None
    return state if state is not None and _stands(state, store) else None


def _newest_first(folder: Path) -> Iterator[Path]:
    with contextlib.suppress(OSError):
        names = [name for name in os.listdir(folder) if _RECORDED.fullmatch(name)]
        yield from (folder / name for name in sorted(names, reverse=True))


def _decoded(raw: bytes, *, packed: bool = False) -> State | None:
    try:
        header, _, body = raw.partition(b"\n")
        if header.decode() != f"{fold_version()} {hashlib.sha256(body).hexdigest()}":
            return None
        if packed:
            body = _inflated(body)
        return msgspec.msgpack.decode(body, type=State)
    except (ValueError, zlib.error, msgspec.MsgspecError, RecursionError):
        return None


def _entry(store: EventStore, seq: int) -> Entry | None:
    """An entry; None if it is not there as it must be."""
    if seq > store.head().seq:
        return None
    try:
        return next(store.read(seq, seq))
    except (StopIteration, LedgerError):
        return None


def _inflated(body: bytes) -> bytes:
    inflater = zlib.decompressobj()
    raw = inflater.decompress(body, _BYTES_MAX)
    if not inflater.eof:
        raise zlib.error("it is cut, or too long")
    return raw


def _stands(state: State, store: EventStore) -> bool:
    """Whether the entry that a state ends at is in the ledger."""
    entry = _entry(store, state.head.seq)
    return entry is not None and entry.hash == state.head.hash
