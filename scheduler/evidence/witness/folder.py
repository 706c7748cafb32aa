"""What a witness keeps, in a folder of its own.

    key                         its private key, one line; for its owner only
    logs                        the logs that it knows: a line for each key, `VKEY` or `ORIGIN VKEY`
    checkpoints/<origin hash>   what it cosigned last for a log: the signed note; the name is SHA-256 of the origin
    lock                        held while a checkpoint is compared and kept; never removed

Without an origin, the name of the key is the origin. `#` begins a comment. The file may be edited at any time.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from eventstore.durable import REAL, Disk, create_folders, write_file
from eventstore.lock import LOCK_NAME, locked
from eventstore.proofs.errors import InvalidKey, InvalidNote
from eventstore.proofs.notes.checkpoint import Checkpoint, origin_hash, parse_checkpoint
from eventstore.proofs.notes.note import NOTE_BYTES_MAX, Note, VerifierKey, parse_note, parse_verifier_key
from eventstore.regular_file import check_folder, is_open_to_others, read_regular

_KEY_NAME, _LOGS_NAME, _CHECKPOINTS_NAME = "key", "logs", "checkpoints"
_KEY_BYTES_MAX = 4 * 1024
_LOGS_BYTES_MAX = 16 * 1024 * 1024


class DamagedWitness(Exception):
    """Something that the witness keeps is not what it must be; nothing is cosigned until a person has looked.

    Attributes:
        path: the file.
    """

    def __init__(self, path: Path, why: str) -> None:
        self.path = path
        super().__init__(f"{path}: {why}")


class WitnessFolder:
    """The folder of a witness.

    Attributes:
        path: where it is.
    """

    def __init__(self, path: Path, disk: Disk = REAL) -> None:
        self.path = path
        self._disk = disk

    @property
    def key_file(self) -> Path:
        """Where the private key is."""
        return self.path / _KEY_NAME

    def read_key(self) -> str:
        """The private key, as text.

        Raises:
            FileNotFoundError: there is none yet.
            DamagedWitness: it is no text.
            OSError: it cannot be read.
        """
        raw = read_regular(self.key_file, _KEY_BYTES_MAX)
        try:
            return raw.decode().strip()
        except UnicodeDecodeError:
            raise DamagedWitness(self.key_file, "it is no private key") from None

    def write_key(self, secret_text: str) -> None:
        """Keep a new private key.

        Raises:
            FileExistsError: there is one, which is left as it is.
            OSError: it cannot be written.
        """
        create_folders(self._disk, self.path)
        write_file(self._disk, self.key_file, f"{secret_text}\n".encode(), replace=False)

    def logs(self) -> dict[str, list[VerifierKey]]:
        """The keys that are trusted for each origin.

        Raises:
            DamagedWitness: a line of the file is none of a log.
            OSError: it cannot be read.
        """
        path = self.path / _LOGS_NAME
        try:
            raw = read_regular(path, _LOGS_BYTES_MAX)
        except FileNotFoundError:
            return {}
        found: dict[str, list[VerifierKey]] = {}
        try:
            lines = raw.decode().split("\n")
        except UnicodeDecodeError:
            raise DamagedWitness(path, "it is no UTF-8") from None
        for number, line in enumerate(lines, start=1):
            words = line.partition("#")[0].split()
            if not words:
                continue
            try:
                key = parse_verifier_key(words[-1])
            except InvalidKey as problem:
                raise DamagedWitness(path, f"line {number}: {problem}") from None
            if len(words) > 2:
                raise DamagedWitness(path, f"line {number}: it is not written as VKEY or ORIGIN VKEY")
            found.setdefault(words[0] if len(words) == 2 else key.name, []).append(key)
        return found

    def trust(self, origin: str, key: VerifierKey) -> bool:
        """Add a key of a log; False if it was trusted already.

        Raises:
            DamagedWitness, OSError: see `logs`; or it cannot be written.
        """
        with self.locked():
            if key in self.logs().get(origin, []):
                return False
            path = self.path / _LOGS_NAME
            try:
                before = read_regular(path, _LOGS_BYTES_MAX)
            except FileNotFoundError:
                before = b""
            if before and not before.endswith(b"\n"):
                before += b"\n"
            line = key.text if origin == key.name else f"{origin} {key.text}"
            write_file(self._disk, path, before + f"{line}\n".encode())
            return True

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Hold the lock of whoever changes something.

        Raises:
            LockHeld: another process holds it, and goes on doing so.
            OSError: it cannot be made.
        """
        create_folders(self._disk, self.path)
        with locked(self.path / LOCK_NAME, self._disk):
            yield

    def last(self, origin: str) -> tuple[Note, Checkpoint] | None:
        """What was cosigned last for a log; None if nothing was.

        Raises:
            DamagedWitness: what is kept is not that.
            OSError: it cannot be read.
        """
        raw = self.last_raw(origin_hash(origin))
        if raw is None:
            return None
        path = self._checkpoint_file(origin_hash(origin))
        try:
            note = parse_note(raw)
            checkpoint = parse_checkpoint(note.text)
        except InvalidNote as problem:
            raise DamagedWitness(path, str(problem)) from None
        if checkpoint.origin != origin:
            raise DamagedWitness(path, "it is the checkpoint of another log")
        return note, checkpoint

    def last_raw(self, hashed_origin: str) -> bytes | None:
        """The same as it is kept, by the hash of the origin.

        Raises:
            OSError: it cannot be read.
        """
        try:
            check_folder(self.path / _CHECKPOINTS_NAME)
            return read_regular(self._checkpoint_file(hashed_origin), NOTE_BYTES_MAX)
        except FileNotFoundError:
            return None

    def keep(self, origin: str, note: Note) -> None:
        """Keep what is cosigned for a log in place of the last one; it is on disk on return.

        Raises:
            OSError: it cannot be written; the last one is as it was.
        """
        path = self._checkpoint_file(origin_hash(origin))
        create_folders(self._disk, path.parent)
        check_folder(path.parent)
        write_file(self._disk, path, note.raw)

    def others_can_read_the_key(self) -> bool:
        """Whether the file of the key is open to more than its owner.

        Raises:
            OSError: it cannot be looked at.
        """
        return is_open_to_others(os.lstat(self.key_file))

    def _checkpoint_file(self, hashed_origin: str) -> Path:
        return self.path / _CHECKPOINTS_NAME / hashed_origin
