"""Which entries something that is open refers to."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from scheduler.entry_members import BackfillPart, Person
from scheduler.rules.approvals.pending_change import PendingChange
from scheduler.rules.awaited import AwaitedInstant, PassedRun
from scheduler.rules.evidence.open_entries import oldest_open_entry
from scheduler.rules.evolve import fold
from scheduler.rules.instants_state import Backfill
from scheduler.rules.state import LeftRunning, Rejection, State
from tests.support.ledger import Writer
from tests.support.world import BEGIN, job


@pytest.fixture
def writer(tmp_path: Path) -> Writer:
    """A ledger in which a job has run."""
    writer = Writer(tmp_path, 64)
    writer.define("nightly")
    writer.history("nightly", 3)
    return writer


def _folded(writer: Writer) -> State:
    return fold(State(), writer.journal.read(0))


def test_what_is_over_holds_nothing_back(writer: Writer) -> None:
    """A ledger in which every run has ended has nothing open; the definitions of its jobs are no such thing."""
    assert oldest_open_entry(State()) is None
    assert oldest_open_entry(_folded(writer)) is None


def test_the_oldest_unfinished_run_counts(writer: Writer) -> None:
    """From its tick until its end, whatever ends meanwhile."""
    first, second = writer.tick("nightly"), writer.tick("nightly")
    writer.start("nightly", second)
    assert oldest_open_entry(_folded(writer)) == first
    writer.start("nightly", first)
    writer.finish("nightly", first)
    assert oldest_open_entry(_folded(writer)) == first  # the one behind it names it
    writer.finish("nightly", second)
    assert oldest_open_entry(_folded(writer)) is None


def _awaiting(state: State, awaited: AwaitedInstant) -> None:
    state.jobs["nightly"].awaited = [AwaitedInstant(BEGIN, BEGIN), awaited]


def _left(state: State) -> None:
    state.left_running = [LeftRunning(3, "nightly", "b", [])]


def _backfill(state: State) -> None:
    parts = [BackfillPart(first=BEGIN, last=BEGIN, replaces=[3])]
    state.backfills = {"nightly": Backfill(9, definition=job("nightly"), parts=parts, left=1)}


def _passed(state: State) -> None:
    state.jobs["nightly"].passed = PassedRun(3, 5)


def _change(state: State) -> None:
    person = Person(name="ann", by="uid")
    state.changes = {"nightly": PendingChange(3, BEGIN, "config", person, "c", "r")}


def _rejection(state: State) -> None:
    state.rejection = Rejection(3, BEGIN, "c", [], 1)


@pytest.mark.parametrize(
    "open_",
    [
        _left,
        _backfill,
        _passed,
        _change,
        _rejection,
        lambda state: _awaiting(state, AwaitedInstant(BEGIN, BEGIN, succeeded={"other": 3})),
        lambda state: _awaiting(state, AwaitedInstant(BEGIN, BEGIN, failed={"other": 3})),
        lambda state: _awaiting(state, AwaitedInstant(BEGIN, BEGIN, run=3)),
    ],
)
def test_whatever_is_open_counts(writer: Writer, open_: Callable[[State], None]) -> None:
    """Each kind of thing that is not settled names the oldest entry that it refers to."""
    state = _folded(writer)
    open_(state)
    assert oldest_open_entry(state) == 3


def test_what_is_decided_counts_no_more(writer: Writer) -> None:
    """A backfill that has nothing to come, and a change that a person rejected, hold nothing back."""
    state = _folded(writer)
    _backfill(state)
    _change(state)
    state.backfills["nightly"].end()
    state.changes["nightly"].rejected_seq = 8
    assert oldest_open_entry(state) is None
