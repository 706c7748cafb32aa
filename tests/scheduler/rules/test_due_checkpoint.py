"""When the next checkpoint is due."""

from __future__ import annotations

from datetime import timedelta

import pytest

from eventstore.memory import MemoryStore
from scheduler import vocabulary as v
from scheduler.evidence.settings import CheckpointTimes
from scheduler.rules.evidence.due_checkpoint import Pending, pending
from scheduler.rules.evolve import fold
from scheduler.rules.state import State
from tests.support.world import BEGIN

TIMES = CheckpointTimes(entries=3, interval_ms=60_000)


@pytest.mark.parametrize(
    ("entries", "age_s", "last", "due"),
    [
        (0, 3_600, True, False),
        (0, None, False, False),
        (1, None, False, True),
        (2, 59, False, False),
        (2, 59, True, True),
        (3, 59, False, True),
        (1, 60, False, True),
        (1, -1, False, True),
    ],
)
def test_when_a_checkpoint_is_due(entries: int, age_s: int | None, last: bool, due: bool) -> None:
    """After so many entries, after so long, at a stop; a clock that was set back makes it due too."""
    age = None if age_s is None else timedelta(seconds=age_s)
    assert Pending(entries, age).is_due(TIMES, last=last) is due


def test_what_is_about_checkpoints_does_not_count() -> None:
    """Entries about checkpoints, and snapshots, are recorded because of others; keys are news themselves."""
    store = MemoryStore(clock=lambda: BEGIN)
    payloads = (
        v.KeyCreated(origin="o", vkey="o+11111111+AQ"),
        v.CheckpointSigned(size=2, root="r", key_id="1" * 8, note="o\n2\nr\n\n— x y\n"),
        v.CheckpointAnchored(size=2, anchor="file /worm"),
        v.SnapshotWritten(entry=1, sha256="", code=""),
        v.CheckpointRefused(reason="x"),
        v.SchedulerStopped(reason="SIGTERM"),
    )
    store.append([v.event(each, v.SCHEDULER) for each in payloads])
    evidence = fold(State(), store.read(0)).evidence
    assert evidence is not None
    assert pending(evidence, store.read(2), BEGIN + timedelta(seconds=5)) == Pending(1, timedelta(seconds=5))
    assert pending(evidence, store.read(0), BEGIN).entries == 3
