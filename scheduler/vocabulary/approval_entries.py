"""The types of entries about changes that a second person has to approve: `approval: required` of a job."""

from typing import ClassVar

from scheduler.definition import JobDefinition
from scheduler.entry_members import Claims, Person
from scheduler.vocabulary.payload import Payload


class ApprovalRequested(Payload, frozen=True):
    """The config has another definition of a job than the one in force, or none (`definition` is not there).

    What is in force stays so until another one than `person` approves the change. `revision` is that of the new
    definition, empty for a removal; `changed` names the members in which the two differ. A later one about the same
    job replaces it; one by a person, and not by the config, says that this person wants the change.
    """

    TYPE: ClassVar[str] = "approval.requested"
    revision: str
    config: str
    person: Person
    definition: JobDefinition | None = None
    changed: list[str] = []
    claims: Claims | None = None


class ApprovalGiven(Payload, frozen=True):
    """A second person approved the change that entry `request` asked for; it follows, and names this entry."""

    TYPE: ClassVar[str] = "approval.given"
    request: int
    revision: str
    person: Person
    reason: str = ""
    claims: Claims | None = None


class ApprovalWithdrawn(Payload, frozen=True):
    """The change that entry `request` asked for is pending no longer, and did not come into force.

    By the config: it has another definition now, or the one in force again. By a person: the change was rejected, and
    as long as the config has it, only a person asks for it anew.
    """

    TYPE: ClassVar[str] = "approval.withdrawn"
    request: int
    reason: str = ""
    person: Person | None = None
    claims: Claims | None = None
