"""The types of entries about schedules and calendars, which are part of the vocabulary."""

from datetime import datetime
from typing import ClassVar, Literal

from scheduler.definition import CatchUp
from scheduler.entry_members import BackfillPart, Claims, MisfireReason, ReopenedPart
from scheduler.vocabulary.payload import Payload


class CalendarDefined(Payload, frozen=True):
    """The days of a calendar: first sight of it, or a change. `days` is their digest, which definitions of jobs name.

    `ical_sha256` is the digest of the file that some of the days come from.
    """

    TYPE: ClassVar[str] = "calendar.defined"
    name: str
    days: str
    config: str
    weekdays: list[str] = []
    dates: list[str] = []
    ical_sha256: str | None = None


class ScheduleTicked(Payload, frozen=True):
    """An instant fell due and a run is owed; the run's number is this entry's `seq`.

    `nominal` is the instant as the schedule is written, where jitter moved it. A person asked for a `backfill` by
    entry `because_of`; `replaces` is the entry that had disposed of the instant before, if one had. Of trigger
    `after`, the instant is that of the jobs that this one runs after: `successes` has the `seq` of the entry with
    which each of them succeeded, in the order of the definition; or `because_of` that of an entry by which one of
    them did not, and the run is skipped.
    """

    TYPE: ClassVar[str] = "schedule.ticked"
    scheduled_for: datetime
    local_time: str
    timezone: str
    lateness_ms: int
    trigger: Literal["schedule", "catch_up", "backfill", "after"] = "schedule"
    nominal: datetime | None = None
    because_of: int | None = None
    replaces: int | None = None
    successes: list[int] = []


class ScheduleMisfired(Payload, frozen=True):
    """Instants passed while nothing was watching, `first` to `last`, `count` of them.

    `will_run` of them get a `schedule.ticked` of their own with trigger `catch_up`; the others are settled
    by this entry: outside the window, over the limit, or not wanted by the policy. `overload`: the scheduler was
    so busy that it could not even record in time that they fell due. Instants of a schedule
    that is no longer in force (reason `replaced`, `disabled`, `removed`) are recorded and not run. `paused`: the job
    was disabled then, and whoever enabled it wanted that caught up.
    """

    TYPE: ClassVar[str] = "schedule.misfired"
    first: datetime
    last: datetime
    count: int
    policy: CatchUp
    will_run: int
    reason: MisfireReason = "scheduler_down"


class ScheduleExcluded(Payload, frozen=True):
    """Instants passed on days that the job's calendars exclude, `count` of them, `first` to `last`: none is run."""

    TYPE: ClassVar[str] = "schedule.excluded"
    first: datetime
    last: datetime
    count: int


class ScheduleSettled(Payload, frozen=True):
    """A person settled the job's instants up to `until`, which may be to come: none of them gets a run.

    There were `count` of them then that nothing had settled before, `first` to `last`.
    """

    TYPE: ClassVar[str] = "schedule.settled"
    until: datetime
    first: datetime | None = None
    last: datetime | None = None
    count: int = 0
    reason: str = ""
    claims: Claims | None = None


class ScheduleReopened(Payload, frozen=True):
    """A person opened instants again that were settled and are still to come: those later than this entry.

    They were settled up to `until`. `before`: that instant has a tick of its own; it and what follows it up to
    `until` stays settled. `reopens` says what had settled them. `previous` is the entry by which the job was reopened
    before.
    """

    TYPE: ClassVar[str] = "schedule.reopened"
    until: datetime
    before: datetime | None = None
    reopens: list[ReopenedPart] = []
    reason: str = ""
    previous: int | None = None
    claims: Claims | None = None


class BackfillRequested(Payload, frozen=True):
    """A person asked for runs of instants that passed, `count` of them, `first` to `last`: those of the `parts`.

    Each gets a `schedule.ticked` of its own with trigger `backfill`, the oldest first, when the run of the one before
    has ended. `previous` is the entry by which the job was backfilled before. `missed_only`: only instants that were
    on record as misfired or skipped were wanted. `with_dependents`: the jobs that run after this one follow.
    """

    TYPE: ClassVar[str] = "backfill.requested"
    first: datetime
    last: datetime
    count: int
    parts: list[BackfillPart]
    missed_only: bool = False
    reason: str = ""
    previous: int | None = None
    claims: Claims | None = None
    with_dependents: bool = False


class BackfillEnded(Payload, frozen=True):
    """A backfill ended before its last instant: the last `left` of entry `request` get no run.

    A person cancelled it; or the scheduler did, since by its version of the time zones there are no such instants.
    """

    TYPE: ClassVar[str] = "backfill.ended"
    request: int
    left: int
    reason: str = ""
    claims: Claims | None = None
