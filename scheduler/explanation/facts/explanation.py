"""What became of one instant of one job, and the facts on which that rests."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

import msgspec

from scheduler.explanation.facts.fact import Fact

Verdict = Literal[
    "ran",
    "running",
    "waiting",
    "skipped",
    "missed",
    "settled",
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
`skipped`: its run was deliberately not made. `missed`: no scheduler watched, and it was not caught up. `settled`: a
person settled it without a run. `not_due`: the schedule in force does not have it. `excluded`: the schedule has it,
on a day that a calendar excludes. `disabled`, `not_defined`, `removed`: no schedule was in force. `upcoming`: it is
in the future. `pending`: it has passed and nothing is on record about it yet.
"""


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
