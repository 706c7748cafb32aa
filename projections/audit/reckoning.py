"""The reckoning: one pass over the entries, from a folded state to the end of the ledger.

Each entry is looked at together with the state right before it, and is then folded. Memory grows with the number of
jobs, of runs in flight and of rows that are listed, not with the number of instants.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Any

from eventstore.store import Entry
from projections.audit.breaches import Breaches
from projections.audit.changes import CHANGES, DECISIONS, Changes
from projections.audit.evidence import EVIDENCE_ENTRIES, Evidence
from projections.audit.findings import Findings
from projections.audit.population.accounts import Account
from projections.audit.population.counting import Counting
from projections.audit.population.standing import Before
from projections.audit.population.tally import RevisionKey, Tally
from projections.audit.runs import Cause, Runs
from projections.audit.versions import Versions
from projections.audit.watch import PATIENCE, Watch
from projections.audit.window import Window
from scheduler import vocabulary as v
from scheduler.rules.evolve import evolve
from scheduler.rules.fold.upstreams import is_decided
from scheduler.rules.state import Job, State

_ABOUT_SCHEDULES = frozenset((*v.JOB_ENTRIES, *v.MISFIRES, *v.EXCLUSIONS, *v.SETTLEMENTS))


class Reckoning:
    """Everything that a report tells, as far as the entries were taken in.

    Args:
        state: the state before the first of them; it is changed.
        window: the range; jobs: only these; None: all.
        tally, versions, watch, runs, breaches, changes, evidence: what is made of them.
    """

    def __init__(
        self,
        state: State,
        window: Window,
        jobs: frozenset[str] | None,
        *,
        tally: Tally,
        versions: Versions,
        watch: Watch,
        runs: Runs,
        breaches: Breaches,
        changes: Changes,
        evidence: Evidence,
    ) -> None:
        self.state, self.window, self._jobs = state, window, jobs
        self.tally, self.versions, self.watch, self.runs, self.changes = tally, versions, watch, runs, changes
        self.breaches, self.evidence = breaches, evidence
        self.findings = Findings()
        self._accounts: dict[str, Account] = {}
        if state.scheduler is not None:
            self.versions.begin(state.scheduler.seq, state.scheduler.time, state.scheduler.versions)
        for job in state.jobs.values():
            if self._wanted(job.name):
                self._account(job.name).begin(job, state.time)
        self._take: dict[str, Callable[[Entry], None]] = {
            v.ScheduleTicked.TYPE: self._ticked,
            v.RunStarted.TYPE: self._run_started,
            v.RunFinished.TYPE: self._run_finished,
            v.RunSkipped.TYPE: self._run_skipped,
            v.RunRequested.TYPE: self._run_requested,
            **dict.fromkeys(_ABOUT_SCHEDULES, self._about_schedule),
            **dict.fromkeys((*v.WATCH_ENTRIES, v.LeaderElected.TYPE, v.NodeLeft.TYPE), self._watched),
            **dict.fromkeys(EVIDENCE_ENTRIES, self._about_evidence),
            **dict.fromkeys(v.EXPECTED, self._expected),
        }

    def _wanted(self, name: str | None) -> bool:
        return name is not None and (self._jobs is None or name in self._jobs)

    def _account(self, name: str) -> Account:
        found = self._accounts.get(name)
        if found is None:
            found = self._accounts[name] = Account(
                Counting(name, self.tally, self.findings), self.versions, self.watch
            )
        return found

    def take_all(self, entries: Iterable[Entry]) -> None:
        """Take in entries, in order."""
        take, watch, other = self._take, self.watch, self._other
        for entry in entries:
            take.get(entry.type, other)(entry)
            watch.look(entry)

    def _fold(self, entry: Entry) -> None:
        evolve(self.state, entry)

    # -- by type -----------------------------------------------------------------------------------------------------

    def _ticked(self, entry: Entry) -> None:
        data: v.ScheduleTicked = v.payload(entry)
        name = entry.job or ""
        if data.trigger == "schedule":
            self.watch.ticked(entry, data.scheduled_for)
        if not self._wanted(name):
            self._fold(entry)
            return
        if data.trigger == "backfill":
            self.runs.backfilled_tick(entry, data)
            self._fold(entry)
            return
        job = self.state.jobs.get(name)
        account = self._account(name)
        if data.trigger == "after":
            self._ticked_after(account, job, entry, data)
            self._fold(entry)
            return
        revision = account.revision_of(job, data)
        before = None
        if job is None or job.unsettled or account.promised or account.standing.is_ahead:
            before = Before.of(job, self._boots(name), entry.time)
        instant = account.ticked(job, entry, data, self._boots(name))
        if revision is not None:
            self.runs.ticked(entry, data, Cause(RevisionKey(name, revision[1]), revision[0], instant))
        self._fold(entry)
        if before is not None:
            account.folded(before, self.state.jobs.get(name), entry, data)
        elif instant is not None:
            account.standing.advance(data.scheduled_for)

    def _ticked_after(self, account: Account, job: Job | None, entry: Entry, data: v.ScheduleTicked) -> None:
        awaited = () if job is None else job.awaited
        found = next((each for each in awaited if each.instant == data.scheduled_for), None)
        if job is None or found is None or found.run is not None:
            account.not_implied(data.scheduled_for, entry.seq)
            return
        key = RevisionKey(job.name, job.revision)
        self.runs.ticked(entry, data, Cause(key, job.definition, data.scheduled_for))

    def _about_schedule(self, entry: Entry) -> None:
        data = v.payload(entry)
        if entry.type == v.ScheduleMisfired.TYPE:
            self.watch.misfired(entry, data)
        name = entry.job or ""
        if not self._wanted(name):
            self._fold(entry)
            return
        job = self.state.jobs.get(name)
        account = self._account(name)
        before = Before.of(job, self._boots(name), entry.time)
        span = None
        if isinstance(data, v.ScheduleMisfired):
            span = account.misfired(job, entry, data, self._boots(name))
            self.runs.misfired(entry, data)
        elif isinstance(data, v.ScheduleExcluded):
            account.excluded(job, entry, data)
        else:
            self.changes.took_place(entry, data)
        self._fold(entry)
        if isinstance(data, v.JobDefined) and self.window.has(entry.time):
            self.tally.of(RevisionKey(name, data.revision), data.definition)
        account.folded(before, self.state.jobs.get(name), entry, data, span)

    def _watched(self, entry: Entry) -> None:
        data: Any = v.payload(entry)
        if isinstance(data, v.SchedulerStarted | v.LeaderElected):
            self.versions.begin(entry.seq, entry.time, data.versions)
        leader = self.state.leader
        if not isinstance(data, v.NodeLeft) or (leader is not None and leader.node == data.node):
            self.watch.changed(entry, data)
        self._fold(entry)

    def _about_evidence(self, entry: Entry) -> None:
        self.evidence.took_place(entry)
        self._fold(entry)

    def _expected(self, entry: Entry) -> None:
        self.breaches.told(entry)
        self._fold(entry)

    def _run_started(self, entry: Entry) -> None:
        self.runs.started(entry)
        self._fold(entry)

    def _run_finished(self, entry: Entry) -> None:
        self.runs.finished(entry)
        self._fold(entry)

    def _run_skipped(self, entry: Entry) -> None:
        self.runs.skipped_run(entry, v.payload(entry))
        self._fold(entry)

    def _run_requested(self, entry: Entry) -> None:
        if self._wanted(entry.job):
            self.runs.requested(entry, v.payload(entry))
        self._fold(entry)

    def _other(self, entry: Entry) -> None:
        if entry.type in CHANGES or (
            entry.type in DECISIONS and (entry.job is None or self._wanted(entry.job))
        ):
            self.changes.took_place(entry, v.payload(entry))
        self._fold(entry)

    def _boots(self, name: str) -> list[datetime]:
        return self.state.at_reboot.get(name, [])

    # -- the end -----------------------------------------------------------------------------------------------------

    def finish(self, now: datetime) -> None:
        """The ledger has ended; the report is made at `now`."""
        self.runs.at_end()
        self.breaches.at_end(self.state)
        self.watch.at_end()
        self.changes.at_end()
        self.evidence.at_end(self.state.evidence)
        for name, account in self._accounts.items():
            job = self.state.jobs.get(name)
            if job is None:
                continue
            if job.present:
                self.tally.of(RevisionKey(name, job.revision), job.definition)
            decided_before = self.watch.decided_before(account.changed_seq)
            account.at_end(job, now, decided_before, self._boots(name))
            if job.on_schedule and job.definition.follows:
                for each in job.awaited:
                    if each.run is None:
                        late = is_decided(job, each) and each.since + PATIENCE < decided_before
                        account.awaits(job, each.instant, late=late)
