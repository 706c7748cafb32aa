"""Whether kept states are what the entries add up to: the ledger is folded from entry 0, and compared.

An entry records the digest of each state that is used, and somebody who can write the ledger can record any digest.
So here nothing is taken for true but the entries themselves.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import closing, suppress
from pathlib import Path
from typing import NamedTuple

from eventstore.store import EventStore
from scheduler.home import Home
from scheduler.ledger.state_file import StateFile, state_files
from scheduler.ownership.home_owner import is_foreign
from scheduler.rules.evolve import evolve
from scheduler.rules.state import State
from scheduler.store import open_store

_TOLD_EVERY = 8_192


class StateVerification(NamedTuple):
    """What comparing the kept states with the entries has found.

    Attributes:
        files: how many there are.
        unused: those that nothing uses, since no entry records them for the code that folds now.
        contradicted: those that an entry records, and that are not what the entries before it add up to.
        discarded: whether the contradicted ones were removed.
    """

    files: int
    unused: list[str]
    contradicted: list[str]
    discarded: bool = False


def verify_home(home: Home, on_progress: Callable[[int, int], None] | None = None) -> StateVerification:
    """Fold the entries anew, compare each state that is kept, and remove those that are contradicted.

    Args:
        home: the home; of another user's nothing is removed.
        on_progress: called with how many entries are folded and how many are to be.

    Raises:
        NoLedger, Corrupt, NewerFormat, Unavailable: the ledger is damaged, or cannot be read.
        UnfitPayload: an entry cannot be folded.
    """
    with closing(open_store(home)) as store:
        found = verify_states([home.snapshots, home.segment_states], store, on_progress)
    with suppress(OSError):  # they may be read, and no more
        if found.contradicted and not is_foreign(home):
            for path in found.contradicted:
                Path(path).unlink(missing_ok=True)
            return found._replace(discarded=True)
    return found


def verify_states(
    folders: Sequence[Path], store: EventStore, on_progress: Callable[[int, int], None] | None = None
) -> StateVerification:
    """The same for states in some folders and their ledger; nothing is removed.

    Raises:
        Corrupt, Unavailable, UnfitPayload: see `verify_home`.
    """
    files = [file for folder in folders for file in state_files(folder)]
    used = [file for file in files if file.state(store) is not None]
    unused = [str(file.path) for file in files if file not in used]
    contradicted: list[str] = []
    by_end: dict[int, list[StateFile]] = {}
    for file in used:
        by_end.setdefault(file.seq, []).append(file)
    last = max(by_end, default=-1)
    state = State()
    for entry in store.read(0, last) if by_end else ():
        evolve(state, entry)
        # What changed since it was found to be recorded is not used any longer either.
        contradicted += [
            str(file.path) for file in by_end.get(entry.seq, ()) if file.state(store) not in (None, state)
        ]
        if on_progress is not None and entry.seq % _TOLD_EVERY == 0:
            on_progress(entry.seq, last)
    return StateVerification(len(files), unused, contradicted)
