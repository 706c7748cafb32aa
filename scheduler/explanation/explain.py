"""Why an instant of a job was run or was not run: found in the ledger, without reading all of it.

Every instant up to a job's cursor is settled, and the cursor goes back only where a person reopens the job. So for
each settled instant there is one entry with which the cursor reached it, after the last reopening that had it. The
state right before that entry says what was in force: whether the schedule had the instant, whether a person had
disabled the job, whether the config had the job. The entry itself says what became of the instant.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from functools import partial
from typing import Literal

from msgspec import structs

from eventstore.store import Entry
from scheduler import vocabulary as v
from scheduler.definition import JobDefinition
from scheduler.entry_members import CLOSING_REASONS
from scheduler.explanation.backfills import Backfills
from scheduler.explanation.boots import boot_facts, boots_between
from scheduler.explanation.catch_up_refusal import catch_up_refusal, promised_ticks
from scheduler.explanation.downtime import downtime_around, downtime_now, misfire_of, unwatched_facts
from scheduler.explanation.excluded_days import without_due
from scheduler.explanation.facts import (
    ClosedSchedule,
    Explanation,
    Fact,
    JobAbsence,
    ScheduleChange,
    SchedulerPause,
    SettledAhead,
    UpcomingInstant,
    Verdict,
)
from scheduler.explanation.lateness.late_success import late_success
from scheduler.explanation.reopened import kept_pause, reopening, reopening_fact, settled_later
from scheduler.explanation.repeated_instants import SecondPasses, is_due, is_repeated
from scheduler.explanation.runs import manual_run, requests_between, run_facts, run_owed
from scheduler.explanation.schedules_in_force import SchedulesInForce
from scheduler.explanation.standing import absent, settled_by_person, switched, word_against
from scheduler.explanation.upstreams import followed
from scheduler.ledger.past import Past
from scheduler.rules.catch_up import caught_up_of_pause, chosen
from scheduler.rules.instants_state import ClosedInterval
from scheduler.rules.job_schedule import every_day_schedule_of, offset_of, schedule_of
from scheduler.rules.requests.upcoming import settled_ahead
from scheduler.rules.runs.waiting_reasons import WaitingReasons
from scheduler.rules.state import Job, State

SECOND = timedelta(seconds=1)
INSTANTS_MAX = 6
"""At most this many instants of one question are explained."""

Finding = tuple[Verdict, list[Fact]]


class Explainer:
    """Answers about the instants of one job.

    Args:
        past: the ledger.
        name: the name of a job, which may have been removed.
        now: the present moment.
        serving: whether a scheduler serves the home now.

    Attributes:
        on_demand: whether the job runs only when somebody asks for it; has_times: whether it has a schedule.

    Raises:
        KeyError: the ledger has never known such a job.
        Corrupt: the ledger cannot be trusted.
    """

    def __init__(self, past: Past, name: str, now: datetime, *, serving: bool) -> None:
        self._past, self._name, self._now, self._serving = past, name, now, serving
        self._present = past.state_at(past.head_seq)
        self._job = self._present.jobs[name]
        self.on_demand, self.has_times = self._job.definition.on_demand, self._job.definition.has_times
        self._found: dict[datetime, tuple[Entry, Job | None] | None] = {}
        self._passes = SecondPasses(past, name, now)
        waits = WaitingReasons(self._present, now, served=serving)
        self._run_facts = partial(run_facts, past, waits)
        self._backfills = Backfills(past, self._present, name, self._run_facts)
        self._schedules = SchedulesInForce(past, self._job)

    def latest_due(self) -> datetime | None:
        """The last instant up to now that a schedule of the job had while it held, or that it awaits of others."""
        if self._job.awaited and (last := self._job.awaited[-1]).run is None:
            return last.instant
        return self._schedules.latest_due(self._now)

    def knows(self, job: Job) -> bool:
        """Whether the job is on record as it is given here, which may have edits that are not."""
        return (self._job.defined_seq, self._job.removed_seq) == (job.defined_seq, job.removed_seq)

    def settled_ahead(self) -> datetime | None:
        """The moment up to which the job's instants are settled, if it is in the future (the clock was set back)."""
        return settled_ahead(self._job, self._now)

    def about(self, asked: datetime, until: datetime) -> tuple[list[Explanation], int]:
        """What became of the instants x with asked <= x < until; of `asked` itself if no schedule has any of them.

        Instants that jitter moved are found by their nominal time.

        Args:
            asked: the beginning of the time that was asked about.
            until: its end, at most about a minute later.

        Returns:
            The answers about the first instants, and how many more there are.
        """
        instants = self._instants(asked, until)
        found = [self.explain(instant) for instant in sorted(instants)[:INSTANTS_MAX]]
        answers = [each for each in found if each.verdict != "not_due" or is_repeated(each)]
        return answers or [self.explain(asked)], max(0, len(instants) - INSTANTS_MAX)

    def _instants(self, asked: datetime, until: datetime) -> set[datetime]:
        """The instants whose nominal time is asked <= x < until; without any, those that are themselves in there."""
        moved = offset_of(self._job.definition)
        definitions = [self._in_force(asked)]
        # The job was edited later, perhaps before `until`, or before its jitter had passed.
        if definitions[0] is not self._job.definition:
            definitions.append(self._in_force(until))
            definitions.append(self._in_force(until + moved))
        if (settled := self._settling(asked + moved)) is not None:
            definitions += [job.definition for job in self._passes.jobs(asked + moved, settled[0].seq)]
        for by_name in (True, False):
            instants = {
                instant
                for definition in definitions
                for begin in [asked + offset_of(definition) if by_name else asked]
                for instant in every_day_schedule_of(definition).between(
                    begin - SECOND, begin + (until - asked) - SECOND
                )
                if instant >= begin
            }
            if instants:
                break
        return instants | self._backfills.instants(asked, until) | self._boots(asked, until).keys()

    def _boots(self, begin: datetime, until: datetime) -> dict[datetime, Entry]:
        """The boots of the machine that the job has something on record about, if it runs at boots now or did."""
        if not (self._job.definition.at_reboot or self._in_force(begin).at_reboot):
            return {}
        return boots_between(self._past, self._name, begin, until)

    def requests(self, asked: datetime, until: datetime) -> list[Explanation]:
        """The runs that a person asked for with asked <= time < until."""
        found = []
        for entry in requests_between(self._past, self._name, asked, until):
            verdict, facts = self._run_facts(entry.seq)
            found.append(self._answer(entry.time, verdict, [manual_run(entry), *facts], self._job))
        return found

    def explain(self, instant: datetime) -> Explanation:
        """What became of one instant.

        Raises:
            Corrupt: the ledger cannot be trusted.
        """
        if (boot := self._boots(instant, instant + SECOND).get(instant)) is not None:
            return self._answer(instant, *boot_facts(self._past, boot, self._run_facts), self._job)
        first = self._explain_schedule(instant)
        verdict, facts = self._backfills.about(instant)
        if (again := reopening(self._past, self._present, self._name, instant)) is not None:
            facts.insert(0, reopening_fact(again))
        return structs.replace(first, verdict=verdict or first.verdict, facts=[*first.facts, *facts])

    def _explain_schedule(self, instant: datetime) -> Explanation:
        """How the schedule disposed of one instant."""
        found = self._settling(instant)
        if found is None:
            verdict, facts = self._open(self._job, instant)
            return self._answer(instant, verdict, facts, self._job)
        entry, job = found
        ahead = []
        if entry.time > self._now:
            ahead.append(SettledAhead(entries=[entry.seq], time=entry.time, until=self._job.cursor))
        absent: Finding = "not_defined", [JobAbsence(entries=[entry.seq], back=entry.time)]
        verdict, facts = absent if job is None else self._settled(entry, job, instant)
        again = self._passes.facts(instant, entry.seq, verdict)
        return self._answer(instant, verdict, [*facts, *again, *ahead], job or self._job)

    def _answer(self, instant: datetime, verdict: Verdict, facts: Sequence[Fact], job: Job) -> Explanation:
        # What holds now comes last.
        ordered = sorted(facts, key=lambda fact: isinstance(fact, ScheduleChange))
        if self._present.expectations is not None and instant <= self._now:
            late = late_success(self._past, self._name, instant)
            ordered += [] if late is None else [late]
        return Explanation(
            job=self._name, instant=instant, timezone=job.definition.timezone, verdict=verdict, facts=ordered
        )

    def _settling(self, instant: datetime) -> tuple[Entry, Job | None] | None:
        """The entry with which the job's cursor reached an instant, and the job right before it, if it was known."""
        if instant not in self._found:
            self._found[instant] = self._search(instant)
        return self._found[instant]

    def _search(self, instant: datetime) -> tuple[Entry, Job | None] | None:

        def come(state: State) -> bool:
            job = state.jobs.get(self._name)
            return job is not None and job.is_settled(instant)

        if not come(self._present):
            return self._earlier_word(self._present.jobs.get(self._name), instant)
        again = reopening(self._past, self._present, self._name, instant)
        entry = self._past.first_where(come, after=-1 if again is None else again.seq)
        assert entry is not None, "what holds now began to hold at some entry"
        job = self._past.state_at(entry.seq - 1).jobs.get(self._name)
        if kept_pause(self._past, self._name, entry, instant) is not None:
            return entry, job  # what was said against the job before that settled nothing
        return self._earlier_word(job, instant) or (entry, job)

    def _earlier_word(self, job: Job | None, instant: datetime) -> tuple[Entry, Job | None] | None:
        """The first entry after an instant that disabled or removed a job that was so already, and the job before it.

        Such an entry closes nothing, and so moves no cursor; the state before it is the one that held at the instant.
        """
        found: tuple[Entry, Job | None] | None = None
        while job is not None and (word_seq := word_against(job)) is not None:
            word = self._past.entry(word_seq)
            before = self._past.state_at(word_seq - 1).jobs.get(self._name)
            if word.time < instant or before is None or word_against(before, instant) is None:
                break
            found = word, before
            job = before
        return found

    def _in_force(self, instant: datetime) -> JobDefinition:
        """The definition that was in force at an instant; if there was none, the one that came next."""
        found = self._settling(instant)
        if found is None:
            return self._job.definition
        entry, job = found
        then = job or self._past.state_at(entry.seq).jobs[self._name]
        unchanged = then.defined_seq == self._job.defined_seq
        return self._job.definition if unchanged else then.definition

    # -- what the entry that settled it says -----------------------------------------------------------------------

    def _settled(self, entry: Entry, job: Job, instant: datetime) -> Finding:
        data = v.payload(entry)
        if job.definition.follows:
            return self._followed(job, instant, entry)
        if not job.present:
            return "removed", [absent(self._past, job, entry), *self._schedules.facts(job, instant)]
        if job.definition.on_demand:
            return "not_due", self._schedules.facts(job, instant)
        if isinstance(data, v.JobEnabled):
            standing = [switched(job, entry), *self._schedules.facts(job, instant)]
            pause = kept_pause(self._past, self._name, entry, instant)
            return (
                ("disabled", standing)
                if pause is None
                else self._kept_back(entry, job, instant, pause, standing)
            )
        if isinstance(data, v.JobDefined | v.JobRemoved | v.JobDisabled | v.ScheduleSettled):
            pause_over = job.enablement.until is not None and job.enablement.until < instant
            if not job.enablement.enabled and not pause_over:
                return "disabled", [switched(job, entry), *self._schedules.facts(job, instant)]
        facts = self._schedules.facts(job, instant)
        if not is_due(job.definition, instant):
            return without_due(self._past, self._schedules.as_defined(job, instant), instant, facts)
        if isinstance(data, v.ScheduleTicked):
            verdict, run = self._run_facts(entry.seq)
            return verdict, [*facts, run_owed(entry, data), *run]
        if isinstance(data, v.ScheduleMisfired):
            verdict, missed = self._misfired(entry, data, job, instant)
            return verdict, [*facts, *missed]
        if isinstance(data, v.ScheduleSettled):
            return "settled", [*facts, settled_by_person(entry, data)]
        by: Literal["replaced", "disabled", "removed"] = "replaced"
        if not isinstance(data, v.JobDefined):
            by = "removed" if isinstance(data, v.JobRemoved) else "disabled"
        return "missed", [*facts, *self._closed(entry, instant, by)]

    def _misfired(self, entry: Entry, data: v.ScheduleMisfired, job: Job, instant: datetime) -> Finding:
        facts = unwatched_facts(self._past, instant, entry.seq, data.reason)
        ticks = promised_ticks(self._past, entry, data)
        misfired = structs.replace(misfire_of(entry, data), will_run=len(ticks))
        for tick, payload in ticks:
            if payload.scheduled_for == instant:
                verdict, run = self._run_facts(tick.seq)
                return verdict, [*facts, misfired, run_owed(tick, payload), *run]
        # It was disabled anew, edited or removed before that was caught up, or before all of it was.
        if data.reason in CLOSING_REASONS or len(ticks) < data.will_run:
            return "missed", [*facts, misfired]
        return "missed", [*facts, misfired, catch_up_refusal(entry, job, instant, ticks)]

    def _kept_back(
        self, entry: Entry, job: Job, instant: datetime, pause: ClosedInterval, standing: list[Fact]
    ) -> Finding:
        """What became of an instant of a pause that whoever ended it wanted caught up."""
        settled = settled_later(self._past, self._name, instant, entry.seq)
        if settled is None:
            wanted = instant in caught_up_of_pause(pause, self._now)
            return "pending", [*standing, UpcomingInstant(serving=self._serving, caught_up=wanted)]
        data = v.payload(settled)
        if isinstance(data, v.ScheduleSettled):
            return "settled", [*standing, settled_by_person(settled, data)]
        if not isinstance(data, v.ScheduleMisfired):
            return "disabled", standing
        verdict, facts = self._misfired(settled, data, job, instant)
        return verdict, [*standing, *facts]

    def _closed(
        self, entry: Entry, instant: datetime, by: Literal["replaced", "disabled", "removed"]
    ) -> list[Fact]:
        misfire = settled_later(self._past, self._name, instant, entry.seq)
        closed = ClosedSchedule(
            entries=[entry.seq] if misfire is None else [entry.seq, misfire.seq],
            time=entry.time,
            actor=entry.actor,
            by=by,
            settled=misfire is not None,
        )
        return [*downtime_around(self._past, instant, entry.seq), closed]

    # -- what no entry has settled ---------------------------------------------------------------------------------

    def _open(self, job: Job, instant: datetime) -> Finding:
        if job.definition.follows:
            return self._followed(job, instant, None)
        facts = self._schedules.facts(job, instant)
        if not job.present:
            return "removed", [absent(self._past, job, None), *facts]
        if job.definition.on_demand:
            return "not_due", facts
        until = job.enablement.until
        if not job.enablement.enabled and (until is None or instant <= until):
            return "disabled", [switched(job, None), *facts]
        if not is_due(job.definition, instant):
            return without_due(self._past, self._schedules.as_defined(job, instant), instant, facts)
        upcoming = instant > self._now
        watch = self._present.scheduler
        if not self._serving:
            facts.append(downtime_now(self._past, watch))
        elif watch is not None and watch.paused is not None:
            facts.append(SchedulerPause(since=watch.paused, reason=watch.pause_reason or ""))
        if upcoming:
            return "upcoming", [*facts, UpcomingInstant(serving=self._serving)]
        schedule = schedule_of(job.definition)
        begin = job.cursor if job.enablement.enabled or until is None else max(job.cursor, until)
        wanted = instant in chosen(job.definition, schedule, begin, self._now)
        return "pending", [*facts, UpcomingInstant(serving=self._serving, caught_up=wanted)]

    def _followed(self, job: Job, instant: datetime, settled: Entry | None) -> Finding:
        """What became of an instant of a job that runs after others alone."""
        ask = partial(Explainer, self._past, now=self._now, serving=self._serving)
        return followed(self._past, job, instant, settled, ask, self._run_facts)
