"""`evolve`: the fold that turns entries into the current state.

Pure: it reads no clock, file or environment. For speed it changes the state it is given and returns it; a
caller that needs the old state copies it first. It also upholds two laws of the ledger: a run has one final
`run.finished`, and no instant is settled twice (the cursor never goes back).
"""

from __future__ import annotations

from collections.abc import Iterable

from eventstore.store import Entry, Head
from scheduler import vocabulary as v
from scheduler.rules.fold import (
    approval_entries,
    backfill_entries,
    evidence_entries,
    expectations,
    home_entries,
    job_entries,
    node_entries,
    run_entries,
    schedule_entries,
    token_entries,
)
from scheduler.rules.fold.apply import Apply
from scheduler.rules.state import State


def evolve(state: State, entry: Entry) -> State:
    """The state after one more entry; entries come in the order of their `seq`, without gaps.

    Raises:
        ValueError: the entry is not the next one.
    """
    if entry.seq != state.head.seq + 1:
        raise ValueError(f"entry {entry.seq} does not follow entry {state.head.seq}")
    apply = _APPLY.get(entry.type)
    if apply is not None:
        apply(state, entry, v.payload(entry))
    elif entry.type not in v.PAYLOADS and state.newer is None:
        state.newer = (entry.seq, entry.type)
    state.head = Head(entry.seq, entry.hash)
    state.time = entry.time
    return state


def fold(state: State, entries: Iterable[Entry]) -> State:
    """`evolve` over all entries."""
    for entry in entries:
        evolve(state, entry)
    return state


_APPLY: Apply = {
    **home_entries.APPLY,
    **job_entries.APPLY,
    **approval_entries.APPLY,
    **schedule_entries.APPLY,
    **backfill_entries.APPLY,
    **run_entries.APPLY,
    **token_entries.APPLY,
    **node_entries.APPLY,
    **evidence_entries.APPLY,
    **expectations.APPLY,
}
"""How each type of entry changes the state; a type that is not here changes only the head.

Other tables hold how each type of entry is worded. They stay apart from this one: the fold must not depend on words,
because each change of theirs makes all earlier snapshots invalid.
"""
