"""The plan as JSON: members are added, never renamed."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from cli.planning.job_rows import catch_ups_of, settings_of
from cli.words.approval_words import change_document
from eventstore.store import Event
from scheduler import vocabulary as v
from scheduler.configuration.settings.origins import origins
from scheduler.definition import JobDefinition, changed_members, revision
from scheduler.planning.home_plan import HomePlan
from scheduler.rules.planning.edits import CalendarEdit
from scheduler.rules.planning.instants import InstantChanges
from scheduler.rules.planning.plan import FatedRun, JobPlan


def plan_document(found: HomePlan) -> dict[str, Any]:
    """All of a plan."""
    plan, settings = found.plan, found.settings
    kinds = [each.edit.kind for each in plan.jobs]
    return {
        "path": str(found.config.path),
        "digest": found.config.digest,
        "valid": True,
        "errors": [],
        "error_count": 0,
        "changes": found.changes,
        "now": plan.now,
        "until": plan.until,
        "served": plan.served,
        "ledger": found.has_ledger,
        "counts": {
            "jobs": plan.job_count,
            **{kind: kinds.count(kind) for kind in ("added", "removed", "changed", "taken_back")},
        },
        "jobs": [_job(found, each) for each in plan.jobs],
        "calendars": [_calendar(each) for each in plan.calendars],
        "settings": {
            "compared_with": settings.compared_with,
            "changed": [each._asdict() for each in settings.settings],
            "channels": [each._asdict() for each in settings.channels],
            "lock_holders": {name: found.lock_holders.get(name, []) for name in settings.locks},
            "runs_going": found.going,
        },
    }


def _job(found: HomePlan, plan: JobPlan) -> dict[str, Any]:
    edit, pending = plan.edit, plan.edit.pending
    return {
        "job": edit.name,
        "kind": edit.kind,
        "revision": None if edit.new is None else revision(edit.new),
        "old_revision": None if edit.old is None else revision(edit.old),
        "changed": [] if edit.old is None or edit.new is None else changed_members(edit.old, edit.new),
        "settings": _settings(found, plan),
        "takes_effect": edit.takes_effect,
        "approval": edit.approval,
        "pending": None if pending is None else change_document(pending),
        "enabled": plan.after is not None and plan.after.on_schedule,
        "timezone": _zone(edit.new or edit.old),
        "instants": _instants(plan.instants) if plan.instants.any else None,
        "runs": [_run(each) for each in plan.runs],
        "misfires": [_misfire(data) for data in _misfires(plan.follows)],
        "catch_ups": catch_ups_of(plan.follows),
        "expectations": [told for event in plan.follows if (told := _expectation(event)) is not None],
        "without_edit": {
            "misfires": [_misfire(data) for data in _misfires(plan.missed_without)],
            "catch_ups": catch_ups_of(plan.missed_without),
        },
        "dependents": plan.dependents,
        "entries": [event.type for event in (*plan.recorded, *plan.follows)],
    }


def _zone(definition: JobDefinition | None) -> str | None:
    return None if definition is None else definition.timezone


def _settings(found: HomePlan, plan: JobPlan) -> list[dict[str, Any]]:
    configured = found.config.jobs.get(plan.edit.name)
    known = {} if configured is None else origins(configured)
    rows = []
    for key, old, new, _ in settings_of(found, plan.edit):
        origin = known.get(key)
        rows.append(
            {
                "key": key,
                "old": old or None,
                "new": new or None,
                "origin": None if origin is None else origin.kind,
                "line": None if origin is None else origin.line,
            }
        )
    return rows


def _instants(changes: InstantChanges) -> dict[str, Any]:
    return {
        "before": changes.before,
        "after": changes.after,
        "disappear": changes.disappear,
        "appear": changes.appear,
        "first_disappear": changes.first_disappear,
        "first_appear": changes.first_appear,
        "compared_until": changes.compared_until,
    }


def _run(fated: FatedRun) -> dict[str, Any]:
    run, data = fated.run, None if fated.event is None else fated.event.data
    return {
        "run": run.number,
        "trigger": run.trigger,
        "scheduled_for": run.scheduled_for,
        "attempt": run.attempt,
        "started": run.started,
        "fate": fated.fate,
        "reason": data.reason if isinstance(data, v.RunSkipped) else None,
        "replaced_by": data.replaced_by if isinstance(data, v.RunCancelRequested) else None,
    }


def _misfires(events: Iterable[Event]) -> list[v.ScheduleMisfired]:
    return [event.data for event in events if isinstance(event.data, v.ScheduleMisfired)]


def _misfire(data: v.ScheduleMisfired) -> dict[str, Any]:
    return {
        "first": data.first,
        "last": data.last,
        "count": data.count,
        "reason": data.reason,
        "policy": data.policy,
        "will_run": data.will_run,
    }


def _expectation(event: Event) -> dict[str, Any] | None:
    """A breach of what is expected that begins, or one that ends (`by`)."""
    data = event.data
    if not isinstance(data, v.ExpectationBreached | v.ExpectationMet):
        return None
    by = data.by if isinstance(data, v.ExpectationMet) else None
    return {"expectation": data.expectation, "run": event.run, "since": data.since, "by": by}


def _calendar(edit: CalendarEdit) -> dict[str, Any]:
    return {
        "calendar": edit.name,
        "new": edit.is_new,
        "weekdays_added": edit.weekdays_added,
        "weekdays_removed": edit.weekdays_removed,
        "dates_added": [[f"{first}", f"{last}"] for first, last in edit.dates_added],
        "dates_removed": [[f"{first}", f"{last}"] for first, last in edit.dates_removed],
        "jobs": edit.jobs,
    }
