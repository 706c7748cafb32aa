"""Announcements: what a person at the terminal of `serve` should know although it is no entry of the ledger."""

from __future__ import annotations

import msgspec

from scheduler.rules.slots import FullSlots
from scheduler.version import ReplacedPart


class Ready(msgspec.Struct, frozen=True):
    """The scheduler has settled what it missed, and waits for what falls due."""


class ConfigNotUsed(msgspec.Struct, frozen=True):
    """The edited config cannot be used; the last good one stays in force. It is announced once for each edit."""


class FsyncEdited(msgspec.Struct, frozen=True):
    """`scheduler.fsync` was edited, and only a start of the scheduler makes it take effect."""


class Upgraded(msgspec.Struct, frozen=True):
    """Other versions are installed than those that the scheduler uses until it is started again."""

    replaced: list[ReplacedPart]


class SlotsTaken(msgspec.Struct, frozen=True):
    """All slots have been taken for a while, and runs wait for one. It is announced once until none waits."""

    full: FullSlots


class Stopping(msgspec.Struct, frozen=True):
    """The scheduler starts nothing more, and waits for so many runs to end."""

    runs: int


class Killing(msgspec.Struct, frozen=True):
    """A further signal came while the scheduler was stopping: it kills the runs."""


Announcement = Ready | ConfigNotUsed | FsyncEdited | Upgraded | SlotsTaken | Stopping | Killing
