"""A folded state in a file: when it is valid, and how it is written.

Such a file is disposable, and is data that anybody may have written. It is valid only if an entry `snapshot.written`
of the ledger holds the digest of its bytes, if the entry it ends at stands in the ledger with the same hash, and if
the code that would fold on is the code that wrote it. So whoever forges one must forge an entry too.

The file's name says where to look: `<last entry folded>-<entry that records it>.snapshot`; `.z` after that if the
state in it is compressed.
"""

from __future__ import annotations

import errno
import hashlib
import os
import re
from contextlib import suppress
from functools import cache
from pathlib import Path

import msgspec

from eventstore.errors import LedgerError
from eventstore.regular_file import create_anew, read_regular
from eventstore.store import Entry, EventStore
from scheduler import vocabulary as v
from scheduler.rules.state import State
from scheduler.schedule import zone_data
from scheduler.vocabulary.payload import UnfitPayload

_SUFFIX = ".snapshot"
_PACKED_SUFFIX = ".snapshot.z"
_NAME = re.compile(r"([0-9]{20})-([0-9]{20})\.snapshot(\.z)?")
_UNRECORDED = r"([0-9]{20})\.snapshot(?:\.z)?"
_BEGUN = r"\.([0-9]{1,10})\.snapshot"
_BYTES_MAX = 1024 * 1024 * 1024
"""Of a state, inflated: one of a million jobs is not as long. What is longer is not valid."""
_PACKAGE = Path(__file__).resolve().parents[1]
_CODE = (
    "definition.py",
    "entry_members.py",
    "rules/access/token.py",
    "rules/approvals/pending_change.py",
    "rules/awaited.py",
    "rules/clock_trust.py",
    "rules/evidence/*_state.py",
    "rules/evolve.py",
    "rules/expectations/expected.py",
    "rules/expectations/moments.py",
    "rules/fold/*.py",
    "rules/instants_state.py",
    "rules/nodes/nodes_state.py",
    "schedule/**/*.py",
    "rules/state.py",
    "rules/job_schedule.py",
    "vocabulary/*.py",
)


def folding_code() -> list[Path]:
    """The files by which entries are folded.

    Raises:
        FileNotFoundError: some cannot be seen.
    """
    found: list[Path] = []
    for pattern in _CODE:
        paths = sorted(_PACKAGE.glob(pattern))
        # A file that was moved away, or is not to be seen, would silently no longer count, and old snapshots would
        # be taken for new ones.
        if not paths:
            raise FileNotFoundError(errno.ENOENT, "no code of the fold is there", str(_PACKAGE / pattern))
        found += paths
    return found


@cache
def fold_version() -> str:
    """Digest of the code that folds, and of the version of the zone data by which it does.

    Raises:
        OSError: the code cannot be read.
    """
    digest = hashlib.sha256()
    for path in folding_code():
        digest.update(path.read_bytes())
    # A schedule's instants decide what is still to be settled, and they follow the zone data.
    digest.update(zone_data.version().encode())
    return digest.hexdigest()


class StateFile(msgspec.Struct, frozen=True):
    """A file that may hold a state.

    Attributes:
        path: where it is.
        seq: the entry that it is to end at.
        recorded_seq: the entry that is to record it; -1 where its name tells none, and it is never valid.
    """

    path: Path
    seq: int
    recorded_seq: int

    @property
    def is_packed(self) -> bool:
        """Whether the state in it is compressed."""
        return self.path.suffix == ".z"

    def state(self, store: EventStore) -> State | None:
        """The state in it, if the entry that its name leads to records these very bytes; else None."""
        entry = _entry(store, self.recorded_seq)
        if entry is None or entry.type != v.SnapshotWritten.TYPE:
            return None
        try:
            recorded: v.SnapshotWritten = v.payload(entry)
            raw = read_regular(self.path, _BYTES_MAX)
        except (OSError, UnfitPayload):
            return None
        if (recorded.sha256, recorded.code) != (hashlib.sha256(raw).hexdigest(), fold_version()):
            return None
        state = _decoded(raw, packed=self.is_packed)
        if state is None or not state.head.seq == recorded.entry == self.seq:
            return None
        return state if _hash_of(store, self.seq) == state.head.hash else None


def state_files(folder: Path) -> list[StateFile]:
    """The files in a folder that are named as one, those of the newest states first."""
    found = []
    with suppress(OSError):
        for name in os.listdir(folder):
            if (match := _NAME.fullmatch(name)) is not None:
                found.append(StateFile(folder / name, int(match[1]), int(match[2])))
            elif (match := re.fullmatch(_UNRECORDED, name)) is not None:
                found.append(StateFile(folder / name, int(match[1]), -1))
    return sorted(found, key=lambda file: (file.seq, file.recorded_seq), reverse=True)


class Draft(msgspec.Struct, frozen=True):
    """A state that is stored and not recorded yet.

    Attributes:
        path: where it is.
        payload: what is to be recorded of it.
        packed: whether it is compressed.
    """

    path: Path
    payload: v.SnapshotWritten
    packed: bool = False

    def publish(self, recorded_seq: int) -> StateFile:
        """Give it its name, now that entry `recorded_seq` records it.

        Raises:
            OSError: it cannot be renamed.
        """
        suffix = _PACKED_SUFFIX if self.packed else _SUFFIX
        named = self.path.with_name(f"{self.payload.entry:020d}-{recorded_seq:020d}{suffix}")
        self.path.replace(named)
        return StateFile(named, self.payload.entry, recorded_seq)

    def discard(self) -> None:
        """Remove it: it could not be recorded."""
        self.path.unlink(missing_ok=True)


def draft(folder: Path, state: State, *, packed: bool = False) -> Draft:
    """Store a state under a name that nobody looks at; a process has one draft at a time.

    Raises:
        OSError: it cannot be written.
    """
    _sweep(folder)
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    body = msgspec.msgpack.encode(state)
    if packed:
        import zlib

        body = zlib.compress(body, 1)
    # A line with the digests of the folding code and of the body, then the body.
    written = f"{fold_version()} {hashlib.sha256(body).hexdigest()}\n".encode() + body
    path = folder / f".{os.getpid()}{_SUFFIX}"
    try:
        with open(create_anew(path), "wb") as file:
            file.write(written)
    except OSError:
        path.unlink(missing_ok=True)
        raise
    recorded = v.SnapshotWritten(
        entry=state.head.seq, sha256=hashlib.sha256(written).hexdigest(), code=fold_version()
    )
    return Draft(path, recorded, packed)


def _sweep(folder: Path) -> None:
    """Remove what a writer that was killed has left half written."""
    names: list[str] = []
    with suppress(FileNotFoundError):  # the first state makes the folder
        names = os.listdir(folder)
    for name in names:
        begun = re.fullmatch(_BEGUN, name)
        if begun is not None and not Path(f"/proc/{begun[1]}").exists():
            (folder / name).unlink(missing_ok=True)


def _decoded(raw: bytes, *, packed: bool) -> State | None:
    try:
        header, _, body = raw.partition(b"\n")
        if header.decode() != f"{fold_version()} {hashlib.sha256(body).hexdigest()}":
            return None
        if packed:
            body = _inflated(body)
        return msgspec.msgpack.decode(body, type=State)
    except (ValueError, msgspec.MsgspecError, RecursionError):
        return None


def _inflated(body: bytes) -> bytes:
    import zlib

    inflater = zlib.decompressobj()
    try:
        raw = inflater.decompress(body, _BYTES_MAX)
    except zlib.error as problem:
        raise ValueError(str(problem)) from problem
    if not inflater.eof:
        raise ValueError("it is cut, or too long")
    return raw


def _hash_of(store: EventStore, seq: int) -> str | None:
    """The hash of an entry; None if it is not there as it must be.

    The entry after it tells, where there is one: it is here even if the wanted one is the last that is archived.
    """
    after = _entry(store, seq + 1)
    if after is not None:
        return after.prev
    end = _entry(store, seq)
    return None if end is None else end.hash


def _entry(store: EventStore, seq: int) -> Entry | None:
    """An entry; None if it is not there as it must be."""
    if not 0 <= seq <= store.head().seq:
        return None
    try:
        return next(store.read(seq, seq))
    except (StopIteration, LedgerError):
        return None
