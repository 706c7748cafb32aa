"""`python -m scheduler.ledger.segment_states HOME`: keeps the state at the end of each full segment, then exits.

A scheduler has this done by a process of its own each time a segment is full, and at its start, so that neither its
loop nor a question about the past folds them. Each state is recorded by an entry, as a snapshot is: a command that
reads writes no entry, and so keeps none. `projections.__main__` is a program of the same form and stays apart: the
projections may not import what stands here, and this needs no projections.
"""

from __future__ import annotations

import os
import sys
from contextlib import ExitStack, closing
from pathlib import Path

from eventstore.errors import LedgerError
from eventstore.segment import list_names
from eventstore.store import EventStore
from scheduler import vocabulary as v
from scheduler.home import Home
from scheduler.ledger.past import Past
from scheduler.ledger.state_file import draft, state_files
from scheduler.rules.state import State
from scheduler.store import is_on_database, open_store, open_store_to_append

NICENESS = 10
"""Whatever else the machine has to do comes first."""


def keep_all(home: Home) -> None:
    """Keep and record the state at the end of each full segment, where there is no valid one.

    Those of archived segments are left as they are: to make one, or to see whether it is valid, takes the archive.
    On a database only the leader records states, and this process does not know who that is.

    Raises:
        LedgerError: the ledger cannot be read or written.
        OSError: a state cannot be stored.
    """
    if is_on_database(home):
        return
    with ExitStack() as opened:
        past = Past.of(home, opened.enter_context(closing(open_store(home))))
        archived = set(list_names(home.ledger).archived)
        ends = [end for end in past.segment_ends if end + 1 - past.segment_entries not in archived]
        missing = [end for end in ends if not past.is_kept(end)]
        if missing:
            appending = open_store_to_append(home, v.SCHEDULER, create=False)
            opened.enter_context(closing(appending))
            for end in missing:
                keep(home.segment_states, appending, past.state_at(end))


def keep(folder: Path, store: EventStore, state: State) -> None:
    """Store a state, record it, and remove those that it replaces.

    Raises:
        LedgerError: see `EventStore.append`.
        OSError: it cannot be stored.
    """
    made = draft(folder, state, packed=True)
    try:
        (recorded,) = store.append([v.event(made.payload, v.SCHEDULER)])
    except BaseException:
        made.discard()
        raise
    kept = made.publish(recorded.seq)
    for file in state_files(folder):
        if file.seq == kept.seq and file != kept:
            file.path.unlink(missing_ok=True)


def main(arguments: list[str]) -> int:
    """Keep what is missing; 0 if all is there now, 1 if that cannot be done."""
    os.nice(NICENESS)
    try:
        keep_all(Home(Path(arguments[0])))
    except (LedgerError, OSError) as problem:
        print(f"segment states: {problem}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
