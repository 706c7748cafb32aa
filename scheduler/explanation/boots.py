"""Runs for boots of the machine: no schedule has their instants, the ledger alone does."""

from __future__ import annotations

from datetime import datetime, timedelta

from eventstore.store import Entry
from scheduler import vocabulary as v
from scheduler.explanation.downtime import misfire_of
from scheduler.explanation.facts import Fact, ScheduleInForce, Verdict
from scheduler.explanation.runs import RunFacts, run_owed
from scheduler.ledger.past import NEAR_ENTRIES, Past
from scheduler.rules.job_schedule import schedule_of


def boots_between(past: Past, name: str, begin: datetime, until: datetime) -> dict[datetime, Entry]:
    """The boots x with begin <= x < until that a job has a run for, or that it missed, each with the entry about it.

    They are looked for among the entries around that time.
    """
    first = past.seq_at(begin - timedelta(seconds=1))
    begin_seq = 0 if first is None else first + 1
    found: dict[datetime, Entry] = {}
    for entry in past.entries(begin_seq, begin_seq + NEAR_ENTRIES):
        if entry.job != name or not _of_boot(past, entry):
            continue
        data = v.payload(entry)
        told = [data.scheduled_for] if isinstance(data, v.ScheduleTicked) else [data.first, data.last]
        found.update({instant: entry for instant in told if begin <= instant < until})
    return found


def _of_boot(past: Past, entry: Entry) -> bool:
    if entry.type not in (v.ScheduleTicked.TYPE, v.ScheduleMisfired.TYPE):
        return False
    job = past.state_at(entry.seq - 1).jobs.get(entry.job or "")
    return job is not None and job.definition.at_reboot


def boot_facts(past: Past, entry: Entry, run_facts: RunFacts) -> tuple[Verdict, list[Fact]]:
    """What became of a boot, given the entry about it."""
    job = past.state_at(entry.seq - 1).jobs[entry.job or ""]
    schedule = schedule_of(job.definition)
    scheduled = ScheduleInForce(
        entries=[job.defined_seq],
        revision=job.revision,
        source=schedule.source(),
        timezone=job.definition.timezone,
        due=True,
    )
    data = v.payload(entry)
    if isinstance(data, v.ScheduleTicked):
        verdict, facts = run_facts(entry.seq)
        return verdict, [scheduled, run_owed(entry, data), *facts]
    return "missed", [scheduled, misfire_of(entry, data)]
