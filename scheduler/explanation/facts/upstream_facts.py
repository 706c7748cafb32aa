"""Facts about the jobs that must succeed before a job runs."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from scheduler.entry_members import Outcome, SkipReason
from scheduler.explanation.facts.fact import Fact

UpstreamState = Literal[
    "succeeded", "failed", "skipped", "missed", "crowded", "late",
    "running", "waiting", "upcoming", "not_due", "excluded", "disabled", "absent",
]  # fmt: skip


class JobsBefore(Fact, frozen=True, tag="after"):
    """The job runs once the jobs `names` have succeeded: for the same instant, or at most `within_ms` before.

    `revision`: of the definition in force.
    """

    names: list[str]
    revision: str
    within_ms: int | None = None


class UpstreamResult(Fact, frozen=True, tag="upstream"):
    """What became of the instant in one of the jobs before.

    Attributes:
        job: that job.
        state: `failed`: its run ended otherwise than with success. `crowded`: too many instants were awaited. `late`:
            its last success is too old, or there is none. `absent`: the config did not have it. The others are as in
            an explanation of an instant of that job.
        run: its run; time: when that was recorded, or its last success.
        outcome: of a run that ended; reason: why a run was skipped.
    """

    job: str
    state: UpstreamState
    run: int | None = None
    time: datetime | None = None
    outcome: Outcome | None = None
    reason: SkipReason | None = None
