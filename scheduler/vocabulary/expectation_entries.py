"""The types of entries about what is expected of a job."""

from datetime import datetime
from typing import ClassVar

from scheduler.entry_members import BreachEnd, Expectation
from scheduler.vocabulary.payload import Payload


class ExpectationBreached(Payload, frozen=True):
    """What is expected of a job (`expect`), within `limit_ms`, does not hold from `since` on.

    `since` is true, however much later this was recorded: no scheduler may have served then. Of `start_within` and
    `finish_within` the entry names the run, and `scheduled_for` is the instant of that. It is recorded once;
    `expectation.met` ends it.
    """

    TYPE: ClassVar[str] = "expectation.breached"
    expectation: Expectation
    limit_ms: int
    since: datetime
    scheduled_for: datetime | None = None


class ExpectationMet(Payload, frozen=True):
    """The breach that entry `breach` tells of ended at `until`: by what became of the run, or of the job.

    `because_of` is the entry that ended it.
    """

    TYPE: ClassVar[str] = "expectation.met"
    expectation: Expectation
    breach: int
    since: datetime
    until: datetime
    by: BreachEnd
    because_of: int
