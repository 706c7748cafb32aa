"""The current state: what the fold of the ledger knows.

Its size grows with the number of jobs and of runs in flight, never with history. A snapshot holds
its encoded form. `evolve` alone changes it.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Literal

import msgspec

from eventstore.store import EMPTY, Head
from scheduler.definition import JobDefinition
from scheduler.entry_members import ASKED_FOR, ConfigError, Outcome, SkipReason, Survivor, Trigger
from scheduler.rules.access.token import Token
from scheduler.rules.approvals.pending_change import PendingChange
from scheduler.rules.awaited import AwaitedInstant, EndedWait, PassedRun, Success
from scheduler.rules.clock_trust import ClockMark
from scheduler.rules.evidence.archive_state import Archive
from scheduler.rules.evidence.evidence_state import Evidence
from scheduler.rules.expectations.expected import Expectations
from scheduler.rules.instants_state import (
    RESOLUTION,
    Backfill,
    CatchingUp,
    ClosedInterval,
    SettledAhead,
    SettledByHand,
)
from scheduler.rules.nodes.nodes_state import Assignment, Leader, Node
from scheduler.vocabulary import RunFinished

NEVER = datetime(1970, 1, 1, tzinfo=UTC)


class Enablement(msgspec.Struct, gc=False):
    """The last entry that enabled or disabled a job: its actor, time and reason, and the end of a pause (`until`)."""

    enabled: bool
    actor: str
    seq: int
    time: datetime
    reason: str = ""
    until: datetime | None = None


class Calendar(msgspec.Struct):
    """The days of a calendar, which schedules find by their digest from then on; wherever it is made or read."""

    name: str
    days: str
    seq: int
    weekdays: list[str] = []
    dates: list[str] = []
    ical_sha256: str | None = None

    def __post_init__(self) -> None:
        """Keep the days under their true digest, whatever `days` says."""
        from scheduler.schedule.calendars.calendar_days import CalendarDays, keep

        self.days = keep(CalendarDays.of(self.weekdays, self.dates))


class LastRun(msgspec.Struct, gc=False, omit_defaults=True):
    """How the newest finished or skipped run of a job came out, by entry `seq`; enough for a list of jobs."""

    run: int
    trigger: Trigger
    time: datetime
    outcome: Outcome | None = None
    skipped: SkipReason | None = None
    started: datetime | None = None
    duration_ms: int | None = None
    exit_code: int | None = None
    signal: int | None = None
    error: str | None = None
    seq: int | None = None


class Job(msgspec.Struct, omit_defaults=True, gc=False):
    """One job, in its present state.

    Attributes:
        definition: the one in force, or the last one of a removed job.
        revision: of the definition; defined_seq: the entry that recorded it.
        enablement: whether it runs on its schedule, and which entry decided that.
        cursor: every instant up to this one is settled, but for those in `awaited`.
        ahead: what is settled beyond it; settled_by_hand: what a person settled last.
        removed_seq: the entry that removed it; None while it is in the config.
        unsettled: intervals of earlier schedules that are not settled yet, oldest first.
        catching_up: the ticks that a misfire promised and a crash may have cut off; None once all are there.
        excluded_until: what its calendars exclude up to this is on record.
        live: numbers of its runs that are owed or running, oldest first.
        passed: the last run that ended while others of it were live, and came before them; None once none is live.
        last: its newest finished run; last_skipped: its newest skipped one.
        success: its newest success that counts for the jobs after it.
        awaited: of a job that runs after others alone, the instants that are not settled, or may come true yet, the
            earliest first.
    """

    definition: JobDefinition
    revision: str
    defined_seq: int
    enablement: Enablement
    cursor: datetime
    removed_seq: int | None = None
    unsettled: list[ClosedInterval] = []
    catching_up: CatchingUp | None = None
    excluded_until: datetime | None = None
    live: list[int] = []
    passed: PassedRun | None = None
    last: LastRun | None = None
    last_skipped: LastRun | None = None
    success: Success | None = None
    awaited: list[AwaitedInstant] = []
    ahead: SettledAhead | None = None
    settled_by_hand: SettledByHand | None = None

    def advance(self, to: datetime) -> None:
        """Every instant up to this one is settled; the cursor never goes back by that."""
        self.cursor = max(self.cursor, to)
        if self.ahead is not None and self.cursor >= self.ahead.first:
            self.cursor, self.ahead = max(self.cursor, self.ahead.until), None

    @property
    def settled_until(self) -> datetime:
        """The end of all that is settled."""
        return self.cursor if self.ahead is None else self.ahead.until

    def is_settled(self, instant: datetime) -> bool:
        """Whether an instant is settled."""
        ahead = self.ahead
        return instant <= self.cursor or (ahead is not None and ahead.first <= instant <= ahead.until)

    def closed_around(self, first: datetime, last: datetime) -> list[ClosedInterval]:
        """The intervals of earlier schedules that have both of these instants."""
        return [span for span in self.unsettled if span.has(first) and span.has(last)]

    def open_stretches(self, after: datetime, until: datetime) -> list[tuple[datetime, datetime]]:
        """The stretches `after < instant <= until` in which nothing is settled beyond the cursor."""
        stretches, ahead = [(after, until)], self.ahead
        if ahead is not None and until >= ahead.first:
            stretches = [(after, ahead.first - RESOLUTION), (max(after, ahead.until), until)]
        return [each for each in stretches if each[0] < each[1]]

    @property
    def name(self) -> str:
        """Unique in a home."""
        return self.definition.name

    @property
    def present(self) -> bool:
        """Whether the config has it."""
        return self.removed_seq is None

    @property
    def on_schedule(self) -> bool:
        """Whether its instants are to be run; the end of a pause counts once it is on record."""
        return self.present and self.enablement.enabled


class Executor(msgspec.Struct, frozen=True, gc=False):
    """The process that watches a run: its pid, start time, boot and pid namespace.

    A pid alone identifies no process: pids are reused, and each pid namespace has its own. `pid_namespace` is None if
    an older version wrote the entry.
    """

    host: str
    boot_id: str
    pid: int
    start_ticks: int
    pid_namespace: int | None = None


class RetryWait(msgspec.Struct, gc=False):
    """A run's wait for its next attempt, which is to start at `at`.

    Attributes:
        seq: the entry with which the wait began, which ended an attempt; since: its time, or that at which a clock
            that was set back was read first.
        first_started: when the first attempt of the run started.
        last: how the last attempt ended.
    """

    at: datetime
    seq: int
    since: datetime
    first_started: datetime
    last: RunFinished


class Run(msgspec.Struct, omit_defaults=True, gc=False):
    """A run in flight: owed (no attempt yet), started, or waiting for its next attempt.

    Attributes:
        number, job, trigger, scheduled_for: of the run; owed_at: when it was caused.
        by: who makes its attempts; actor: who caused it.
        attempt: the last attempt that started; 0 if none has.
        started, started_seq, executor, secret_sha256: of the attempt that is going; None if none is.
        locks: those that it holds, each with the number of runs that could hold it when the attempt started.
        cancel_seq: the last request to stop it.
        retry: the wait for its next attempt; it stays while that attempt is going.
        has_options: it was given options that only the process knows that makes its first attempt.
        retry_of: the run that it makes again; original_scheduled_for: the instant of that one.
        nominal: its instant as the schedule is written, where jitter moved it.
        with_dependents: a person asked that the jobs after this one follow.
        failed_upstream: the entry by which a job before this one did not succeed: it is to be skipped.
        waited: for what it had waited before the attempt that is going.
        judged_from: from when what is expected of it counts, where that is not the moment at which it was due.
        assigned: which node is to start its next attempt, where several share the ledger; None once it has.
        node: that which makes the attempt that is going.
    """

    number: int
    job: str
    trigger: Trigger
    owed_at: datetime
    by: Literal["scheduler", "self"] = "scheduler"
    actor: str = "scheduler"
    scheduled_for: datetime | None = None
    attempt: int = 0
    started: datetime | None = None
    started_seq: int | None = None
    executor: Executor | None = None
    secret_sha256: str | None = None
    cancel_seq: int | None = None
    params: dict[str, str] = {}
    retry: RetryWait | None = None
    has_options: bool = False
    retry_of: int | None = None
    original_scheduled_for: datetime | None = None
    locks: dict[str, int] = {}
    nominal: datetime | None = None
    with_dependents: bool = False
    failed_upstream: int | None = None
    waited: EndedWait | None = None
    judged_from: datetime | None = None
    assigned: Assignment | None = None
    node: str | None = None

    @property
    def begun(self) -> bool:
        """Whether an attempt is going or assigned to a node: it holds a slot and its locks, and waits no longer."""
        return self.started is not None or self.assigned is not None

    @property
    def place(self) -> str | None:
        """The node that makes the attempt that is going, or is to make the next one; None if that is no node."""
        return self.node if self.assigned is None else self.assigned.node

    @property
    def waits_for_retry(self) -> bool:
        """Whether an attempt of it has ended, and the next one has not started."""
        return self.attempt > 0 and self.started is None

    @property
    def retry_at(self) -> datetime | None:
        """Until when it waits for its next attempt; None if it waits for none, or a node has that already."""
        return self.retry.at if self.retry is not None and self.attempt > 0 and not self.begun else None

    @property
    def first_started(self) -> datetime | None:
        """When its first attempt started; None if none has."""
        return self.started if self.retry is None else self.retry.first_started

    @property
    def passes_on(self) -> bool:
        """Whether its success counts for the jobs after its own: not if a person asked for it alone."""
        asked_for = self.trigger in ASKED_FOR
        return not asked_for or self.with_dependents or self.original_scheduled_for is not None

    @property
    def precedence(self) -> tuple[bool, int]:
        """Its place among the waiting runs of its job: those that made an attempt come first, then the oldest."""
        return self.attempt == 0, self.number


class SchedulerStatus(msgspec.Struct, gc=False):
    """The scheduler that served this home last: since when, and whether it recorded that it stopped."""

    seq: int
    time: datetime
    pid: int
    host: str
    boot_id: str
    versions: dict[str, str]
    stopped_seq: int | None = None
    stopped: datetime | None = None
    stop_reason: str | None = None
    paused: datetime | None = None
    pause_reason: str | None = None


class Rejection(msgspec.Struct, gc=False):
    """A config that was refused and has not been corrected yet."""

    seq: int
    time: datetime
    config: str
    errors: list[ConfigError]
    error_count: int


class LeftRunning(msgspec.Struct, gc=False):
    """Processes of a finished run that could not be stopped; their pids are valid only during the boot `boot_id`."""

    run: int
    job: str
    boot_id: str
    processes: list[Survivor]


class State(msgspec.Struct, omit_defaults=True):
    """Everything, folded up to and including entry `head`.

    Attributes:
        calendars: by name, as they were defined last.
        former_calendars: earlier ones; some schedule that is not settled yet may go by their days.
        backfills: the newest one of each job that ever had one.
        reopened: the entry by which each such job was reopened last.
        boots: ids of the newest boots of machines during which a scheduler started, the newest last.
        at_reboot: the jobs that run once for each boot, each with the boots that it owes: when they were first seen.
        new_at_reboot: those of them (on several machines all) that became such a job after the newest boot was seen.
        dependents: the jobs that run after another, by the name of that one.
        evidence: who signs the ledger, and what was signed; None if it has no key.
        archive: how much of it is in volumes; None if nothing is.
        changes: what a second person has to approve, or rejected, by the name of the job.
        expectations: what is expected of jobs; None if nothing ever was.
        nodes: those that ever served this ledger, by name; none on one machine.
        leader: which of them leads; None while none does. term: the number of the last term.
        tokens: those of the console that were not revoked, by name.
        newer: the first entry of a type that only a later version knows, and that type.
    """

    head: Head = EMPTY
    time: datetime = NEVER
    ledger: str = ""
    home: str = ""
    config: str | None = None
    rejection: Rejection | None = None
    scheduler: SchedulerStatus | None = None
    clock: ClockMark | None = None
    jobs: dict[str, Job] = {}
    runs: dict[int, Run] = {}
    left_running: list[LeftRunning] = []
    calendars: dict[str, Calendar] = {}
    former_calendars: list[Calendar] = []
    backfills: dict[str, Backfill] = {}
    reopened: dict[str, int] = {}
    boots: list[str] = []
    at_reboot: dict[str, list[datetime]] = {}
    new_at_reboot: dict[str, datetime] = {}
    dependents: dict[str, list[str]] = {}
    evidence: Evidence | None = None
    archive: Archive | None = None
    changes: dict[str, PendingChange] = {}
    expectations: Expectations | None = None
    nodes: dict[str, Node] = {}
    leader: Leader | None = None
    term: int = 0
    tokens: dict[str, Token] = {}
    newer: tuple[int, str] | None = None

    @property
    def mark(self) -> str:
        """What the processes of this home carry as `CRONLEDGER_LEDGER`; a copy that was adopted has its own."""
        return f"{self.ledger}.{self.home}" if self.home else self.ledger

    @property
    def known_days(self) -> set[str]:
        """Digests of the days of all calendars that are on record and some schedule may go by."""
        return {each.days for each in (*self.calendars.values(), *self.former_calendars)}

    def define_calendar(self, new: Calendar) -> None:
        """A calendar has these days from now on; what it had is kept as long as some schedule names it."""
        former = self.calendars.get(new.name)
        if former is not None:
            jobs = self.jobs.values()
            definitions = [
                *(job.definition for job in jobs),
                *(s.definition for job in jobs for s in job.unsettled),
                *(each.definition for each in self.backfills.values() if each.definition is not None),
            ]
            named = {
                digest for each in definitions if each.calendars for digest in each.calendars.all_digests()
            }
            self.former_calendars = [each for each in (*self.former_calendars, former) if each.days in named]
        self.calendars[new.name] = new

    def end_backfill(self, name: str) -> None:
        """Whoever disables a job or takes it out of the config ends its backfill."""
        if (backfill := self.backfills.get(name)) is not None:
            backfill.end()

    def present_jobs(self) -> list[Job]:
        """The jobs that the config has, by name."""
        return [job for _, job in sorted(self.jobs.items()) if job.present]
