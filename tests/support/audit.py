"""An auditor: checks from the entries alone that every instant of every job was settled exactly once.

It shares nothing with the scheduler's fold: it reads the ledger as a story of intervals in which a schedule was in
force, lists the instants of each, and ticks them off.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import msgspec

from eventstore.store import Entry
from scheduler import vocabulary as v
from scheduler.definition import JobDefinition
from scheduler.rules.job_schedule import schedule_of
from scheduler.schedule.calendars.calendar_days import days_of
from tests.support.backfill_audit import BackfillAuditor


class Story:
    """What the auditor knows of one job."""

    def __init__(self) -> None:
        self.definition: JobDefinition | None = None
        self.definitions: list[JobDefinition] = []
        self.excluded: datetime | None = None
        self.since: datetime | None = None
        self.until: datetime | None = None
        self.mark: datetime | None = None
        self.owed: dict[datetime, None] = {}
        self.settled: set[datetime] = set()
        self.to_catch_up: list[datetime] = []
        self.ticked: set[datetime] = set()
        self.closed: tuple[datetime, datetime] | None = None
        self.boots: set[datetime] = set()
        self.new_since: datetime | None = None
        self.backfills = BackfillAuditor(_instants)

    def begin(self, at: datetime) -> None:
        """A schedule is in force from `at`, but never for what was settled before the clock was set back."""
        self.since = at if self.mark is None else max(at, self.mark)
        self.mark = self.since
        self.until = None

    def boot(self, seen: datetime, began: datetime) -> None:
        """A boot of the machine is seen for the first time: a run is owed by a job that is on its schedule then."""
        at = seen.replace(microsecond=0)
        self.advance(at)
        if self.new_since is not None and began < self.new_since <= seen:
            return
        if self.definition is None or self.definition.schedule != "@reboot" or self.since is None:
            return
        if self.until is None:
            self.boots.add(at)
            self.owed[at] = None

    def end(self, at: datetime) -> None:
        """The schedule in force ends at `at`."""
        self.advance(at)
        self.to_catch_up = []  # what a crash cut off of a catch-up is not run any more
        for instant in self.boots.intersection(self.owed):
            del self.owed[instant]
        if self.since is not None:
            self.mark = at if self.mark is None else max(at, self.mark)
        self.since = None

    def reopen(self, at: datetime) -> None:
        """The instants since the schedule was disabled are owed after all, up to `at`."""
        if self.definition is not None and self.mark is not None and self.mark < at:
            found = _instants(self.definition, self.mark, at)
            self.owed.update(dict.fromkeys(each for each in found if not self._is_closed(each)))

    def settle(self, instant: datetime) -> None:
        """This instant is on record."""
        del self.owed[instant]
        self.settled.add(instant)
        self.mark = instant if self.mark is None else max(instant, self.mark)

    def settle_up_to(self, until: datetime, at: datetime) -> list[datetime]:
        """A person settles what is owed, and what is to come, up to a moment; which instants those are."""
        self.advance(min(at, until))
        found = [instant for instant in self.owed if instant <= until]
        begin = self.since if self.until is None else max(self.until, self.since or self.until)
        if self.definition is not None and begin is not None and begin < until:
            later = _instants(self.definition, begin, until)
            found += [each for each in later if not self._is_closed(each) and each not in self.settled]
        for instant in found:
            self.owed.pop(instant, None)
        self.settled.update(found)
        self.to_catch_up = [instant for instant in self.to_catch_up if instant > until]
        self.mark = until if self.mark is None else max(until, self.mark)
        if self.since is not None:
            self.since = max(self.since, until)
        return found

    def open_again(self, at: datetime, before: datetime | None, until: datetime) -> None:
        """A person opens again what was settled and is to come, up to the first instant that has a tick."""
        assert self.mark is not None
        self._pass_what_is_closed()
        later = [instant for instant in self.ticked | self.backfills.claimed if instant > at]
        if self.closed is not None:
            later.append(self.closed[0])
            assert until == self.closed[1]
        assert before == min([each for each in later if each <= until], default=None), f"{before}"
        self.settled = {
            each for each in self.settled if each <= at or (before is not None and each >= before)
        }
        self.closed = None if before is None else (before, until)
        self.mark = at
        if self.since is not None:
            self.since = at

    def _is_closed(self, instant: datetime) -> bool:
        """Whether a reopening left the instant settled."""
        return self.closed is not None and self.closed[0] <= instant <= self.closed[1]

    def _pass_what_is_closed(self) -> None:
        """What a reopening left settled is passed once all before it is settled."""
        if self.closed is not None and self.mark is not None and self.mark >= self.closed[0]:
            self.mark = max(self.mark, self.closed[1])
            if self.since is not None:
                self.since = max(self.since, self.closed[1])
            self.closed = None

    def advance(self, to: datetime) -> None:
        """List the instants of the schedule in force up to `to`."""
        if self.until is not None and self.until <= to:
            self.begin(self.until)
        if self.definition is None or self.since is None or to <= self.since or self.until is not None:
            return
        for instant in _instants(self.definition, self.since, to):
            if self._is_closed(instant):
                continue
            assert instant not in self.settled, f"{self.definition.name}: {instant} came again"
            self.owed[instant] = None
        self.since = to


def _instants(definition: JobDefinition, after: datetime, until: datetime) -> list[datetime]:
    """The instants of a job, made by hand of those of the schedule as it is written: each on its own."""
    return [instant for instant, allowed in _all_instants(definition, after, until) if allowed]


def _all_instants(definition: JobDefinition, after: datetime, until: datetime) -> list[tuple[datetime, bool]]:
    """The same, with those that calendars exclude, and whether each is on a day that they allow."""
    moved = timedelta(milliseconds=definition.jitter_offset_ms)
    assert moved <= timedelta(milliseconds=definition.jitter_ms or 0), f"{definition.name}: beyond its jitter"
    written = schedule_of(msgspec.structs.replace(definition, jitter_offset_ms=0, calendars=None))
    zone = ZoneInfo(definition.timezone)
    return [
        (instant + moved, _allowed(definition, instant.astimezone(zone).date()))
        for instant in written.between(after - moved, until - moved)
    ]


def _allowed(definition: JobDefinition, day: date) -> bool:
    calendars = definition.calendars
    if calendars is None:
        return True
    only, without = (
        [days_of(each) for each in names.values()] for names in (calendars.only, calendars.without)
    )
    return (not only or any(day in days for days in only)) and not any(day in days for days in without)


def audit(entries: Iterable[Entry], now: datetime) -> int:
    """Check a whole ledger of a scheduler that has just had a turn at `now`; how many instants there were.

    Raises:
        AssertionError: an instant was settled twice or not at all, or a run ended twice or never.
    """
    stories: dict[str, Story] = {}
    boots: set[str] = set()
    ended: set[tuple[object, ...]] = set()
    for entry in entries:
        story = stories.setdefault(entry.job or "", Story())
        data = v.payload(entry)
        if isinstance(data, v.SchedulerStarted) and data.boot_id not in boots:
            boots.add(data.boot_id)
            began = entry.time - timedelta(milliseconds=data.boottime_ms or 0)
            for each in stories.values():
                each.boot(entry.time, began)
        if isinstance(data, v.RunStarted | v.RunFinished | v.RunSkipped):
            count_once(entry, data, ended)
        take(story, entry, data)
        story.backfills.look(entry, data)
    count = 0
    for name, story in stories.items():
        story.advance(now)
        assert not story.to_catch_up, f"{name}: {story.to_catch_up} were to run and did not"
        story.backfills.at_rest()
        assert not story.owed, f"{name}: nothing is on record about {list(story.owed)[:3]}"
        count += len(story.settled)
    return count


def take(story: Story, entry: Entry, data: object) -> None:
    """Take in an entry about a job."""
    match data:
        case v.JobDefined():
            if story.definition is None or not story.definition.at_reboot:
                story.new_since = entry.time
            redefine(story, data.definition, entry.time)
        case v.JobRemoved() | v.JobDisabled():
            story.end(entry.time)
            story.until = data.until if isinstance(data, v.JobDisabled) else None
            if isinstance(data, v.JobRemoved):
                story.definition = None
        case v.JobEnabled():
            reenable(story, data, entry.time)
        case v.ScheduleTicked():
            settle_tick(story, entry, data)
        case v.ScheduleMisfired():
            settle_misfire(story, entry, data)
        case v.ScheduleExcluded():
            take_exclusion(story, entry, data)
        case v.ScheduleSettled() | v.ScheduleReopened() | v.BackfillRequested():
            take_wish(story, entry, data)
        case _:
            pass


def take_wish(
    story: Story, entry: Entry, data: v.ScheduleSettled | v.ScheduleReopened | v.BackfillRequested
) -> None:
    """A person settles instants, opens them again, or has them backfilled."""
    if isinstance(data, v.ScheduleSettled):
        found = story.settle_up_to(data.until, entry.time)
        told = min(found, default=None), max(found, default=None), len(found)
        assert told == (data.first, data.last, data.count), f"{entry.job}: {told} were open"
        return
    story.advance(entry.time)
    if isinstance(data, v.ScheduleReopened):
        story.open_again(entry.time, data.before, data.until)
        return
    assert story.definition is not None, f"{entry.job} was not there to be backfilled"
    story.backfills.request(entry, data, story.definition, {*story.owed, *story.to_catch_up})


def count_once(
    entry: Entry, data: v.RunStarted | v.RunFinished | v.RunSkipped, seen: set[tuple[object, ...]]
) -> None:
    """Each attempt begins once and ends once, each run ends once, and nothing comes after that."""
    ended = "run", entry.run
    assert ended not in seen, f"run {entry.run} ended twice, or went on after its end"
    what: tuple[object, ...] = ended
    if isinstance(data, v.RunStarted):
        what = "began", entry.run, data.attempt
    elif isinstance(data, v.RunFinished) and data.retry_at is not None:
        what = "attempt", entry.run, data.attempt
    assert what not in seen, f"{what} twice"
    seen.add(what)


def redefine(story: Story, definition: JobDefinition, at: datetime) -> None:
    """The config has this definition from `at` on."""
    story.definitions.append(definition)
    if story.definition is None:
        story.definition = definition
        story.begin(at)
    elif story.definition.timing() != definition.timing() and not _changes_nothing(story, definition, at):
        was_in_force = story.since is not None
        story.end(at)
        story.definition = definition
        if was_in_force:
            story.begin(at)
    else:
        story.definition = definition


def _changes_nothing(story: Story, definition: JobDefinition, at: datetime) -> bool:
    """Whether only the calendars are others, and they allow and exclude the same of what was not settled yet."""
    old = story.definition
    if old is None or old.timing()[:-1] != definition.timing()[:-1]:
        return False
    begin = min([*story.owed, *story.to_catch_up, at if story.mark is None else story.mark])
    moved, zone = timedelta(milliseconds=old.jitter_offset_ms), ZoneInfo(old.timezone)
    day, last = ((each - moved).astimezone(zone).date() for each in (begin, at))
    days = [day + timedelta(days=number) for number in range((last - day).days + 1)]
    return all(_allowed(old, each) == _allowed(definition, each) for each in days)


def reenable(story: Story, enabled: v.JobEnabled, at: datetime) -> None:
    """The job is enabled at `at`; what passed since it was disabled may have to be caught up."""
    if story.since is not None and story.until is None:
        return  # it was: nothing begins, and a clock that is wrong at this moment tells nothing of what is due
    story.advance(at)
    if story.since is None or story.until is not None:
        begin = enabled.effective_at or at
        if enabled.catch_up:
            story.reopen(begin)
        story.begin(begin)


def settle_tick(story: Story, entry: Entry, tick: v.ScheduleTicked) -> None:
    """An instant was ticked, which was owed and is settled now; `after_audit` knows those of other jobs."""
    if tick.trigger == "backfill":
        return
    instant = tick.scheduled_for
    story.ticked.add(instant)
    if tick.trigger == "after":
        return
    story.advance(entry.time)
    if story.definition is not None and tick.trigger == "schedule":
        moved = instant - (tick.nominal or instant)
        assert moved == timedelta(milliseconds=story.definition.jitter_offset_ms), (
            f"{entry.job}: {moved} of jitter"
        )
    if tick.trigger == "catch_up":
        assert story.to_catch_up.pop(0) == instant, f"{entry.job}: {instant} was caught up out of turn"
        return
    assert instant in story.owed, f"{entry.job}: {instant} was ticked but is not owed"
    story.settle(instant)


def take_exclusion(story: Story, entry: Entry, excluded: v.ScheduleExcluded) -> None:
    """Instants are said to have been excluded, of the definition in force or of the one before."""
    before = excluded.first - timedelta(microseconds=1)
    assert story.excluded is None or story.excluded < excluded.first, f"{entry.job}: excluded again"
    story.excluded = excluded.last
    found = [
        [instant for instant, allowed in _all_instants(each, before, excluded.last) if not allowed]
        for each in story.definitions
    ]
    told = (excluded.first, excluded.last, excluded.count)
    assert any((each[0], each[-1], len(each)) == told for each in found if each), f"{entry.job}: {told}"


def settle_misfire(story: Story, entry: Entry, misfire: v.ScheduleMisfired) -> None:
    """Instants misfired, which were owed and are settled now; some are to be caught up."""
    story.advance(entry.time)
    covered = [instant for instant in story.owed if misfire.first <= instant <= misfire.last]
    assert len(covered) == misfire.count, f"{entry.job}: {misfire.count} misfired, {len(covered)} were owed"
    assert not story.to_catch_up, f"{entry.job}: misfired again before catching up"
    for instant in covered:
        story.settle(instant)
    if misfire.will_run:
        story.to_catch_up = covered[-misfire.will_run :]
