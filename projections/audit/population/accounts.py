"""The account of one job: which instants its schedule implied, and which entry disposed of each.

An entry about a job disposes of a stretch of its instants: a tick of one, a misfire of several, an enabling of those
of a pause. The state before and after the entry, as the fold has it, says from where the job had come and to where it
went; between the two lie the instants that the schedule implied. What the entry does not speak of has no disposition,
and is a finding. Instants are recomputed here from the recorded definitions and are never taken from an entry.
"""

from __future__ import annotations

from collections import deque
from datetime import datetime

from eventstore.store import Entry
from projections.audit.findings import FindingKind
from projections.audit.population.counting import Counting, digest_of, excluded_until
from projections.audit.population.standing import Before, Standing
from projections.audit.population.walk import Walk
from projections.audit.versions import Versions
from projections.audit.watch import Watch
from scheduler import vocabulary as v
from scheduler.definition import JobDefinition
from scheduler.rules.instants_state import RESOLUTION, ClosedInterval
from scheduler.rules.job_schedule import excluded, schedule_of
from scheduler.rules.state import Job


class Account:
    """The account of one job over a range.

    Attributes:
        standing: how far it is accounted for, and whether the job was on its schedule.
        changed_seq: the last entry that changed the job, or moved its cursor, otherwise than time does.
        promised: instants of a misfire that are to be caught up, and have no tick yet.
    """

    def __init__(self, counting: Counting, versions: Versions, watch: Watch) -> None:
        self._counting, self._versions, self._window = counting, versions, counting.window
        self._watch = watch
        self.standing = Standing(counting)
        self.changed_seq = -1
        self.promised: deque[datetime] = deque()
        self._promise: tuple[JobDefinition, str, str] | None = None
        # In which life of a scheduler, and by which entry, the last of these promises was made or kept.
        self._kept = 0, -1
        self._walk: Walk | None = None
        # An instant that today's versions have later than those of then had it: all up to it is accounted for.
        self._shifted: datetime | None = None

    def begin(self, job: Job, at: datetime) -> None:
        """Begin with a job as it is in a state that was folded up to `at`."""
        self.standing.begin(job, at)
        promised = job.catching_up
        if promised is not None:
            schedule = schedule_of(job.definition)
            self.promised.extend(schedule.latest(promised.first - RESOLUTION, promised.last, promised.left))
            self._promise = job.definition, job.revision, "scheduler_down"

    # -- ticks -------------------------------------------------------------------------------------------------------

    def revision_of(self, job: Job | None, data: v.ScheduleTicked) -> tuple[JobDefinition, str] | None:
        """The definition whose instant a tick is about, with its revision; None if there is none."""
        if data.trigger == "catch_up" and self._promise is not None:
            return self._promise[:2]
        return None if job is None else (job.definition, job.revision)

    def not_implied(self, instant: datetime, seq: int) -> None:
        """An entry is about an instant that the job does not have."""
        self._counting.find("not_implied", instant, instant, 1, seq)

    def ticked(
        self, job: Job | None, entry: Entry, data: v.ScheduleTicked, boots: list[datetime]
    ) -> datetime | None:
        """A tick of the schedule or of catch-up, given the job before it and the boots for which it owed a run.

        Returns:
            The instant that it disposes of; None if that was none, or had its disposition.
        """
        instant = data.scheduled_for
        if data.trigger == "catch_up":
            return self._caught_up(entry, instant)
        self._break_promises(entry.seq)
        if job is None or not job.on_schedule or job.definition.on_demand or job.definition.follows:
            self.not_implied(instant, entry.seq)
            return None
        if job.definition.at_reboot:
            return self._boot_ticked(job, entry, instant, boots)
        return self._fell_due(job, entry, data)

    def _fell_due(self, job: Job, entry: Entry, data: v.ScheduleTicked) -> datetime | None:
        instant, definition = data.scheduled_for, job.definition
        if instant < self._window.begin:
            self._walk = None
            return instant
        if definition.calendars is not None:
            self._excluded_before(job, instant - RESOLUTION, entry.seq)
        since, walk = self._since(job), self._walk
        if walk is None or walk.definition is not definition:
            walk = self._walk = Walk(definition, since, self._window.end)
        if job.ahead is None and walk.step(since, instant):
            return instant
        schedule = walk.schedule
        moved = None
        if not schedule.has(instant):
            moved = self._versions.moved(self._counting.name, schedule, entry.seq, instant, data.local_time)
        due = instant if moved is None else moved
        if moved is None and job.is_settled(due):
            kind: FindingKind = "second_disposition" if schedule.has(due) else "not_implied"
            self._counting.find(kind, instant, instant, 1, entry.seq)
            return None
        before_it = job.open_stretches(since, due - RESOLUTION)
        self._counting.unaccounted(definition, before_it, entry.seq, job.revision)
        if moved is None and not schedule.has(due):
            self.not_implied(instant, entry.seq)
            return None
        self._shifted = moved
        return due

    def _since(self, job: Job) -> datetime:
        """Behind which moment the open instants of the schedule in force begin."""
        return job.cursor if self._shifted is None else max(job.cursor, self._shifted)

    def _caught_up(self, entry: Entry, instant: datetime) -> datetime | None:
        if instant in self.promised:
            while (first := self.promised.popleft()) != instant:
                self._promise_broken(first, entry.seq)
            self._kept = self._watch.life, entry.seq
            return instant
        self.not_implied(instant, entry.seq)
        return None

    def _break_promises(self, seq: int) -> None:
        """Whoever records this has recorded before what was to be caught up."""
        while self.promised:
            self._promise_broken(self.promised.popleft(), seq)

    def _promise_broken(self, instant: datetime, seq: int) -> None:
        self._counting.find("promise_broken", instant, instant, 1, seq)
        if self._promise is not None:
            definition, digest, _ = self._promise
            self._counting.count_one(definition, digest, "unexplained", instant)

    def _boot_ticked(
        self, job: Job, entry: Entry, instant: datetime, boots: list[datetime]
    ) -> datetime | None:
        if instant not in boots:
            self.not_implied(instant, entry.seq)
            return None
        for boot in boots[: boots.index(instant)]:
            self._counting.find("no_disposition", boot, boot, 1, entry.seq)
            self._counting.count_one(job.definition, job.revision, "unexplained", boot)
        return instant

    # -- misfires ----------------------------------------------------------------------------------------------------

    def misfired(
        self, job: Job | None, entry: Entry, data: v.ScheduleMisfired, boots: list[datetime]
    ) -> ClosedInterval | None:
        """A misfire, given the job before it; the interval of an earlier schedule whose it is, if there is one."""
        if job is None:
            self._counting.find("not_implied", data.first, data.last, data.count, entry.seq)
            return None
        around = job.closed_around(data.first, data.last)
        if not around and job.definition.at_reboot:
            self._boots_missed(job, entry, data, boots)
            return None
        span = _matching(around, data)
        if span is not None:
            self._missed(span.definition, digest_of(job, span.definition), entry, data)
            return span
        definition = job.definition
        in_force = job.on_schedule and definition.has_times
        if not in_force or job.is_settled(data.first):
            kind: FindingKind = "second_disposition" if in_force else "not_implied"
            self._counting.find(kind, data.first, data.last, data.count, entry.seq)
            return None
        if definition.calendars is not None:
            self._excluded_before(job, data.first - RESOLUTION, entry.seq)
        before_it = job.open_stretches(self._since(job), data.first - RESOLUTION)
        self._counting.unaccounted(definition, before_it, entry.seq, job.revision)
        self._missed(definition, job.revision, entry, data)
        return None

    def _missed(self, definition: JobDefinition, digest: str, entry: Entry, data: v.ScheduleMisfired) -> None:
        schedule = schedule_of(definition)
        first, last = data.first, data.last
        if last < self._window.begin and not data.will_run:
            return
        found = schedule.summary(first - RESOLUTION, last)
        if (found.first, found.last, found.count) != (first, last, data.count) and (
            not self._versions.moved_misfire(self._counting.name, schedule, entry.seq, data)
        ):
            self._counting.find("wrong_count", first, last, data.count, entry.seq, expected=found.count)
        self._break_promises(entry.seq)
        self._kept = self._watch.life, entry.seq
        until = last
        if data.will_run:
            later = schedule.latest(first - RESOLUTION, last, data.will_run)
            self.promised.extend(later)
            self._promise = definition, digest, data.reason
            until = later[0] - RESOLUTION if later else last
        self._counting.count(definition, digest, "missed", first - RESOLUTION, until, data.reason)

    def _boots_missed(self, job: Job, entry: Entry, data: v.ScheduleMisfired, boots: list[datetime]) -> None:
        missed = [boot for boot in boots if data.first <= boot <= data.last]
        if len(missed) != data.count or data.first not in boots or data.last not in boots:
            self._counting.find(
                "wrong_count", data.first, data.last, data.count, entry.seq, expected=len(missed)
            )
        later = missed[len(missed) - data.will_run :] if data.will_run else []
        for boot in missed[: len(missed) - len(later)]:
            self._counting.count_one(job.definition, job.revision, "missed", boot, data.reason)
        self.promised.extend(later)
        self._promise = job.definition, job.revision, data.reason

    # -- calendars ---------------------------------------------------------------------------------------------------

    def excluded(self, job: Job | None, entry: Entry, data: v.ScheduleExcluded) -> None:
        """Calendars are said to have excluded instants, given the job before it."""
        before, told = data.first - RESOLUTION, (data.first, data.last, data.count)
        for definition, since in [] if job is None else _excluding(job, data.last):
            if job is not None and excluded(definition, before, data.last) == told:
                if definition is job.definition:
                    self._excluded_before(job, before, entry.seq)
                else:
                    self._counting.unrecorded_exclusions(job, definition, since, before, entry.seq)
                self._counting.count_excluded(job, definition, before, data.last)
                return
        expected = 0 if job is None else excluded(job.definition, before, data.last).count
        self._counting.find("wrong_count", data.first, data.last, data.count, entry.seq, expected=expected)

    def _excluded_before(self, job: Job, until: datetime, seq: int) -> None:
        """Nothing that calendars exclude lies unrecorded before what an entry is about."""
        for after, end in job.open_stretches(excluded_until(job, job.cursor), until):
            self._counting.unrecorded_exclusions(job, job.definition, after, end, seq)

    # -- what was folded ---------------------------------------------------------------------------------------------

    def folded(
        self, before: Before, job: Job | None, entry: Entry, data: object, span: ClosedInterval | None = None
    ) -> None:
        """An entry was folded: account for what it disposed of beside what it is about.

        Args:
            before: the job before it.
            job: the job after it.
            entry: it; data: its payload.
            span: the interval of an earlier schedule that it is about, if it is a misfire of one.
        """
        if job is None:
            return
        self._spans_left(before, job, entry, data, span)
        self._promises_left(job, entry, data)
        standing = self.standing
        match data:
            case v.ScheduleTicked():
                standing.flush(before, data.scheduled_for)
                standing.advance(data.scheduled_for)
            case v.ScheduleMisfired():
                standing.flush(before, data.first)
                standing.advance(data.last)
            case v.ScheduleExcluded():
                pass
            case _:
                self.changed_seq = entry.seq
                standing.changed(before, job, entry, data)
                if isinstance(data, v.ScheduleReopened):
                    self._walk = self._shifted = None

    def _spans_left(
        self, before: Before, job: Job, entry: Entry, data: object, about: ClosedInterval | None
    ) -> None:
        """What of the intervals of earlier schedules is settled now."""
        for span, after in before.spans:
            still = any(each is span for each in job.unsettled)
            until = span.after if still else span.until
            if after >= until:
                continue
            digest = digest_of(job, span.definition)
            since = excluded_until(job, after)
            if isinstance(data, v.ScheduleSettled):
                end = min(until, data.until)
                self._counting.count(span.definition, digest, "settled", after, end)
                self._counting.count_excluded(job, span.definition, since, end)
                continue
            rest = [(after, until)]
            if isinstance(data, v.ScheduleMisfired) and span is about:
                rest = [(after, data.first - RESOLUTION), (data.last, until)]
            self._counting.unaccounted(span.definition, rest, entry.seq, digest)
            if span.definition.calendars is not None:
                self._counting.unrecorded_exclusions(job, span.definition, since, until, entry.seq)

    def _promises_left(self, job: Job, entry: Entry, data: object) -> None:
        """What was promised to be caught up and is not any more, since somebody decided otherwise."""
        if not self.promised or self._promise is None or isinstance(data, v.ScheduleMisfired):
            return
        definition, digest, reason = self._promise
        if isinstance(data, v.ScheduleSettled):
            while self.promised and self.promised[0] <= data.until:
                self._counting.count_one(definition, digest, "settled", self.promised.popleft())
        elif job.catching_up is None and not isinstance(data, v.ScheduleTicked) and not definition.at_reboot:
            life, seq = self._kept
            if self._watch.wrote_since(seq, life):
                self._break_promises(entry.seq)
            while self.promised:
                self._counting.count_one(definition, digest, "missed", self.promised.popleft(), reason)

    # -- the end -----------------------------------------------------------------------------------------------------

    def at_end(self, job: Job, now: datetime, decided_before: datetime, boots: list[datetime]) -> None:
        """Account for what is left at the end of the ledger.

        Args:
            job: the job then.
            now: the moment at which the report is made.
            decided_before: earlier instants had to be decided.
            boots: when boots were seen for which a run is owed.
        """
        for span in job.unsettled:
            self._left(
                span.definition, digest_of(job, span.definition), span.after, span.until, decided_before
            )
        if self._promise is not None:
            definition, digest, _ = self._promise
            for instant in self.promised:
                self._left_one(definition, digest, instant, decided_before)
        for boot in boots:
            self._left_one(job.definition, job.revision, boot, decided_before)
        if job.present and job.definition.has_times:
            self._left_in_force(job, now, decided_before)

    def _left_in_force(self, job: Job, now: datetime, decided_before: datetime) -> None:
        before = Before.of(job, [], now)
        self.standing.flush(before, now)
        begin = self.standing.since(before)
        if not job.enablement.enabled:
            ends = job.enablement.until
            begin = self.standing.disabled_until(before, now if ends is None else min(now, ends))
        for after, until in job.open_stretches(max(begin, job.cursor), now):
            self._left(job.definition, job.revision, after, until, decided_before)
        self._counting.count_excluded(job, job.definition, excluded_until(job, job.cursor), now)
        for after, until in job.open_stretches(max(now, job.cursor, begin), self._window.end):
            self._counting.count(job.definition, job.revision, "not_due", after, until)

    def awaits(self, job: Job, instant: datetime, *, late: bool) -> None:
        """At the end of the ledger an instant is awaited of jobs before this one, or is decided; `late`: long ago."""
        if late:
            self._counting.find("no_disposition", instant, instant, 1, None)
        self._counting.count_one(
            job.definition, job.revision, "unexplained" if late else "undecided", instant
        )

    def _left(
        self, definition: JobDefinition, digest: str, after: datetime, until: datetime, decided: datetime
    ) -> None:
        middle = min(max(decided - RESOLUTION, after), until)
        self._counting.unaccounted(definition, [(after, middle)], None, digest)
        self._counting.count(definition, digest, "undecided", middle, until)

    def _left_one(self, definition: JobDefinition, digest: str, instant: datetime, decided: datetime) -> None:
        late = instant < decided
        if late:
            self._counting.find("no_disposition", instant, instant, 1, None)
        self._counting.count_one(definition, digest, "unexplained" if late else "undecided", instant)


def _excluding(job: Job, last: datetime) -> list[tuple[JobDefinition, datetime]]:
    """The definitions whose calendars may exclude what ends at `last`, each with what is recorded up to when."""
    spans = [
        (span.definition, excluded_until(job, span.after)) for span in job.unsettled if last <= span.until
    ]
    return [*spans, (job.definition, excluded_until(job, job.cursor))]


def _matching(around: list[ClosedInterval], data: v.ScheduleMisfired) -> ClosedInterval | None:
    """The interval whose instants a misfire tells, or else the first that it lies in."""
    told = (data.first, data.last, data.count)
    for span in around:
        if schedule_of(span.definition).summary(data.first - RESOLUTION, data.last) == told:
            return span
    return around[0] if around else None
