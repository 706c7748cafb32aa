"""The vocabulary: every type of entry that cronledger writes, each with its meaning.

An entry's type is a past-tense fact, `noun.verb`; its payload is one Struct here. The vocabulary grows by new
types and new optional members, never by a change of what one means. Readers ignore types and members that they
do not know: `payload` answers None for an unknown type. Times are aware and in UTC, durations in milliseconds.
"""

from typing import Any

from eventstore.store import Entry, Event
from scheduler.vocabulary.approval_entries import ApprovalGiven, ApprovalRequested, ApprovalWithdrawn
from scheduler.vocabulary.evidence_entries import (
    CheckpointAnchored,
    CheckpointAnchorFailed,
    CheckpointCosigned,
    CheckpointRefused,
    CheckpointSigned,
    KeyCreated,
    KeyRotated,
    LedgerArchived,
    LedgerContinued,
    LedgerMoved,
)
from scheduler.vocabulary.expectation_entries import ExpectationBreached, ExpectationMet
from scheduler.vocabulary.home_entries import (
    ConfigAccepted,
    ConfigRejected,
    HomeAdopted,
    LedgerCreated,
    LedgerRecovered,
    RetentionApplied,
    SnapshotWritten,
)
from scheduler.vocabulary.job_entries import JobDefined, JobDisabled, JobEnabled, JobRemoved
from scheduler.vocabulary.node_entries import (
    LeaderElected,
    NodeDrained,
    NodeJoined,
    NodeLeft,
    NodeLost,
    NodeResumed,
    RunAssigned,
    RunReported,
)
from scheduler.vocabulary.notification_entries import NotificationFailed, NotificationSent
from scheduler.vocabulary.payload import Payload, decode, prepare
from scheduler.vocabulary.run_entries import (
    RunAdopted,
    RunCancelRequested,
    RunFinished,
    RunRequested,
    RunSkipped,
    RunStarted,
)
from scheduler.vocabulary.schedule_entries import (
    BackfillEnded,
    BackfillRequested,
    CalendarDefined,
    ScheduleExcluded,
    ScheduleMisfired,
    ScheduleReopened,
    ScheduleSettled,
    ScheduleTicked,
)
from scheduler.vocabulary.scheduler_entries import (
    ClockStepped,
    SchedulerPaused,
    SchedulerResumed,
    SchedulerStarted,
    SchedulerStopped,
)
from scheduler.vocabulary.token_entries import TokenCreated, TokenRevoked

__all__ = [
    "APPROVALS", "CAUSES", "CONFIG", "DEFINITIONS", "ENABLEMENTS", "ENDINGS", "EVIDENCE", "EXCLUSIONS", "EXPECTED",
    "GROUPS",
    "JOB_ENTRIES", "LIVES", "MISFIRES", "NODE_ENTRIES", "NOTIFICATIONS", "OF_ANYONE", "PAUSES", "PAYLOADS", "REMARKS",
    "RUN_ENTRIES", "SCHEDULER", "SETTLEMENTS", "TYPES", "UNCOUNTED", "WATCH_ENTRIES",
    "ApprovalGiven", "ApprovalRequested", "ApprovalWithdrawn", "BackfillEnded", "BackfillRequested",
    "CalendarDefined", "CheckpointAnchorFailed", "CheckpointAnchored", "CheckpointCosigned", "CheckpointRefused",
    "CheckpointSigned", "ClockStepped", "ConfigAccepted", "ConfigRejected", "ExpectationBreached",
    "ExpectationMet", "HomeAdopted", "JobDefined",
    "JobDisabled", "JobEnabled", "JobRemoved", "KeyCreated", "KeyRotated", "LeaderElected", "LedgerArchived",
    "LedgerContinued",
    "LedgerCreated", "LedgerMoved", "LedgerRecovered", "NodeDrained", "NodeJoined", "NodeLeft", "NodeLost",
    "NodeResumed", "NotificationFailed", "NotificationSent", "Payload",
    "RetentionApplied", "RunAdopted", "RunAssigned", "RunCancelRequested", "RunFinished", "RunReported",
    "RunRequested", "RunSkipped",
    "RunStarted", "ScheduleExcluded", "ScheduleMisfired", "ScheduleReopened", "ScheduleSettled", "ScheduleTicked",
    "SchedulerPaused",
    "SchedulerResumed", "SchedulerStarted", "SchedulerStopped", "SnapshotWritten", "TokenCreated", "TokenRevoked",
    "event", "payload", "prepare",
]  # fmt: skip

TYPES: tuple[type[Payload], ...] = (
    LedgerCreated, LedgerRecovered, HomeAdopted, SchedulerStarted, SchedulerStopped, SchedulerPaused,
    SchedulerResumed, ClockStepped, SnapshotWritten, ConfigAccepted, ConfigRejected, JobDefined, JobRemoved,
    ApprovalRequested, ApprovalGiven, ApprovalWithdrawn,
    JobEnabled, JobDisabled, CalendarDefined, ScheduleTicked, ScheduleMisfired, ScheduleExcluded, ScheduleSettled,
    ScheduleReopened, BackfillRequested,
    BackfillEnded, RunRequested, RunCancelRequested, RunStarted, RunAdopted, RunFinished, RunSkipped,
    ExpectationBreached, ExpectationMet, RetentionApplied,
    NodeJoined, NodeLeft, NodeLost, NodeDrained, NodeResumed, LeaderElected, RunAssigned, RunReported,
    KeyCreated, KeyRotated, CheckpointSigned, CheckpointRefused, CheckpointCosigned, CheckpointAnchored,
    CheckpointAnchorFailed, LedgerContinued, LedgerArchived, LedgerMoved,
    NotificationSent, NotificationFailed,
    TokenCreated, TokenRevoked,
)  # fmt: skip
"""Every type, in the order in which they are documented."""
PAYLOADS: dict[str, type[Payload]] = {cls.TYPE: cls for cls in TYPES}
"""The same by their names."""

CAUSES = (ScheduleTicked.TYPE, RunRequested.TYPE)
"""What makes a run; it has the number of that entry."""
ENDINGS = (RunFinished.TYPE, RunSkipped.TYPE)
"""What settles a run; a `run.finished` that names a retry does not: see `rules.attempts.settles`."""
RUN_ENTRIES = (*CAUSES, RunAssigned.TYPE, RunStarted.TYPE, RunAdopted.TYPE, *ENDINGS)
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
CLOCK_READINGS = (ClockStepped.TYPE, SchedulerStarted.TYPE, LeaderElected.TYPE)
"""What is recorded when the clock is read anew, which may have been set back since the entry before."""
MISFIRES = (ScheduleMisfired.TYPE,)
"""What tells that instants passed unwatched."""
EXCLUSIONS = (ScheduleExcluded.TYPE,)
"""What tells that instants passed on days that calendars exclude."""
SETTLEMENTS = (ScheduleSettled.TYPE, ScheduleReopened.TYPE)
"""What tells that a person settled instants, or opened them again."""
EXPECTED = (ExpectationBreached.TYPE, ExpectationMet.TYPE)
"""What tells whether what is expected of a job holds."""
APPROVALS = (ApprovalGiven.TYPE,)
"""What a change names that a second person had to approve."""
EVIDENCE = (
    KeyCreated.TYPE, KeyRotated.TYPE, CheckpointSigned.TYPE, CheckpointRefused.TYPE, CheckpointCosigned.TYPE,
    CheckpointAnchored.TYPE, CheckpointAnchorFailed.TYPE, LedgerContinued.TYPE, LedgerArchived.TYPE,
    LedgerMoved.TYPE,
)  # fmt: skip
"""What is recorded about keys, checkpoints, those who remember them, archives, and where the ledger is."""
NOTIFICATIONS = (NotificationSent.TYPE, NotificationFailed.TYPE)
"""What is recorded about what people were told."""
NODE_ENTRIES = (
    NodeJoined.TYPE, NodeLeft.TYPE, NodeLost.TYPE, NodeDrained.TYPE, NodeResumed.TYPE, LeaderElected.TYPE,
)  # fmt: skip
"""What is recorded about the nodes that share a ledger, and about which of them leads."""
UNCOUNTED = (
    *(kind for kind in EVIDENCE if kind.startswith("checkpoint.")), SnapshotWritten.TYPE, *NOTIFICATIONS,
)  # fmt: skip
"""What is recorded beside what happens: no checkpoint becomes due by it."""
OF_ANYONE = ("ledger.", "job.", "snapshot.", "checkpoint.", "key.", "notification.", "node.", "token.")
"""How types begin that other processes record as well, some in a scheduler's name: no sign that one was alive."""
REMARKS = (
    ApprovalRequested.TYPE, ApprovalWithdrawn.TYPE, LedgerCreated.TYPE, LedgerRecovered.TYPE, HomeAdopted.TYPE,
    SnapshotWritten.TYPE, ConfigAccepted.TYPE, ConfigRejected.TYPE, CalendarDefined.TYPE, BackfillRequested.TYPE,
    BackfillEnded.TYPE, RunCancelRequested.TYPE, RetentionApplied.TYPE, RunReported.TYPE, *EVIDENCE, *NOTIFICATIONS,
    TokenCreated.TYPE, TokenRevoked.TYPE,
)  # fmt: skip
"""What belongs to none of these groups: no view of the projections but `events` is about it."""

GROUPS = (
    RUN_ENTRIES,
    JOB_ENTRIES,
    WATCH_ENTRIES,
    MISFIRES,
    EXCLUSIONS,
    SETTLEMENTS,
    EXPECTED,
    APPROVALS,
    NODE_ENTRIES,
    REMARKS,
)
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
