"""The types of entries about a job: its definition, and whether it runs on its schedule."""

from datetime import datetime
from typing import ClassVar

from scheduler.definition import JobDefinition
from scheduler.entry_members import Claims
from scheduler.vocabulary.payload import Payload


class JobDefined(Payload, frozen=True):
    """First sight of a job (`changed` is empty), or a change to it; `approval`: the entry that approved it."""

    TYPE: ClassVar[str] = "job.defined"
    definition: JobDefinition
    revision: str
    config: str
    changed: list[str] = []
    approval: int | None = None


class JobRemoved(Payload, frozen=True):
    """The config no longer has this job; `approval`: the entry that approved its removal."""

    TYPE: ClassVar[str] = "job.removed"
    config: str
    approval: int | None = None


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
