"""What `status` finds out about a home, for its lines and for its document alike."""

from __future__ import annotations

import os
from contextlib import suppress
from datetime import datetime
from typing import TYPE_CHECKING

from scheduler.configuration.errors import ConfigInvalid
from scheduler.entry_members import FAILURES, ConfigError
from scheduler.rules.requests.upcoming import settled_by_hand
from scheduler.version import ReplacedPart, replaced, versions

if TYPE_CHECKING:
    from scheduler.home import Home
    from scheduler.ledger.view import View
    from scheduler.processes.recognition.survivors import LivingSurvivor
    from scheduler.rules.approvals.pending_change import PendingChange
    from scheduler.rules.expectations.expected import Breach
    from scheduler.rules.instants_state import Backfill, SettledByHand
    from scheduler.rules.state import Job, Run


def replaced_parts(view: View) -> list[ReplacedPart]:
    """What was installed anew since the scheduler that is running was started."""
    watch = view.state.scheduler
    return (
        []
        if watch is None or view.holder is None or view.on_database
        else replaced(watch.versions, versions())
    )


def left_going(view: View) -> list[Run]:
    """The runs that no process watches, because no scheduler serves the home; not asked is whether they live."""
    if view.holder is not None or view.on_database or not view.state.runs:
        return []
    from scheduler.rules.runs.orphans import orphans
    from scheduler.service.executor import executors_of

    return orphans(view.state, view.state.runs, (), executors_of(view.home))


def backfills_going(view: View) -> list[tuple[str, Backfill]]:
    """The jobs that are being backfilled, and what is to come of that."""
    if not view.state.backfills:
        return []
    from scheduler.rules.requests.backfill import under_way

    found = ((name, under_way(view.state, name)) for name in sorted(view.state.backfills))
    return [(name, each) for name, each in found if each is not None]


def settled_ahead_by_hand(view: View) -> list[tuple[str, SettledByHand]]:
    """The jobs of which a person settled what is still to come."""
    found = ((job.name, settled_by_hand(job, view.now)) for job in view.state.present_jobs())
    return [(name, each) for name, each in found if each is not None]


def jobs_awaiting(view: View) -> list[tuple[Job, datetime]]:
    """The jobs that run after others alone and wait for some of those, and since when; the longest first.

    It is counted from the last success that came, or what else was recorded of the instant.
    """
    waiting = [job for job in view.state.present_jobs() if job.awaited and job.on_schedule]
    if not waiting:
        return []
    from cli.words.wait_words import awaited_instants

    found = [
        (job, awaited[0][0].since) for job in waiting if (awaited := awaited_instants(job)) and awaited[0][1]
    ]
    return sorted(found, key=lambda each: (each[1], each[0].name))


def approvals_awaited(view: View) -> list[tuple[str, PendingChange]]:
    """The changes that wait for a second person, by the names of the jobs."""
    if not view.state.changes:
        return []
    from cli.words.approval_words import waiting_changes

    return waiting_changes(view.state)


def edits_rejected(view: View) -> list[tuple[str, PendingChange]]:
    """What the config still says although a person rejected it, by the names of the jobs."""
    if not view.state.changes:
        return []
    from cli.words.approval_words import rejected_changes

    return rejected_changes(view.state)


def not_stopped(view: View) -> list[LivingSurvivor]:
    """The processes of finished runs that could not be stopped, and live."""
    if not view.state.left_running:
        return []
    from scheduler.processes.recognition.survivors import living_survivors

    return living_survivors(view.state.left_running)


def late(view: View) -> list[Breach]:
    """What is expected of jobs and does not hold, the oldest first."""
    known = view.state.expectations
    return [] if known is None else sorted(known.open.values(), key=lambda each: (each.since, each.seq))


def mistakes(view: View) -> list[ConfigError]:
    """The first mistakes in the config file."""
    return view.problem.errors if isinstance(view.problem, ConfigInvalid) else []


def mistake_count(view: View) -> int:
    """How many mistakes there are in the config file, those that are not listed included."""
    return view.problem.count if isinstance(view.problem, ConfigInvalid) else 0


def job_counts(view: View) -> dict[str, int]:
    """How many jobs there are: in all, enabled, disabled, and whose last run failed."""
    jobs = view.state.present_jobs()
    return {
        "total": len(jobs),
        "enabled": sum(job.on_schedule for job in jobs),
        "disabled": sum(not job.on_schedule for job in jobs),
        "failed_last": sum(job.last is not None and job.last.outcome in FAILURES for job in jobs),
    }


def ledger_size_bytes(home: Home) -> int:
    """The size of all segments."""
    with suppress(FileNotFoundError), os.scandir(home.ledger) as found:
        return sum(each.stat().st_size for each in found if each.name.endswith(".jsonl"))
    return 0


def any_memory_limit(view: View) -> bool:
    """Whether any job has one."""
    definitions = (job.definition for job in view.state.present_jobs())
    return any(each.limits is not None and each.limits.memory_bytes is not None for each in definitions)
