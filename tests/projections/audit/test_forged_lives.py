"""Lives of the simulated world out of which one entry is taken, with a new chain: the report finds that."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any

import msgspec

from eventstore.memory import MemoryStore
from eventstore.store import Entry, Event
from scheduler import vocabulary as v
from tests.projections.audit.reports import found, report_of
from tests.support.lives import live_through

REFERENCES = {
    "because_of", "behind", "closes", "entry", "holders", "previous", "replaced_by", "replaces", "request",
    "retry_of", "slots", "successes",
}  # fmt: skip
"""Members of payloads that name entries by their number."""
DISPOSING = (v.ScheduleTicked.TYPE, v.ScheduleMisfired.TYPE, v.ScheduleExcluded.TYPE)


def renumbered(value: Any, numbers: dict[int, int], *, refers: bool = False) -> Any:
    """A payload in which each number of an entry is its new one."""
    if isinstance(value, dict):
        return {name: renumbered(each, numbers, refers=name in REFERENCES) for name, each in value.items()}
    if isinstance(value, list):
        return [renumbered(each, numbers, refers=refers) for each in value]
    return numbers.get(value, value) if refers and isinstance(value, int) else value


def forged(entries: Sequence[Entry], without: set[int]) -> MemoryStore:
    """A ledger of the same entries but for some, with a chain that holds."""
    times: Iterator[datetime] = iter([entries[0].time])
    store = MemoryStore(clock=lambda: next(times), ledger_id="0" * 32)
    numbers = {0: 0}
    for entry in entries[1:]:
        if entry.seq not in without:
            times = iter([entry.time])
            numbers[entry.seq] = store.head().seq + 1
            run = None if entry.run is None else numbers.get(entry.run, entry.run)
            data = renumbered(msgspec.json.decode(entry.data), numbers)
            store.append([Event(type=entry.type, actor=entry.actor, data=data, job=entry.job, run=run)])
    return store


def candidates(entries: Sequence[Entry]) -> list[Entry]:
    """The entries that disposed of instants of a job that was ticked again later."""
    last = {entry.job: entry.seq for entry in entries if entry.type == v.ScheduleTicked.TYPE}
    changed = {entry.job: entry.seq for entry in entries if entry.type in v.JOB_ENTRIES}
    return [
        entry
        for entry in entries
        if entry.type in DISPOSING and changed.get(entry.job, 0) < entry.seq < last.get(entry.job, 0)
    ]


def test_whatever_disposed_of_an_instant_is_missed_where_it_is_not_there(few: range) -> None:
    """A tick with its run, a misfire or an exclusion that somebody left out of the chain is found, in its job."""
    dropped = 0
    for seed in few:
        world = live_through(seed=seed, jobs=3, days=8)
        entries = world.entries()
        assert found(report_of(forged(entries, set()), world.clock.wall)) == []
        chosen = candidates(entries)
        for entry in random.Random(seed).sample(chosen, min(3, len(chosen))):
            without = {each.seq for each in entries if entry.seq in (each.seq, each.run)}
            report = report_of(forged(entries, without), world.clock.wall)
            assert {each.job for each in report.findings} == {entry.job}, (seed, entry.seq)
            dropped += 1
    assert dropped > 3
