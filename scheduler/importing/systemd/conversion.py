"""From timers to jobs: each timer becomes one that does at its times what its service does."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import timedelta
from typing import NamedTuple

from scheduler.importing.conversion import Conversion, ImportedJob, InstantSource, Surroundings
from scheduler.importing.expressions import comes
from scheduler.importing.names import JobNames
from scheduler.importing.systemd.calendar_event import BadEvent, CalendarEvent, read_event
from scheduler.importing.systemd.calendar_instants import EventInstants
from scheduler.importing.systemd.calendar_schedule import (
    Days,
    EventSchedule,
    Inexpressible,
    changes_clocks,
    schedule_of_event,
)
from scheduler.importing.systemd.keys import DIRECTIVES
from scheduler.importing.systemd.service import NoJob, Service
from scheduler.importing.systemd.time_span import BadSpan, duration_of, seconds_of
from scheduler.importing.systemd.unit_file import Directive, Unit
from scheduler.schedule.cron.schedule import parse_cron
from scheduler.schedule.cron.several import parse_several
from scheduler.schedule.every import parse_every
from scheduler.schedule.jitter import jitter_fault
from scheduler.schedule.schedule import Schedule
from scheduler.schedule.zones import known_zone, load_zone

_DESCRIPTION_MAX_CHARS = 1_000
_EXPRESSIONS_MAX = 50


class LoadedTimer(NamedTuple):
    """A timer with the unit that it starts.

    Attributes:
        timer: the timer.
        service: the service; None: it is not there, or is no service, and `missing` says what was looked for.
        of_user: whether both belong to a user's manager.
    """

    timer: Unit
    service: Unit | None
    missing: str
    of_user: bool


class _Times(NamedTuple):
    """Some of a timer's times, which one job can have: keys, and the same by systemd's rules."""

    keys: dict[str, object]
    instants: InstantSource | None
    line: int


def convert(timers: Iterable[LoadedTimer], source: str, around: Surroundings) -> Conversion:
    """The jobs of timers; a timer whose times no single job has becomes several."""
    found = Conversion(source)
    names = JobNames(around.taken)
    for loaded in timers:
        try:
            _TimerConversion(loaded, around, found, names).convert()
        except NoJob as problem:
            found.remark(problem.line, "refused", str(problem), problem.file or loaded.timer.file)
            found.comments.append(f"not imported, {loaded.timer.name}: {problem}")
    return found


class _TimerConversion:
    def __init__(self, loaded: LoadedTimer, around: Surroundings, found: Conversion, names: JobNames) -> None:
        self._loaded, self._timer = loaded, loaded.timer
        self._around, self._found, self._names = around, found, names

    def convert(self) -> None:
        unit = self._loaded.service
        if unit is None:
            raise NoJob(self._loaded.missing)
        service = Service(unit, self._around, self._loaded.of_user, self._found)
        keys = service.keys()
        times = self._times()
        if not times:
            raise NoJob("it says no time that a job can have")
        described = unit.last("Unit", "Description") or self._timer.last("Unit", "Description")
        description: dict[str, object] = {}
        if described is not None and "%" not in described.value and described.value.isprintable():
            description["description"] = described.value[:_DESCRIPTION_MAX_CHARS]
        for number, each in enumerate(times):
            name = self._names.unique(unit.name.rpartition(".")[0].replace("@", "-"), each.line)
            job = ImportedJob(
                name,
                each.line,
                {**description, **each.keys, **keys},
                self._timer.name,
                each.instants,
                self._timer.file,
            )
            self._found.jobs.append(job)
            if number == 1:
                self._found.remark(
                    each.line,
                    "note",
                    "its times are those of several jobs, whose runs do not wait for each other as one service would",
                    self._timer.file,
                )
        self._about_others()

    def _times(self) -> list[_Times]:
        """The times of the timer, as jobs can have them."""
        return [*self._calendar_times(), *self._monotonic_times()]

    def _calendar_times(self) -> list[_Times]:
        groups: dict[object, list[tuple[Directive, CalendarEvent, EventSchedule]]] = {}
        for number, written in enumerate(self._timer.all("Timer", "OnCalendar")):
            try:
                event = read_event(written.value, known_zone)
                schedule = schedule_of_event(event, load_zone(event.zone or self._around.zone))
            except BadEvent as problem:
                raise NoJob(f"OnCalendar=: {problem}", written) from None
            except Inexpressible as problem:
                raise NoJob(
                    f"OnCalendar={written.value[:200]}: the config has no words for {problem}", written
                ) from None
            # What is no cron expression stands alone; the others together, where zone and days are the same.
            alike = (event.zone, schedule.only, schedule.without) if schedule.expressions else number
            groups.setdefault(alike, []).append((written, event, schedule))
        return [self._of_group(group) for group in groups.values()]

    def _of_group(self, group: Sequence[tuple[Directive, CalendarEvent, EventSchedule]]) -> _Times:
        line = group[0][0].line
        zone = group[0][1].zone or self._around.zone
        schedule = group[0][2]
        expressions = list(dict.fromkeys(each for _, _, one in group for each in one.expressions))
        if len(expressions) > _EXPRESSIONS_MAX:
            raise NoJob(f"its times take more than {_EXPRESSIONS_MAX} cron expressions", group[0][0])
        instants = EventInstants([(event, load_zone(zone)) for _, event, _ in group])
        coming = [each for each in expressions if comes(each)]
        if expressions and not coming:
            self._note(line, "its times never come: the job runs only when it is asked for")
            return _Times({"on_demand": True}, None, line)
        keys: dict[str, object] = dict(schedule.other)
        if coming:
            keys["schedule"] = coming[0] if len(coming) == 1 else coming
        keys["timezone"] = zone
        calendars = {}
        for word, days in (("only", schedule.only), ("except", schedule.without)):
            if days is not None:
                calendars[word] = self._calendar(days)
        if calendars:
            keys["calendars"] = calendars
        keys |= self._jitter(keys, line)
        keys["catch_up"] = "one" if self._timer.flag("Timer", "Persistent") else "none"
        if changes_clocks(load_zone(zone)) and any(each.split()[1].startswith("*") for each in coming):
            self._note(
                line, "where clocks go back, systemd leaves out one of two equal hours; the job runs in both"
            )
        return _Times(keys, instants, line)

    def _calendar(self, days: Days) -> str:
        """The name of a calendar of such days, which is made where there is none."""
        wanted, name, number = {days.key: list(days.values)}, days.name, 1
        while name in self._around.taken_calendars or self._found.calendars.get(name, wanted) != wanted:
            number += 1
            name = f"{days.name}-{number}"
        self._found.calendars[name] = wanted
        return name

    def _jitter(self, keys: dict[str, object], line: int) -> dict[str, object]:
        written = self._timer.last("Timer", "RandomizedDelaySec")
        if written is None or "at" in keys:
            return {}
        try:
            seconds = seconds_of(written.value)
        except BadSpan as problem:
            self._lost(written, f"RandomizedDelaySec=: {problem}")
            return {}
        if not seconds:
            return {}
        schedule = _schedule(keys)
        if fault := jitter_fault(timedelta(seconds=seconds), schedule):
            self._lost(written, f"its random delay of up to {duration_of(seconds)} is left out: {fault}")
            return {}
        if not self._timer.flag("Timer", "FixedRandomDelay"):
            self._note(line, "systemd draws a delay each time; here the job keeps one, by its jitter")
        return {"jitter": duration_of(seconds)}

    def _monotonic_times(self) -> list[_Times]:
        """Times that count from a boot, or from the last run."""
        found: list[_Times] = []
        repeated = [
            each for key in ("OnUnitActiveSec", "OnUnitInactiveSec") for each in self._timer.all("Timer", key)
        ]
        at_boot = [
            each
            for key in ("OnBootSec", "OnStartupSec", "OnActiveSec")
            for each in self._timer.all("Timer", key)
        ]
        for written in repeated[:1]:
            seconds = self._seconds(written)
            since = "its last start" if written.key == "OnUnitActiveSec" else "the end of its last run"
            self._note(
                written.line,
                f"systemd counts from {since}; the job runs at each multiple of {duration_of(seconds)} since 1970",
            )
            found.append(_Times({"every": duration_of(seconds), "catch_up": "none"}, None, written.line))
        for written in repeated[1:]:
            self._lost(written, f"{written.key}= beside another one is not carried over")
        if repeated:
            for written in at_boot:
                self._note(written.line, f"{written.key}= only says when systemd begins to count")
        elif at_boot:
            self._note(
                at_boot[0].line,
                "the job runs without delay when a scheduler first sees a boot, from the one after its definition on",
            )
            found.append(_Times({"schedule": "@reboot"}, None, at_boot[0].line))
        return found

    def _seconds(self, written: Directive) -> int:
        try:
            seconds = seconds_of(written.value)
        except BadSpan as problem:
            raise NoJob(f"{written.key}=: {problem}", written) from None
        if not seconds:
            raise NoJob(f"{written.key}={written.value} is no interval", written)
        return seconds

    def _about_others(self) -> None:
        """Each key that is not carried over."""
        service = self._loaded.service
        assert service is not None, "without a service there is no job"
        for unit in (self._timer, service):
            for each in unit.directives:
                known = DIRECTIVES.get(each.section)
                if each.section == "Install" or each.section.startswith("X-") or not each.value:
                    continue
                if known is None or each.key not in known:
                    self._lost(each, f"{each.key}={each.value[:100]} is not carried over")
        for key in ("StandardOutput", "StandardError"):
            written = service.last("Service", key)
            if written is not None and written.value.partition(":")[0] not in ("journal", "inherit", "null"):
                self._lost(written, f"{key}={written.value[:100]}: output is kept for each run instead")

    def _note(self, line: int, text: str) -> None:
        self._found.remark(line, "note", text, self._timer.file)

    def _lost(self, at: Directive, text: str) -> None:
        self._found.remark(at.line, "lost", text, at.file)


def _schedule(keys: dict[str, object]) -> Schedule:
    """The schedule that keys say."""
    zone, written = str(keys["timezone"]), keys.get("schedule")
    if "every" in keys:
        return parse_every(str(keys["every"]), zone)
    if isinstance(written, list):
        return parse_several(tuple(written), zone)
    return parse_cron(str(written), zone)
