"""The part of the state that is about nodes: who serves the ledger, who leads, to which node a run is assigned."""

from __future__ import annotations

from datetime import datetime
from typing import Final, Literal

import msgspec

from scheduler.rules.awaited import EndedWait

ALL_JOBS: Final = "*"
"""In place of the name of a job: the node can run none, or more of them not than could be recorded."""
Standing = Literal["serving", "drained", "left", "lost"]
"""How it stands with a node by what is on record; that one is silent is not on record until it is lost."""


class LostAttempt(msgspec.Struct, frozen=True, gc=False):
    """An attempt that is lost on record, and of which its node has not told how it went.

    `seq` and `time` are those of the entry that says that it is lost.
    """

    run: int
    attempt: int
    job: str
    seq: int
    time: datetime


class Node(msgspec.Struct, gc=False, omit_defaults=True):
    """A node, as it was described last.

    Attributes:
        name: by which `runs_on`, assignments and people name it.
        joined_seq, joined: since when its present process serves.
        described_seq: the entry from which labels, `max_parallel` and `unfit` are.
        host, boot_id, pid, versions, incarnation: of that process.
        labels: besides its name, what a job may ask for by `runs_on`.
        max_parallel: how many runs it takes at once; unfit: jobs that it cannot run, each with the reason.
        left_seq, left, left_reason: where it stopped in an orderly way; None while it serves.
        lost_seq, lost, silent_since: where it was given up; None if it was not, or serves again.
        drained_seq, drained, drained_by, drained_reason: where a person said that it takes nothing new; None if none
            did, or its end is on record.
        term: the last one in which it led; 0 if it never did.
        lost_attempts: those of it that are lost on record and of which it has told nothing, the oldest first.
    """

    name: str
    joined_seq: int
    joined: datetime
    described_seq: int
    host: str
    boot_id: str
    pid: int
    max_parallel: int
    incarnation: str
    labels: list[str] = []
    versions: dict[str, str] = {}
    unfit: dict[str, str] = {}
    left_seq: int | None = None
    left: datetime | None = None
    left_reason: str | None = None
    lost_seq: int | None = None
    lost: datetime | None = None
    silent_since: datetime | None = None
    drained_seq: int | None = None
    drained: datetime | None = None
    drained_by: str | None = None
    drained_reason: str | None = None
    term: int = 0
    lost_attempts: list[LostAttempt] = []

    @property
    def serves(self) -> bool:
        """Whether it is there by what is on record: it has joined, and neither left nor was lost since."""
        return self.left_seq is None and self.lost_seq is None

    @property
    def takes_new(self) -> bool:
        """Whether it takes runs by what is on record."""
        return self.serves and self.drained_seq is None

    @property
    def standing(self) -> Standing:
        """How it stands with it by what is on record; what is gone is not called drained."""
        if self.lost_seq is not None:
            return "lost"
        if self.left_seq is not None:
            return "left"
        return "serving" if self.drained_seq is None else "drained"

    def why_unfit(self, job: str) -> str | None:
        """Why it cannot run a job, or any; None if it can."""
        return self.unfit.get(job) or self.unfit.get(ALL_JOBS)

    def answers_to(self, label: str | None) -> bool:
        """Whether a job that `runs_on` this may run here; a node's own name is one of its labels."""
        return label is None or label == self.name or label in self.labels


class Leader(msgspec.Struct, frozen=True, gc=False):
    """The node that leads, the number of its term, and the entry by which it does, with its time."""

    node: str
    term: int
    seq: int
    time: datetime


class Assignment(msgspec.Struct, frozen=True, gc=False, omit_defaults=True):
    """Which node is to make the next attempt of a run, which has not started it yet.

    Attributes:
        node: its name; attempt: which attempt.
        seq, time: of the entry that assigned it.
        successes: the entries with which the jobs succeeded for which it had to wait.
        waited: for what it had waited.
        instead_of: the node that had it before and fell silent.
    """

    node: str
    attempt: int
    seq: int
    time: datetime
    successes: list[int] = []
    waited: EndedWait | None = None
    instead_of: str | None = None
