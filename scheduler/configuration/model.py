"""What a config says, once it has been read: the jobs, where each setting comes from, and what looks odd."""

from __future__ import annotations

import time
from collections.abc import ItemsView, Iterator, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from struct import pack
from types import MappingProxyType
from typing import TYPE_CHECKING, Final, NamedTuple

import msgspec

from scheduler.configuration.errors import NotYetKnown
from scheduler.definition import JobDefinition, SchedulerSettings

if TYPE_CHECKING:
    from scheduler.evidence.settings import LedgerSettings
    from scheduler.notifications.settings import Channel
    from scheduler.rules.nodes.node_settings import NodeSettings
    from scheduler.rules.reconcile import CalendarDefinition
    from scheduler.telemetry.settings import TelemetrySettings


RETRY_S: Final = 60.0
"""What takes long to read and could not be read is not tried again sooner than this."""


class SlowParts(NamedTuple):
    """How to come by what takes long to read of a config: what extensions declare, the days of iCalendar files.

    Attributes:
        failed_since_s: None: what is not known yet is read, by a process of its own. Else it is not: `NotYetKnown` is
            raised if it was never read, or could not be before this moment, in seconds since 1970.
        calendars: those that are in force; one of the same name that has an iCalendar file has these days.
        days_matter: whether such files are to be read at all. If not, some days or other stand for theirs: for
            whoever asks for what has nothing to do with when jobs run.
    """

    failed_since_s: float | None = None
    calendars: Mapping[str, CalendarDefinition] = MappingProxyType({})
    days_matter: bool = True

    def tries_again(self, failed_at_s: float) -> bool:
        """Whether what could not be read at a moment, in seconds since 1970, is to be read again."""
        since_s = time.time() - RETRY_S if self.failed_since_s is None else self.failed_since_s
        return failed_at_s < since_s

    def check_reads(self) -> None:
        """Something is not known yet.

        Raises:
            NotYetKnown: it is not to be read.
        """
        if self.failed_since_s is not None:
            raise NotYetKnown


READ_NOW: Final = SlowParts()
"""Read what is not known yet."""
WHATEVER_DAYS: Final = SlowParts(days_matter=False)
"""The same, but for iCalendar files: a broken one hides nothing else that the config says."""


class ConfigLint(NamedTuple):
    """Something in a config that is legal and yet likely to surprise the person who wrote it.

    Attributes:
        line: Counted from 1.
        column: Counted from 1.
        job: The job that it is about; empty for the file as a whole.
        code: A stable name for the kind of remark, such as `uneven-step`.
        message: What will happen, in a sentence without a full stop.
        file: Where lines are counted: empty for `config.yaml`, else the name of a part; None for that of the job.
    """

    line: int
    column: int
    job: str
    code: str
    message: str
    file: str | None = None


class Place(NamedTuple):
    """A place in the file; both count from 1."""

    line: int
    column: int


TOP: Final = Place(1, 1)
"""Where a file begins."""


class ConfiguredJob(msgspec.Struct, frozen=True, kw_only=True):
    """A job as the config has it.

    Attributes:
        definition: What the ledger records.
        env: The real values of its environment, for its processes only: never recorded or shown.
        written: The keys that the job has itself, each with its line; variables as `env.NAME`.
        inherited: The same for the keys in `defaults:`; shared by all jobs.
        timing_place: Where the value of `schedule`, `every` or `at` begins.
        file: Where it stands: empty for `config.yaml`, else the name of a part, such as `config.d/backup.yaml`.
    """

    definition: JobDefinition
    env: Mapping[str, str]
    written: Mapping[str, int]
    inherited: Mapping[str, int]
    timing_place: Place
    file: str = ""


class KeyLines(Mapping[str, int]):
    """Keys, each with its line, of one of thousands of jobs: a third of the memory of a dict.

    Args:
        lines: The same as a dict.
    """

    __slots__ = ("_lines", "_names")

    def __init__(self, lines: Mapping[str, int]) -> None:
        names = tuple(lines)
        self._names = _names.setdefault(names, names) if len(_names) < _NAMES_MAX else names
        self._lines = pack(f"{len(names)}I", *lines.values())

    def __getitem__(self, name: str) -> int:
        if name not in self._names:
            raise KeyError(name)
        return memoryview(self._lines).cast("I")[self._names.index(name)]

    def __iter__(self) -> Iterator[str]:
        return iter(self._names)

    def items(self) -> ItemsView[str, int]:
        """All at once, which is faster than one by one."""
        return dict(zip(self._names, memoryview(self._lines).cast("I"), strict=True)).items()

    def __len__(self) -> int:
        return len(self._names)


_NAMES_MAX: Final = 1_024
_names: dict[tuple[str, ...], tuple[str, ...]] = {}
"""The keys that jobs have: most have the same."""


class Config:
    """A valid config.

    Attributes:
        path: The file.
        digest: SHA-256 (hex) of its bytes; of several files, of all of them as `files.joined` puts them together.
        jobs: By name, in the order of the file.
        settings: Of the scheduler itself.
        ledger: How the ledger is signed.
        calendars: By name.
        calendar_files: The iCalendar files that were read.
        channels: By name.
        nodes: By name; nodes_place: Where the block stands.
        telemetry: Where traces are sent; None: there is no such block.
        remarks: What reading it found legal but surprising; `lints.lints` has these and those about schedules.
        owner: Who could have written all of it; nobody else but root could. Empty if that is not known.
        parts: Names of its further files, such as `config.d/backup.yaml`.
        read_at: When it was read; None if single instants that have passed are nobody's concern.
        is_self_contained: Whether its text and the salt alone decide what it says: no code of an extension, iCalendar
            file, folder or user of this machine was asked.
    """

    __slots__ = (
        "calendar_files", "calendars", "channels", "digest", "is_self_contained", "jobs", "ledger", "nodes",
        "nodes_place", "owner", "parts", "path", "read_at", "remarks", "settings", "telemetry",
    )  # fmt: skip

    def __init__(
        self,
        path: Path,
        digest: str,
        jobs: Mapping[str, ConfiguredJob],
        settings: SchedulerSettings,
        remarks: Sequence[ConfigLint] = (),
        read_at: datetime | None = None,
        calendars: Mapping[str, CalendarDefinition] | None = None,
        calendar_files: Sequence[Path] = (),
        *,
        ledger: LedgerSettings,
        channels: Mapping[str, Channel] = MappingProxyType({}),
        nodes: Mapping[str, NodeSettings] = MappingProxyType({}),
        nodes_place: Place = TOP,
        telemetry: TelemetrySettings | None = None,
    ) -> None:
        self.owner = ""
        self.is_self_contained = False
        self.parts: tuple[str, ...] = ()
        self.path = path
        self.digest = digest
        self.jobs = dict(jobs)
        self.settings = settings
        self.remarks = tuple(remarks)
        self.read_at = read_at
        self.calendars = dict(calendars or {})
        self.calendar_files = tuple(calendar_files)
        self.ledger = ledger
        self.channels = channels
        self.nodes, self.nodes_place = nodes, nodes_place
        self.telemetry = telemetry

    @property
    def definitions(self) -> dict[str, JobDefinition]:
        """What the ledger records of each job, by name, in the order of the file."""
        return {name: job.definition for name, job in self.jobs.items()}
