"""The types of entries about a scheduler and its clock."""

from datetime import datetime
from typing import ClassVar, Literal

from scheduler.vocabulary.payload import Payload


class SchedulerStarted(Payload, frozen=True):
    """A scheduler began to watch this home. `boottime_ms` is the machine's boot clock at that moment."""

    TYPE: ClassVar[str] = "scheduler.started"
    pid: int
    host: str
    boot_id: str
    versions: dict[str, str]
    config: str | None = None
    boottime_ms: int | None = None


class SchedulerStopped(Payload, frozen=True):
    """It stopped in an orderly way; after a crash there is no such entry. Runs that it left go on unwatched."""

    TYPE: ClassVar[str] = "scheduler.stopped"
    reason: str
    runs_stopped: int = 0
    runs_left: int = 0


class SchedulerPaused(Payload, frozen=True):
    """The ledger could not be written (a full disk): nothing new is started until it can be again."""

    TYPE: ClassVar[str] = "scheduler.paused"
    reason: str


class SchedulerResumed(Payload, frozen=True):
    """The ledger can be written again."""

    TYPE: ClassVar[str] = "scheduler.resumed"
    paused_ms: int


class ClockStepped(Payload, frozen=True):
    """The wall clock jumped, or the machine slept.

    `by_ms` is positive for a jump ahead. The instants from `before` to `after` are those affected.
    `boottime_ms` is the machine's boot clock at that moment.
    """

    TYPE: ClassVar[str] = "clock.stepped"
    kind: Literal["step", "suspend"]
    by_ms: int
    before: datetime
    after: datetime
    boottime_ms: int | None = None
