"""A job as `--json` has it."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import msgspec

from cli.words.late_words import late_document, late_of
from cli.words.wait_words import awaited_instants, waited_document, waiting_document
from cli.words.words import timing_words
from scheduler.rules.requests.backfill import under_way
from scheduler.rules.requests.upcoming import next_run
from scheduler.rules.runs.waiting_reasons import WaitingReasons
from scheduler.rules.state import Job, LastRun, State

_AWAITED_SHOWN_MAX = 20


def job_document(state: State, job: Job, now: datetime, waits: WaitingReasons) -> dict[str, Any]:
    """A job as `jobs list --json` and `jobs show --json` have it."""
    definition, enablement = job.definition, job.enablement
    words, source = timing_words(definition)
    backfill = under_way(state, job.name)
    return {
        "name": job.name,
        "description": definition.description,
        "schedule": definition.schedule,
        "schedules": definition.schedules or [each for each in [definition.schedule] if each],
        "every": definition.every,
        "at": definition.at,
        "on_demand": definition.on_demand,
        "timezone": definition.timezone,
        "tags": definition.tags,
        "schedule_words": words,
        "schedule_source": source,
        "enabled": job.on_schedule,
        "switched": {
            "enabled": enablement.enabled,
            "by": enablement.actor,
            "time": enablement.time,
            "reason": enablement.reason,
            "until": enablement.until,
            "entry": enablement.seq,
        },
        "last_run": _last_document(job.last),
        "last_skipped": _skipped_document(job.last_skipped),
        "next_run": next_run(job, now),
        "running": [_run_document(state, number, waits) for number in job.live],
        "pending_change": _pending_document(state, job),
        "late": [late_document(each) for each in late_of(state, job)],
        "backfill_left": 0 if backfill is None else backfill.left,
        "after": msgspec.to_builtins(definition.after),
        "awaiting": [
            {"instant": each.instant, "missing": missing}
            for each, missing in awaited_instants(job)[-_AWAITED_SHOWN_MAX:]
        ],
    }


def _pending_document(state: State, job: Job) -> dict[str, Any] | None:
    change = state.changes.get(job.name)
    if change is None:
        return None
    from cli.words.approval_words import change_document

    return change_document(change)


def _last_document(last: LastRun | None) -> dict[str, Any] | None:
    if last is None:
        return None
    return {
        "run": last.run,
        "trigger": last.trigger,
        "outcome": last.outcome,
        "started": last.started,
        "finished": last.time,
        "duration_ms": last.duration_ms,
        "exit_code": last.exit_code,
        "signal": last.signal,
        "error": last.error,
    }


def _skipped_document(last: LastRun | None) -> dict[str, Any] | None:
    if last is None:
        return None
    return {"run": last.run, "trigger": last.trigger, "reason": last.skipped, "time": last.time}


def _run_document(state: State, number: int, waits: WaitingReasons) -> dict[str, Any]:
    run = state.runs[number]
    return {
        "run": number,
        "trigger": run.trigger,
        "scheduled_for": run.scheduled_for,
        "started": run.started,
        "attempt": run.attempt,
        "node": run.place,
        "retry_at": run.retry_at,
        "waiting_for": waiting_document(waits.of(number)) if run.started is None else None,
        "waited_for": waited_document(run),
    }
