"""What an attempt may use, and as whom it acts: of those attempts alone that do not simply act as the scheduler."""

from __future__ import annotations

from typing import NamedTuple

from scheduler.definition import Limits


class RunAs(NamedTuple):
    """Another user than the scheduler's.

    Attributes:
        name: as it is written, `user` or `user:group`; user: the user alone.
        uid, gid: numbers; groups: all of them.
    """

    name: str
    user: str
    uid: int
    gid: int
    groups: tuple[int, ...]


class Confinement(NamedTuple):
    """What an attempt may use, and as whom it acts; None: as the scheduler itself."""

    limits: Limits | None = None
    run_as: RunAs | None = None

    @property
    def memory_bytes(self) -> int | None:
        """How much memory it may use."""
        return None if self.limits is None else self.limits.memory_bytes
