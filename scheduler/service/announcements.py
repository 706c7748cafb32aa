"""Announcements: what a person at the terminal of `serve` should know although it is no entry of the ledger."""

from __future__ import annotations

import msgspec

from scheduler.configuration.applied.own_file import FileStanding
from scheduler.rules.requests.upcoming import Outlook
from scheduler.rules.runs.slots import FullSlots
from scheduler.version import ReplacedPart


class Ready(msgspec.Struct, frozen=True):
    """The scheduler has settled what it missed, and waits for what falls due.

    Attributes:
        outlook: what is ahead; None if that cannot be told.
        has_key: its ledger is signed.
    """

    outlook: Outlook | None = None
    has_key: bool = False


class NodeReady(msgspec.Struct, frozen=True):
    """It is on record that this node serves; `outlook` as of `Ready`."""

    node: str
    outlook: Outlook | None = None


class Leads(msgspec.Struct, frozen=True):
    """This node leads from now on. `has_key`: the ledger is signed."""

    node: str
    has_key: bool = False


class Follows(msgspec.Struct, frozen=True):
    """This node leads no longer."""

    node: str


class DatabaseAway(msgspec.Struct, frozen=True):
    """The database cannot be reached: what runs goes on, and nothing new is started. `why`: in words."""

    why: str


class DatabaseBack(msgspec.Struct, frozen=True):
    """It can be reached again, and what waited is recorded."""


class ClockOff(msgspec.Struct, frozen=True):
    """This machine's clock is ahead of the database's by so many seconds, or behind: its own counts for nothing."""

    by_s: float


class ChannelsNamed(msgspec.Struct, frozen=True):
    """The config that is put in force names channels, as each such config announces: people are to be told."""


class TelemetryNamed(msgspec.Struct, frozen=True):
    """The config that is put in force names a receiver of traces, as each such config announces."""


class PingsWanted(msgspec.Struct, frozen=True):
    """The config that is put in force names an address for the heartbeat: it is to be pinged."""


class ConfigNotUsed(msgspec.Struct, frozen=True):
    """The edited config cannot be used; the last good one stays in force. It is announced once for each edit."""


class NotApplied(msgspec.Struct, frozen=True):
    """On a database: the home's config is not what is in force. It is announced once for each edit."""

    standing: FileStanding


class NothingApplied(msgspec.Struct, frozen=True):
    """On a database: no config was applied, or its text is not to be had; `digest` of the one on record, or empty."""

    digest: str = ""


class AppliedNotUnderstood(msgspec.Struct, frozen=True):
    """On a database: what was applied last is not understood by this version; what was in force before stays so."""

    reason: str


class CalendarsKept(msgspec.Struct, frozen=True):
    """These calendars have the days that are on record, with a start: their iCalendar files cannot be used."""

    names: tuple[str, ...]


class ConfigUnended(msgspec.Struct, frozen=True):
    """The last line of the edited config has no end: it is given time, in case it is still being written."""


class FsyncEdited(msgspec.Struct, frozen=True):
    """`scheduler.fsync` was edited, and only a start of the scheduler makes it take effect."""


class Upgraded(msgspec.Struct, frozen=True):
    """Other versions are installed than those that the scheduler uses until it is started again."""

    replaced: list[ReplacedPart]


class NotForked(msgspec.Struct, frozen=True):
    """Jobs in Python are started like commands for a while, which takes longer: why there is no fork server."""

    reason: str


class LockMadeAgain(msgspec.Struct, frozen=True):
    """Somebody had deleted the lock of the home: the scheduler made it again, and holds it."""


class SlotsTaken(msgspec.Struct, frozen=True):
    """All slots have been taken for a while, and runs wait for one. It is announced once until none waits."""

    full: FullSlots


class Stopping(msgspec.Struct, frozen=True):
    """The scheduler starts nothing more, and waits for so many runs to end: for its grace, or however long."""

    runs: int
    however_long: bool = False


class Leaving(msgspec.Struct, frozen=True):
    """The scheduler starts nothing more, and leaves so many runs going."""

    runs: int


class CannotLeave(msgspec.Struct, frozen=True):
    """Runs were to be left going, and cannot outlive this process: it is number 1, with which all others end."""


class Killing(msgspec.Struct, frozen=True):
    """A further signal came while the scheduler was stopping: it kills the runs."""


NodeAnnouncement = NodeReady | Leads | Follows | DatabaseAway | DatabaseBack | ClockOff
"""How a node stands."""

Announcement = (
    Ready
    | NodeAnnouncement
    | ChannelsNamed
    | TelemetryNamed
    | PingsWanted
    | ConfigNotUsed
    | NotApplied
    | NothingApplied
    | AppliedNotUnderstood
    | CalendarsKept
    | ConfigUnended
    | FsyncEdited
    | Upgraded
    | NotForked
    | LockMadeAgain
    | SlotsTaken
    | Stopping
    | Leaving
    | CannotLeave
    | Killing
)
