"""A change to a job that a second person has to approve."""

from __future__ import annotations

from datetime import datetime

import msgspec

from scheduler.definition import JobDefinition
from scheduler.entry_members import Person


class PendingChange(msgspec.Struct, omit_defaults=True):
    """What the config says of a job, where that is not in force, and who asked for it.

    Attributes:
        seq: the entry that asked for it; time: when; actor: by whom.
        person: the same, as far as anything vouches for a person.
        config: digest of the config that says so.
        revision: of the new definition; empty if the job is to be removed.
        definition: the new one; None if the job is to be removed.
        changed: in which members it differs from the one in force; empty if there is none.
        given_seq: the entry that approved it. The change follows it, and is missing only after a crash.
        rejected_seq: the entry by which a person rejected it; rejected_by: that person's name there.
    """

    seq: int
    time: datetime
    actor: str
    person: Person
    config: str
    revision: str
    definition: JobDefinition | None = None
    changed: list[str] = []
    given_seq: int | None = None
    rejected_seq: int | None = None
    rejected_by: str = ""

    @property
    def waits(self) -> bool:
        """Whether somebody is to approve or reject it."""
        return self.given_seq is None and not self.was_rejected

    @property
    def was_rejected(self) -> bool:
        """Whether a person rejected it, and the config still says so."""
        return self.rejected_seq is not None


def needs_approval(old: JobDefinition | None, new: JobDefinition | None) -> bool:
    """Whether a second person has to approve that a job's definition `old` becomes `new`; None: there is none."""
    return any(each is not None and each.approval == "required" for each in (old, new))
