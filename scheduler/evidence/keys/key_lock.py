"""The lock of the signer: of all processes that could sign with a key, one does at a time."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from eventstore.durable import REAL, create_folders
from eventstore.lock import locked
from scheduler.evidence.keys.key_place import KeyPlace


@contextmanager
def signing_alone(place: KeyPlace) -> Iterator[None]:
    """Hold the lock while the context lasts.

    Raises:
        LockHeld: another process signs, and goes on doing so.
        OSError: the file of the lock cannot be made.
    """
    create_folders(REAL, place.lock.parent)
    with locked(place.lock):
        yield
