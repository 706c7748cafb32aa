"""The vocabulary: every type of entry that cronledger writes, each with its meaning.

An entry's type is a past-tense fact, `noun.verb`; its payload is one Struct here. The vocabulary grows by new
types and new optional members, never by a change of what one means. Readers ignore types and members that they
do not know: `payload` answers None for an unknown type. Times are aware and in UTC, durations in milliseconds.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any, ClassVar, Literal

from eventstore.store import Entry, Event
from scheduler import payloads
from scheduler.definition import JobDefinition
from scheduler.entry_members import (
    Claims,
    ConfigError,
    Metrics,
    Outcome,
    RetentionFailure,
    RetentionTarget,
    SkipReason,
    Survivor,
    Trigger,
)
from scheduler.payloads import decode

Payload = payloads.Payload


class LedgerCreated(Payload, frozen=True):
    """Entry 0: this ledger begins. `segment_entries` is written only where it is not 65,536."""

    TYPE: ClassVar[str] = "ledger.created"
    ledger: str
    format: int
    software: str = ""
    segment_entries: int | None = None


class LedgerRecovered(Payload, frozen=True):
    """A crash had left an unfinished write at the end; its bytes were set aside and the segment was cut.

    Entry `seq` was expected where they began, at byte `offset` of the file `segment`.
    """

    TYPE: ClassVar[str] = "ledger.recovered"
    bytes: int
    sha256: str
    seq: int = 0
    segment: str = ""
    offset: int = 0


class HomeAdopted(Payload, frozen=True):
    """The home in the folder `path` is a copy of another one, and goes on by itself from here.

    What it starts carries `home` from now on, so that neither home takes the other's processes for its own. Runs that
    were going are the other's.
    """

    TYPE: ClassVar[str] = "home.adopted"
    home: str
    path: str
    claims: Claims | None = None


class SchedulerStarted(Payload, frozen=True):
    """A scheduler began to watch this home. `boottime_ms` is the machine's boot clock at that moment."""

    TYPE: ClassVar[str] = "scheduler.started"
    pid: int
    host: str
    boot_id: str
    versions: dict[str, str]
    config: str | None = None
    boottime_ms: int | None = None


class SchedulerStopped(Payload, frozen=True):
    """It stopped in an orderly way; after a crash there is no such entry. Runs that it left go on unwatched."""

    TYPE: ClassVar[str] = "scheduler.stopped"
    reason: str
    runs_stopped: int = 0
    runs_left: int = 0


class SchedulerPaused(Payload, frozen=True):
    """The ledger could not be written (a full disk): nothing new is started until it can be again."""

    TYPE: ClassVar[str] = "scheduler.paused"
    reason: str


class SchedulerResumed(Payload, frozen=True):
    """The ledger can be written again."""

    TYPE: ClassVar[str] = "scheduler.resumed"
    paused_ms: int


class ClockStepped(Payload, frozen=True):
    """The wall clock jumped, or the machine slept.

    `by_ms` is positive for a jump ahead. The instants from `before` to `after` are those affected.
    `boottime_ms` is the machine's boot clock at that moment.
    """

    TYPE: ClassVar[str] = "clock.stepped"
    kind: Literal["step", "suspend"]
    by_ms: int
    before: datetime
    after: datetime
    boottime_ms: int | None = None


class SnapshotWritten(Payload, frozen=True):
    """The folded state up to entry `entry` was kept in a file, so that opening the home need not fold it again.

    `sha256` is the digest of the file, `code` that of the folding code. A snapshot that no such entry speaks of is
    not used.
    """

    TYPE: ClassVar[str] = "snapshot.written"
    entry: int
    sha256: str
    code: str


class ConfigAccepted(Payload, frozen=True):
    """An edited config came into force; `job.*` entries beside this one say what it changed."""

    TYPE: ClassVar[str] = "config.accepted"
    config: str
    jobs: int


class ConfigRejected(Payload, frozen=True):
    """An edited config is invalid: the last good one stays in force."""

    TYPE: ClassVar[str] = "config.rejected"
    config: str
    errors: list[ConfigError]
    error_count: int


class JobDefined(Payload, frozen=True):
    """First sight of a job (`changed` is empty), or a change to it."""

    TYPE: ClassVar[str] = "job.defined"
    definition: JobDefinition
    revision: str
    config: str
    changed: list[str] = []


class JobRemoved(Payload, frozen=True):
    """The config no longer has this job."""

    TYPE: ClassVar[str] = "job.removed"
    config: str


class JobEnabled(Payload, frozen=True):
    """The job runs on its schedule again, from now or from `effective_at` (the end of a pause).

    With `catch_up`, the instants that passed since it was disabled, of the schedule now in force, are no longer
    settled by that: a `schedule.misfired` of reason `paused` follows, as the job's catch-up policy wants it.
    """

    TYPE: ClassVar[str] = "job.enabled"
    reason: str = ""
    effective_at: datetime | None = None
    catch_up: bool = False
    claims: Claims | None = None


class JobDisabled(Payload, frozen=True):
    """The job stays but does not run on its schedule, for good or until `until`."""

    TYPE: ClassVar[str] = "job.disabled"
    reason: str = ""
    until: datetime | None = None
    claims: Claims | None = None


# Here, for the order of the types is that of the page.
from scheduler import schedule_entries  # noqa: E402

CalendarDefined = schedule_entries.CalendarDefined
ScheduleTicked = schedule_entries.ScheduleTicked
ScheduleMisfired = schedule_entries.ScheduleMisfired
ScheduleExcluded = schedule_entries.ScheduleExcluded


class RunRequested(Payload, frozen=True):
    """A person asked for a run, with these `params`; the run's number is this entry's `seq`.

    It makes run `retry_of` again, if there is one, of which `original_scheduled_for` is the instant.
    """

    TYPE: ClassVar[str] = "run.requested"
    executor: Literal["scheduler", "self"]
    reason: str = ""
    parameters: list[str] = []
    claims: Claims | None = None
    params: dict[str, str] = {}
    retry_of: int | None = None
    original_scheduled_for: datetime | None = None


class RunCancelRequested(Payload, frozen=True):
    """A person asked to stop a run; or the scheduler did, for the run `replaced_by` takes its place."""

    TYPE: ClassVar[str] = "run.cancel_requested"
    reason: str = ""
    claims: Claims | None = None
    replaced_by: int | None = None


class RunStarted(Payload, frozen=True):
    """An attempt begins.

    It is durable before the process exists: after a crash in between, the run is lost, never doubled.

    `executor_pid` and `executor_start_ticks` (field 22 of `/proc/PID/stat`) identify who watches the process.
    `pid_namespace` is the inode of the namespace in which that number means it (`/proc/self/ns/pid`).
    `secret_sha256` is the digest of what its processes carry as `CRONLEDGER_SECRET`. `params` has the values with
    which it starts, those of secret parameters left out.
    """

    TYPE: ClassVar[str] = "run.started"
    attempt: int
    trigger: Trigger
    command_sha256: str
    host: str
    boot_id: str
    executor_pid: int
    executor_start_ticks: int
    scheduled_for: datetime | None = None
    secret_sha256: str | None = None
    pid_namespace: int | None = None
    params: dict[str, str] = {}


class RunAdopted(Payload, frozen=True):
    """A run outlived the scheduler that started it: this one watches it from now on."""

    TYPE: ClassVar[str] = "run.adopted"
    attempt: int
    host: str
    boot_id: str
    executor_pid: int
    executor_start_ticks: int
    pid_namespace: int | None = None


class RunFinished(Payload, frozen=True):
    """An attempt ended: everything that a row of history needs.

    `exit_code` or `signal`, whichever ended the process, where that is known; no `duration_ms` where nobody knows
    when it ended. Output is hashed whole. `survivors` are descendants that could not be stopped.

    `retry_at`: only this attempt ended, and the run waits until then to make its next one. `closes`: no attempt
    ended, but such a wait, which began with the entry of that `seq`; the rest tells of the last attempt, but for an
    outcome `cancelled`. `because_of` is the `seq` of the entry that ended the wait, if one did. The members
    from `message` on are what a Python job said of itself.
    """

    TYPE: ClassVar[str] = "run.finished"
    trigger: Trigger
    started: datetime
    outcome: Outcome
    attempt: int
    scheduled_for: datetime | None = None
    duration_ms: int | None = None
    exit_code: int | None = None
    signal: int | None = None
    cpu_ms: int | None = None
    memory_peak_bytes: int | None = None
    stdout_bytes: int = 0
    stdout_sha256: str | None = None
    stderr_bytes: int = 0
    stderr_sha256: str | None = None
    error: str | None = None
    survivors: list[Survivor] = []
    retry_at: datetime | None = None
    closes: int | None = None
    because_of: int | None = None
    message: str | None = None
    items_processed: int | None = None
    items_failed: int | None = None
    metrics: Metrics = {}


class RunSkipped(Payload, frozen=True):
    """A run was owed and deliberately not made. `because_of` is the `seq` of the entry that shows why.

    `overlap`: the number of the run that was in the way; where that had not started, because all slots were taken,
    `slots` has the numbers of the runs that held them, the oldest 16. `catch_up`: it was still owed when the
    scheduler stopped, and the job's catch-up policy does not want it after the restart. `deadline`: it could not
    start in time (`start_deadline`); `slots` as for `overlap`. `superseded`: the number of a newer run of the job
    that takes its place (`overlap: replace`).
    """

    TYPE: ClassVar[str] = "run.skipped"
    reason: SkipReason
    trigger: Trigger
    scheduled_for: datetime | None = None
    because_of: int | None = None
    slots: list[int] = []


class RetentionApplied(Payload, frozen=True):
    """Logs or sessions older than `cutoff` were deleted, or with `dry_run` only counted.

    `failures` holds the first of `failed`; both lists are bounded. `refused` says why nothing was deleted though that
    was asked for: what is on record contradicts the clock; the numbers are what would have been deleted.
    """

    TYPE: ClassVar[str] = "retention.applied"
    kind: Literal["logs", "sessions"]
    cutoff: datetime
    dry_run: bool
    deleted: int
    deleted_bytes: int
    failed: int
    targets: list[RetentionTarget]
    failures: list[RetentionFailure] = []
    refused: str | None = None


PAYLOADS: dict[str, type[Payload]] = {cls.TYPE: cls for cls in Payload.__subclasses__()}
"""Every type, in the order of this page."""

CAUSES = (ScheduleTicked.TYPE, RunRequested.TYPE)
"""What makes a run; it has the number of that entry."""
ENDINGS = (RunFinished.TYPE, RunSkipped.TYPE)
"""What settles a run; a `run.finished` that names a retry does not: see `rules.attempts.settles`."""
RUN_ENTRIES = (*CAUSES, RunStarted.TYPE, RunAdopted.TYPE, *ENDINGS)
"""What happens to each run: there are many of them."""
DEFINITIONS = (JobDefined.TYPE, JobRemoved.TYPE)
"""What puts a job into the config or takes it out."""
ENABLEMENTS = (JobEnabled.TYPE, JobDisabled.TYPE)
"""What says whether a job runs on its schedule."""
JOB_ENTRIES = (*DEFINITIONS, *ENABLEMENTS)
"""What changes a job."""
LIVES = (SchedulerStarted.TYPE, SchedulerStopped.TYPE)
"""Where the life of a scheduler begins and ends."""
PAUSES = (SchedulerPaused.TYPE, SchedulerResumed.TYPE)
"""Where a scheduler's pause begins and ends."""
WATCH_ENTRIES = (*LIVES, *PAUSES, ClockStepped.TYPE)
"""What tells when something watched the schedules."""
MISFIRES = (ScheduleMisfired.TYPE,)
"""What tells that instants passed unwatched."""
EXCLUSIONS = (ScheduleExcluded.TYPE,)
"""What tells that instants passed on days that calendars exclude."""
REMARKS = (
    LedgerCreated.TYPE, LedgerRecovered.TYPE, HomeAdopted.TYPE, SnapshotWritten.TYPE, ConfigAccepted.TYPE,
    ConfigRejected.TYPE, CalendarDefined.TYPE, RunCancelRequested.TYPE, RetentionApplied.TYPE,
)  # fmt: skip
"""What belongs to none of these groups: no view of the projections but `events` is about it."""

GROUPS = (RUN_ENTRIES, JOB_ENTRIES, WATCH_ENTRIES, MISFIRES, EXCLUSIONS, REMARKS)
"""Each type is in exactly one of them: lists of types in SQL and in the exports are made of these groups."""

SCHEDULER = "scheduler"
CONFIG = "config"


def payload(entry: Entry) -> Any:
    """The entry's payload as its Struct; None for a type that this version does not know.

    Raises:
        UnfitPayload: the payload is not what its type says.
    """
    known = PAYLOADS.get(entry.type)
    return None if known is None else decode(entry, known)


def event(data: Payload, actor: str, *, job: str | None = None, run: int | None = None) -> Event:
    """The event that records a payload."""
    return Event(type=data.TYPE, actor=actor, data=data, job=job, run=run)
