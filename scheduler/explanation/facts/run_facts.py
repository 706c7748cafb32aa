"""Facts about runs: how one was owed, began and ended, and what was in its way."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

import msgspec

from scheduler.entry_members import BreachEnd, Expectation, Metrics, Outcome, SkipReason, Trigger
from scheduler.explanation.facts.fact import Fact
from scheduler.rules.nodes.placement import RefusalKind


class RunOwed(Fact, frozen=True, tag="ticked"):
    """The instant fell due, and a run was owed for it."""

    run: int
    trigger: Trigger
    time: datetime
    lateness_ms: int


class Backfilling(Fact, frozen=True, tag="backfill"):
    """A person asked that the instant be backfilled.

    Attributes:
        actor, time, reason: who, when and why.
        turn: `had`: it has a run by that. `to_come`: it waits for its turn. `ended`: the backfill ended before it.
        ended, ended_by: when that was, and who ended it.
    """

    actor: str
    time: datetime
    reason: str
    turn: Literal["had", "to_come", "ended"]
    ended: datetime | None = None
    ended_by: str | None = None


class RunStart(Fact, frozen=True, tag="run_began"):
    """The run was started.

    Attributes:
        adopted: whether it outlived the process that watched it first.
        params: the values with which it started; secret: names of what has values that nobody recorded.
        run_as: the user as whom it started, where that is not the scheduler's.
        node: the node on which it started, where several share the ledger.
    """

    run: int
    time: datetime
    adopted: bool = False
    params: dict[str, str] = {}
    secret: list[str] = []
    run_as: str | None = None
    node: str | None = None


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
        node: the node that makes the attempt, or is to start it.
        attempt: the one that is going, or for which it waits; `retry_at`: until when it waits for that.
        needs: what it waits for beside what other facts say: `scheduler`: none serves the home. `paused`: the
            scheduler cannot write the ledger, and starts nothing.
        gives_up_at: when it will not be started any more, if that is known.
    """

    run: int
    started: datetime | None = None
    behind: int | None = None
    attempt: int = 1
    retry_at: datetime | None = None
    needs: Literal["scheduler", "paused"] | None = None
    gives_up_at: datetime | None = None
    node: str | None = None


class RunSkip(Fact, frozen=True, tag="run_skipped"):
    """The run was deliberately not made; `actor` and `actor_reason`: who caused that and why, if an entry did."""

    run: int
    time: datetime
    reason: SkipReason
    actor: str | None = None
    actor_reason: str = ""


class LateRun(Fact, frozen=True, tag="late"):
    """What is expected of the run (`expect`) did not hold from `since` on, to `until` if that has ended, `by` what.

    Attributes:
        run: the run.
        expectation, limit_ms: what is expected, and within how long.
        since, until, by: as `expectation.breached` and `expectation.met` have them.
    """

    run: int
    expectation: Expectation
    limit_ms: int
    since: datetime
    until: datetime | None = None
    by: BreachEnd | None = None


class LateSuccess(Fact, frozen=True, tag="late_success"):
    """No success of the job had come within what is expected of it (`success_every`), at the instant asked about.

    Attributes:
        limit_ms: within how long one was expected.
        since, until, by: as `expectation.breached` and `expectation.met` have them; it goes on if there is no end.
    """

    limit_ms: int
    since: datetime
    until: datetime | None = None
    by: BreachEnd | None = None


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


class LockInTheWay(Fact, frozen=True, tag="lock"):
    """Other runs held a lock that the run needs; or an older run waited for it (`older`), and comes first.

    `since`: when the last of them took it. `waits`: the run waits still. `whose`: the run that waited for the lock.
    """

    lock: str
    runs: list[int]
    jobs: list[str]
    since: datetime | None = None
    older: bool = False
    waits: bool = False
    whose: int | None = None


class NodeRefusal(msgspec.Struct, frozen=True):
    """Why a node takes no run of a job; see `placement.Refusal`."""

    node: str
    kind: RefusalKind
    why: str
    runs: list[int]


class NoNode(Fact, frozen=True, tag="no_node"):
    """No node takes the run now; `label` is what the job runs on (`runs_on`), None: any node."""

    label: str | None
    nodes: list[NodeRefusal]


class ManualRun(Fact, frozen=True, tag="by_hand"):
    """A person had the job run at that moment, whatever its schedule."""

    run: int
    actor: str
    time: datetime
    reason: str = ""
