"""A private key in a file: one line, for its owner alone."""

from __future__ import annotations

import os
from pathlib import Path

from eventstore.durable import REAL, create_folders, write_file
from eventstore.proofs.errors import InvalidKey
from eventstore.proofs.notes.note import VerifierKey
from eventstore.proofs.notes.signing import Signer
from eventstore.regular_file import is_open_to_others, open_regular
from scheduler.evidence.keys.errors import KeyMissing, KeyUnusable
from scheduler.evidence.keys.key_place import KeyPlace

_BYTES_MAX = 4_096


def read_key(path: Path) -> Signer:
    """The key in a file.

    Raises:
        KeyMissing: there is no such file.
        KeyUnusable: it is no key, or others may read it.
    """
    try:
        fd = open_regular(path)
    except FileNotFoundError:
        raise KeyMissing(str(path)) from None
    except OSError as problem:
        raise KeyUnusable(str(path), f"it cannot be read: {problem.strerror or problem}") from None
    try:
        if is_open_to_others(os.fstat(fd)):
            raise KeyUnusable(str(path), "other users may read or write it; `chmod 600` takes that from them")
        raw = os.read(fd, _BYTES_MAX)
    finally:
        os.close(fd)
    try:
        return Signer.parse(raw.decode("utf-8").removesuffix("\n"))
    except UnicodeDecodeError:
        raise KeyUnusable(str(path), "it is no UTF-8") from None
    except InvalidKey as problem:
        raise KeyUnusable(str(path), str(problem)) from None


def keep_key(path: Path, key: Signer) -> None:
    """Keep a new key; a file that is there is never replaced. It is on disk on return.

    Raises:
        FileExistsError: there is something under this name.
        OSError: it cannot be written.
    """
    if os.path.lexists(path):
        raise FileExistsError(f"{path} exists")
    create_folders(REAL, path.parent)
    write_file(REAL, path, f"{key.secret_text}\n".encode(), replace=False)


def key_of_ledger(place: KeyPlace, wanted: VerifierKey) -> Signer:
    """The private key in a file, which must be the one that the ledger names.

    A rotation that was cut off after its entry was recorded is brought to its end: the next key becomes the key.

    Raises:
        KeyMissing, KeyUnusable: see `read_key`; or it is another key than the ledger names.
        OSError: the next key cannot be given its name.
    """
    assert place.file is not None, "only a key in a file is read"
    found = read_key(place.file).under(wanted.name)
    if found.verifier_key == wanted:
        return found
    try:
        following = read_key(place.successor).under(wanted.name)
    except KeyMissing:
        following = None
    if following is not None and following.verifier_key == wanted:
        REAL.rename(place.successor, place.file)
        return following
    other = found.verifier_key.key_id.hex()
    raise KeyUnusable(
        str(place.file), f"it is key {other}, and the ledger is signed by key {wanted.key_id.hex()}"
    )
