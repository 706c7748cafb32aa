"""Facts about when a job is due: its schedule, its definition, and what became of its instants."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from scheduler.definition import CatchUp
from scheduler.entry_members import MisfireReason
from scheduler.explanation.facts.fact import Fact


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
    """The job has another schedule now, or none (`on_demand`), or the same on other days (`other_days`)."""

    source: str
    timezone: str
    revision: str
    since: datetime
    on_demand: bool = False
    other_days: bool = False


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
        edited: the config has an edit of the job that is not on record, and that decides it.
        held_up: the scheduler that serves cannot do anything now.
    """

    serving: bool
    caught_up: bool | None = None
    edited: bool = False
    held_up: bool = False


class PersonSettled(Fact, frozen=True, tag="settled_by_hand"):
    """A person settled the job's instants up to `until` without a run."""

    actor: str
    time: datetime
    until: datetime
    reason: str


class Reopening(Fact, frozen=True, tag="reopened"):
    """The instant had been settled, and a person opened it again before it came."""

    actor: str
    time: datetime
    reason: str
