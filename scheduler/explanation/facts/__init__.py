"""The parts of an explanation: a verdict about one instant of one job, and the facts on which it rests.

Each fact names the entries that prove it. A fact holds values, not words; `cli.words` words it.
"""

from __future__ import annotations

from scheduler.explanation.facts.explanation import Explanation, Verdict
from scheduler.explanation.facts.fact import Fact
from scheduler.explanation.facts.run_facts import (
    AttemptEnd,
    Backfilling,
    BlockingRun,
    LateRun,
    LateSuccess,
    LockInTheWay,
    ManualRun,
    NodeRefusal,
    NoNode,
    ReplacingRun,
    RunEnd,
    RunOwed,
    RunSkip,
    RunStart,
    TakenSlots,
    UnfinishedRun,
    WaitEnd,
)
from scheduler.explanation.facts.schedule_facts import (
    CatchUpRefusal,
    ClosedSchedule,
    DaylightSaving,
    Disablement,
    ExcludedDay,
    JobAbsence,
    Misfire,
    PersonSettled,
    Reopening,
    ScheduleChange,
    ScheduleInForce,
    SecondPass,
    SettledAhead,
    UpcomingInstant,
)
from scheduler.explanation.facts.scheduler_facts import ClockStep, SchedulerDowntime, SchedulerPause
from scheduler.explanation.facts.upstream_facts import JobsBefore, UpstreamResult

__all__ = [
    "AttemptEnd",
    "Backfilling",
    "BlockingRun",
    "CatchUpRefusal",
    "ClockStep",
    "ClosedSchedule",
    "DaylightSaving",
    "Disablement",
    "ExcludedDay",
    "Explanation",
    "Fact",
    "JobAbsence",
    "JobsBefore",
    "LateRun",
    "LateSuccess",
    "LockInTheWay",
    "ManualRun",
    "Misfire",
    "NoNode",
    "NodeRefusal",
    "PersonSettled",
    "Reopening",
    "ReplacingRun",
    "RunEnd",
    "RunOwed",
    "RunSkip",
    "RunStart",
    "ScheduleChange",
    "ScheduleInForce",
    "SchedulerDowntime",
    "SchedulerPause",
    "SecondPass",
    "SettledAhead",
    "TakenSlots",
    "UnfinishedRun",
    "UpcomingInstant",
    "UpstreamResult",
    "Verdict",
    "WaitEnd",
]
