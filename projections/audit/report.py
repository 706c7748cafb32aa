"""The audit report: the population of instants, and everything around it that an auditor asks for."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import datetime, timedelta
from typing import NamedTuple

from eventstore.store import Entry, EventStore, Head
from projections.audit.breaches import Breaches
from projections.audit.changes import Changes
from projections.audit.evidence import Evidence
from projections.audit.findings import Findings
from projections.audit.population.tally import RevisionKey, RevisionTally, Tally
from projections.audit.reckoning import Reckoning
from projections.audit.runs import Runs
from projections.audit.versions import Versions
from projections.audit.watch import Watch
from projections.audit.window import Window
from scheduler.rules.state import State

LATE_FROM = timedelta(minutes=1)
"""A run counts as late from here on, unless something else is asked for."""
_TOLD_EVERY = 16_384

OnProgress = Callable[[int, int], None]
"""Given how many entries were taken in, and how many there are."""


class RevisionInForce(NamedTuple):
    """A revision of a job that was in force: what became of the instants that it implied, and when it was defined."""

    key: RevisionKey
    tally: RevisionTally
    defined_seq: int | None
    defined: datetime | None


class Report(NamedTuple):
    """A report over one range.

    Attributes:
        window: the range; job: it is about this one alone; None: about all.
        made: when it was made; late_from: from which lateness on a run is listed as late.
        ledger: the ledger's id; first_seq: the first entry that was taken in; the fold of those before it was kept in
            a file whose digest an entry records. head: the last one; head_time: when it was made.
        revisions: by job; some implied no instant in the range.
        tally, versions, watch, runs, breaches, changes, evidence, findings: see the modules.
    """

    window: Window
    job: str | None
    made: datetime
    late_from: timedelta
    ledger: str
    first_seq: int
    head: Head
    head_time: datetime
    revisions: list[RevisionInForce]
    tally: Tally
    versions: Versions
    watch: Watch
    runs: Runs
    breaches: Breaches
    changes: Changes
    evidence: Evidence
    findings: Findings

    @property
    def unexplained(self) -> int:
        """How many instants nothing explains, or are said of none."""
        return self.findings.instants

    @property
    def jobs(self) -> list[str]:
        """The jobs that had instants in the range."""
        return sorted({each.key.job for each in self.revisions if each.tally.implied})


def audit_report(
    store: EventStore,
    state: State,
    window: Window,
    *,
    made: datetime,
    today: Mapping[str, str],
    job: str | None = None,
    late_from: timedelta = LATE_FROM,
    on_progress: OnProgress | None = None,
) -> Report:
    """Make a report from the entries of a ledger.

    Args:
        store: the ledger; it is read to its end.
        state: the state after some entry from before the range; it is changed. The empty one: all entries are read.
        window: the range.
        made: the present moment.
        today: the versions of what recomputes instants, by the name of the part.
        job: a report about this one alone.
        late_from: how late a run must start to be listed.
        on_progress: called now and then.

    Raises:
        Corrupt: an entry does not stand where the chain says.
        UnfitPayload: an entry's payload is not what its type says.
    """
    tally, versions = Tally(window), Versions(today)
    watch, runs, changes = Watch(window, state), Runs(window, tally, late_from), Changes(window, state)
    only = None if job is None else frozenset((job,))
    breaches, evidence = Breaches(window, state, only), Evidence(window)
    first = state.head.seq + 1
    if first:
        evidence.look_back(store, first, state.evidence)
    known = {
        (name, each.revision): each.defined_seq for name, each in state.jobs.items() if job in (None, name)
    }
    reckoning = Reckoning(
        state, window, only, tally=tally, versions=versions, watch=watch, runs=runs, breaches=breaches,
        changes=changes, evidence=evidence,
    )  # fmt: skip
    reckoning.take_all(_told(store, first, on_progress))
    reckoning.finish(made)
    return Report(
        window, job, made, late_from, state.ledger, first, state.head, state.time,
        _in_force(store, reckoning, known), tally, versions, watch, runs, breaches, changes,
        evidence, reckoning.findings,
    )  # fmt: skip


def _told(store: EventStore, first: int, on_progress: OnProgress | None) -> Iterator[Entry]:
    last = store.head().seq
    for entry in store.read(first, last):
        if on_progress is not None and entry.seq % _TOLD_EVERY == 0:
            on_progress(entry.seq - first, last - first + 1)
        yield entry


def _in_force(
    store: EventStore, reckoning: Reckoning, known: dict[tuple[str, str], int]
) -> list[RevisionInForce]:
    defined = reckoning.changes.defined
    found = []
    for key, tally in sorted(reckoning.tally.revisions.items(), key=lambda item: item[0].job):
        seq = reckoning.changes.revisions.get((key.job, key.revision), known.get((key.job, key.revision)))
        at = None if seq is None else defined.get(seq)
        if at is None and seq is not None:
            at = next(store.read(seq, seq)).time
        found.append(RevisionInForce(key, tally, seq, at))
    return found
