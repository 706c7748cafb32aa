"""The parts of an explanation: a verdict about one instant of one job, and the facts on which it rests.

Each fact names the entries that prove it. A fact holds values, not words; `cli.words` words it.
"""

from __future__ import annotations

from datetime import datetime
from typing import Literal

import msgspec

from scheduler.definition import CatchUp
from scheduler.entry_members import Metrics, MisfireReason, Outcome, SkipReason, Trigger

Verdict = Literal[
    "ran",
    "running",
    "waiting",
    "skipped",
    "missed",
    "not_due",
    "excluded",
    "disabled",
    "not_defined",
    "removed",
    "upcoming",
    "pending",
]
"""What became of an instant.

`ran`: it has a run that ended, with any outcome. `running`, `waiting`: it has a run that is running, or is owed.
`skipped`: its run was deliberately not made. `missed`: no scheduler watched, and it was not caught up. `not_due`: the
schedule in force does not have it. `excluded`: the schedule has it, on a day that a calendar
excludes. `disabled`, `not_defined`, `removed`: no schedule was in force. `upcoming`: it is in the future.
`pending`: it has passed and nothing is on record about it yet.
"""


class Fact(msgspec.Struct, frozen=True, kw_only=True, tag_field="kind"):
    """Base of all facts.

    Attributes:
        entries: the `seq` of each entry that proves the fact; none if the fact follows from a clock or a calendar.
    """

    entries: list[int] = []


class ScheduleInForce(Fact, frozen=True, tag="scheduled"):
    """The definition in force, and whether its schedule has the instant.

    Attributes:
        revision: of the definition; `source` and `timezone` are its schedule as written.
        due: whether its schedule has the instant.
        before, after: the nearest instants of the schedule, if it does not have the instant.
        on_demand: the job has no schedule: it runs only when somebody asks for it.
        nominal: the instant as the schedule is written, if it has the instant and jitter moved it.
    """

    revision: str
    source: str
    timezone: str
    due: bool
    on_demand: bool = False
    before: datetime | None = None
    after: datetime | None = None
    nominal: datetime | None = None


class ExcludedDay(Fact, frozen=True, tag="excluded"):
    """The calendars `names` exclude the local `day` of the instant; with `only`, none of those has it.

    `recorded`: whether a `schedule.excluded` says that the instant passed.
    """

    day: str
    names: list[str]
    only: bool
    recorded: bool


class ScheduleChange(Fact, frozen=True, tag="rescheduled"):
    """The job has another schedule now, or none (`on_demand`)."""

    source: str
    timezone: str
    revision: str
    since: datetime
    on_demand: bool = False


class DaylightSaving(Fact, frozen=True, tag="daylight_saving"):
    """The clocks of the job's zone were changed near the instant.

    Attributes:
        change: when; `wall_from`, `wall_to`: what the clocks showed right before and after it, as ISO local times.
        effect: `made_up`: times that were skipped run at the change. `skipped`: times of a job at intervals that were
            skipped do not run. `first_of_two`: this local time comes again, and only this first one runs;
            `second_of_two`: it is the second, which does not run; `both`: a job at intervals runs both times.
        other: the other instant at which clocks show the same local time.
    """

    change: datetime
    wall_from: str
    wall_to: str
    timezone: str
    effect: Literal["made_up", "skipped", "first_of_two", "second_of_two", "both"]
    other: datetime | None = None


class Disablement(Fact, frozen=True, tag="disabled"):
    """The job was disabled: by whom, since when, why, until when it should last, and who enabled it again."""

    actor: str
    since: datetime
    reason: str
    until: datetime | None = None
    ended: datetime | None = None
    ended_by: str | None = None


class JobAbsence(Fact, frozen=True, tag="absent"):
    """The config did not have the job, not yet (`removed` is None) or no longer; `back`: when the job came (back)."""

    removed: datetime | None = None
    back: datetime | None = None


class RunOwed(Fact, frozen=True, tag="ticked"):
    """The instant fell due, and a run was owed for it."""

    run: int
    trigger: Trigger
    time: datetime
    lateness_ms: int


class RunStart(Fact, frozen=True, tag="run_began"):
    """The run was started.

    Attributes:
        adopted: whether it outlived the scheduler that started it.
        params: the values with which it started; secret: names of the parameters whose values nobody recorded.
    """

    run: int
    time: datetime
    adopted: bool = False
    params: dict[str, str] = {}
    secret: list[str] = []


class RunEnd(Fact, frozen=True, tag="run_ended"):
    """The run ended; from `message` on: what a Python job said of itself."""

    run: int
    time: datetime
    outcome: Outcome
    duration_ms: int | None = None
    exit_code: int | None = None
    signal: int | None = None
    error: str | None = None
    attempt: int = 1
    message: str | None = None
    items_processed: int | None = None
    items_failed: int | None = None
    metrics: Metrics = {}


class AttemptEnd(Fact, frozen=True, tag="attempt_ended"):
    """An attempt ended; the next one was to follow at `retry_at`, and did at `next_started`, unless that is None."""

    run: int
    attempt: int
    time: datetime
    retry_at: datetime
    outcome: Outcome
    duration_ms: int | None = None
    exit_code: int | None = None
    signal: int | None = None
    error: str | None = None
    next_started: datetime | None = None


class WaitEnd(Fact, frozen=True, tag="wait_ended"):
    """The run waited for another attempt, and makes none.

    Attributes:
        run: the run, which ended with this; outcome: how.
        attempt: its last attempt; time: when that was recorded.
        why: `within`: the time for its attempts was over. `cancelled`, `disabled`, `removed`: somebody wished so.
        actor, actor_reason: who, and why, if an entry says so.
    """

    run: int
    attempt: int
    time: datetime
    outcome: Outcome
    why: Literal["within", "cancelled", "disabled", "removed"]
    actor: str | None = None
    actor_reason: str = ""


class UnfinishedRun(Fact, frozen=True, tag="run_open"):
    """The run has not ended: it is running, or it waits to be started; `behind`: an earlier run of the same job.

    Attributes:
        attempt: the one that is going, or for which it waits; `retry_at`: until when it waits for that.
    """

    run: int
    started: datetime | None = None
    behind: int | None = None
    attempt: int = 1
    retry_at: datetime | None = None


class RunSkip(Fact, frozen=True, tag="run_skipped"):
    """The run was deliberately not made; `actor` and `actor_reason`: who caused that and why, if an entry did."""

    run: int
    time: datetime
    reason: SkipReason
    actor: str | None = None
    actor_reason: str = ""


class BlockingRun(Fact, frozen=True, tag="in_the_way"):
    """The run that was in the way: its cause, when it started, when and how it ended (None: it has not)."""

    run: int
    trigger: Trigger
    scheduled_for: datetime | None = None
    started: datetime | None = None
    ended: datetime | None = None
    outcome: Outcome | None = None


class ReplacingRun(Fact, frozen=True, tag="replaced_by"):
    """The newer run of the job that took the place of this one, and the instant for which that is."""

    run: int
    scheduled_for: datetime | None = None


class TakenSlots(Fact, frozen=True, tag="slots_taken"):
    """All slots were taken, so that nothing else could start: `runs` and `jobs` name the runs, oldest first."""

    runs: list[int]
    jobs: list[str]
    since: datetime | None = None


class ManualRun(Fact, frozen=True, tag="by_hand"):
    """A person had the job run at that moment, whatever its schedule."""

    run: int
    actor: str
    time: datetime
    reason: str = ""


class SchedulerDowntime(Fact, frozen=True, tag="scheduler_down"):
    """No scheduler was running.

    Attributes:
        how: `never`: no scheduler had ever run. `stopped`: it stopped in an orderly way, for `reason`. `died`: it
            ended without an entry.
        since: when the scheduler stopped; if it died, its last entry's time; None for `never`.
        until: when the next scheduler started; None if none has.
        later: the scheduler was running at the instant but did not see it, and died before it had settled it. Another
            fact says why it did not see it, if that is on record.
    """

    how: Literal["never", "stopped", "died"]
    since: datetime | None = None
    reason: str = ""
    until: datetime | None = None
    later: bool = False


class ClockStep(Fact, frozen=True, tag="clock_stepped"):
    """The clock was set, or the machine slept; `unwatched`: it was set back while no scheduler was running.

    `by_ms` is positive for a jump ahead. Wall time went from `before` to `after`; for `unwatched`, these are the
    times of two entries.
    """

    cause: Literal["step", "suspend", "unwatched"]
    by_ms: int
    before: datetime
    after: datetime


class SettledAhead(Fact, frozen=True, tag="settled_ahead"):
    """The instant, and all of the job's instants up to `until`, were settled while the clock was ahead of now.

    None of these instants comes again; the entry proves what the clock showed when the instant was settled.
    """

    time: datetime
    until: datetime


class SecondPass(Fact, frozen=True, tag="second_pass"):
    """The clock was set back and showed the instant again; the schedule of that time has it, but it was settled.

    Attributes:
        revision: of the definition in force at that time; `source` and `timezone` are its schedule as written.
        until: the moment up to which the job's instants were settled by then: none of them is settled twice.
    """

    revision: str
    source: str
    timezone: str
    until: datetime


class SchedulerPause(Fact, frozen=True, tag="ledger_paused"):
    """The ledger could not be written (a full disk), so nothing was started; `until` is None while that goes on."""

    since: datetime | None
    reason: str
    until: datetime | None = None


class Misfire(Fact, frozen=True, tag="misfired"):
    """The instant passed unwatched; the misfire records it together with its neighbours.

    Attributes:
        first, last, count: of the instants that passed unwatched.
        will_run: how many of them were caught up.
    """

    time: datetime
    first: datetime
    last: datetime
    count: int
    will_run: int
    reason: MisfireReason


class ClosedSchedule(Fact, frozen=True, tag="closed"):
    """The instant passed unwatched, and its schedule ceased to be in force before it was settled: it is not run."""

    time: datetime
    actor: str
    by: Literal["replaced", "disabled", "removed"]
    settled: bool


class CatchUpRefusal(Fact, frozen=True, tag="not_wanted"):
    """Why catch-up did not run the instant: the policy is `none` or `one`, or its limit or window left it out.

    Attributes:
        ran_instead: some of the instants that were caught up; `runs`: the numbers of their runs.
    """

    policy: CatchUp
    rule: Literal["none", "one", "limit", "window"]
    limit: int | None = None
    window_ms: int | None = None
    ran_instead: list[datetime] = []
    runs: list[int] = []


class UpcomingInstant(Fact, frozen=True, tag="to_come"):
    """The instant is in the future or has just passed; `serving`: whether a scheduler serves the home.

    Attributes:
        caught_up: for an instant that has passed: whether a scheduler that starts now would run it.
    """

    serving: bool
    caught_up: bool | None = None


class Explanation(msgspec.Struct, frozen=True, kw_only=True):
    """The answer about one instant.

    Attributes:
        job: the job.
        instant: the instant that was asked about; the schedule has it unless the verdict says otherwise.
        timezone: of the definition in force at the instant; of the present one if there was none.
        verdict: what became of the instant.
        facts: the facts, in the order in which they are to be shown.
    """

    job: str
    instant: datetime
    timezone: str
    verdict: Verdict
    facts: list[Fact]

    @property
    def entries(self) -> list[int]:
        """All entries that prove the answer, in their order."""
        return sorted({seq for fact in self.facts for seq in fact.entries})
