"""What comes of an import: jobs in the words of the config, and what is to be said of each line of the source."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal, NamedTuple, Protocol

Kind = Literal["note", "lost", "refused"]


class InstantSource(Protocol):
    """The instants of a job by the rules of the scheduler that it comes from."""

    def after(self, instant: datetime) -> Iterator[datetime]:
        """Those strictly later, ascending, in UTC; it may end."""
        ...

    def reach(self, instant: datetime) -> datetime:
        """How far they are known from an instant on."""
        ...


class Remark(NamedTuple):
    """Something to say of a line of the source.

    Attributes:
        line: counted from 1.
        kind: `note`: it is carried over, and there is something to know; `lost`: something of it is not carried over,
            and the job does not need it to run at its times; `refused`: no job came of it.
        text: what, as a sentence without a full stop.
        file: in which the line stands, where the source has several.
    """

    line: int
    kind: Kind
    text: str
    file: str = ""


@dataclass
class ImportedJob:
    """A job as the config takes it.

    Attributes:
        name: unique in its import.
        line: where in the source it stands.
        keys: the keys of the config, in the order in which they are written.
        source: the line, or the name of the unit, for people.
        instants: its times by the rules of its source; None: they come from no arithmetic.
        file: where it stands, where the source has several files.
        comments: of the source, to stand above it in the config.
    """

    name: str
    line: int
    keys: dict[str, object]
    source: str
    instants: InstantSource | None
    file: str = ""
    comments: list[str] = field(default_factory=list)


@dataclass
class Conversion:
    """What a source came to.

    Attributes:
        source: its name, for people.
        jobs: in the order of the source.
        remarks: in that order too.
        calendars: that the jobs need, by name, as the config takes them.
        comments: that belong to no job and stand behind the last one.
    """

    source: str
    jobs: list[ImportedJob] = field(default_factory=list)
    remarks: list[Remark] = field(default_factory=list)
    calendars: dict[str, object] = field(default_factory=dict)
    comments: list[str] = field(default_factory=list)

    def remark(self, line: int, kind: Kind, text: str, file: str = "") -> None:
        """Say something of a line."""
        self.remarks.append(Remark(line, kind, text, file))


class Surroundings(NamedTuple):
    """What a conversion has to know of the machine.

    Attributes:
        zone: IANA name of the zone in which times are read where the source names none.
        owner: the user as whom jobs run that say nothing else: the owner of the home.
        runs_as_others: whether the home's jobs may run as other users.
        home_of: the home folder of a user; None if there is no such user.
        taken: names that jobs have already; taken_calendars: those of calendars.
    """

    zone: str
    owner: str
    runs_as_others: bool
    home_of: Callable[[str], str | None]
    taken: Sequence[str] = ()
    taken_calendars: Sequence[str] = ()


CRON_PATH = "/usr/bin:/bin"
"""The PATH that cron gives to commands where the crontab says nothing (`_PATH_DEFPATH`; seen in Debian 12)."""
