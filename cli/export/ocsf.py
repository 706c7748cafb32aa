"""OCSF 1.8.0: what happened to jobs as Scheduled Job Activity (class 1006, category System Activity).

The class, its attributes and enumerations are those of https://schema.ocsf.io/1.8.0/classes/scheduled_job_activity.
Every required attribute is written, and of the recommended ones all that a ledger knows. What the class has no
activity for is activity 99 with a name of its own; what the schema has no attribute for stands in `unmapped`.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal, NamedTuple

from cli.export.job_facts import ExportContext, JobFacts
from scheduler import vocabulary as v
from scheduler.entry_members import FAILURES
from scheduler.version import VERSION

SCHEMA_VERSION = "1.8.0"
CATEGORY_UID, CLASS_UID = 1, 1006
OCSF_VIEWS = ("events", "runs", "attempts", "job_changes")
"""The views whose rows are activities of jobs."""

OcsfEvent = dict[str, Any]
_Status = Literal[0, 1, 2, 99]
_OTHER = 99
_ACTIVITIES = {1: "Create", 2: "Update", 3: "Delete", 4: "Enable", 5: "Disable", 6: "Start"}
_SEVERITIES = {1: "Informational", 2: "Low", 3: "Medium"}
_STATUSES: dict[_Status, str] = {0: "Unknown", 1: "Success", 2: "Failure", 99: "Other"}
_RUN_STATES = {1: "Ready", 2: "Queued", 3: "Running", 4: "Stopped"}
_HOSTNAME, _USER_NAME = 1, 4
"""Types of observables."""


class _Activity(NamedTuple):
    """In the schema's terms: an activity, or the name of another one, and the job's state after it."""

    activity: int
    name: str
    run_state: int
    severity: int = 1


OF_ENTRIES = {
    v.JobDefined.TYPE: _Activity(1, "", 1),
    v.JobRemoved.TYPE: _Activity(3, "", 4),
    v.ApprovalRequested.TYPE: _Activity(_OTHER, "Request Approval", 1),
    v.ApprovalGiven.TYPE: _Activity(_OTHER, "Approve", 1),
    v.ApprovalWithdrawn.TYPE: _Activity(_OTHER, "Withdraw Approval Request", 1),
    v.JobEnabled.TYPE: _Activity(4, "", 1),
    v.JobDisabled.TYPE: _Activity(5, "", 4),
    v.RunStarted.TYPE: _Activity(6, "", 3),
    v.ScheduleTicked.TYPE: _Activity(_OTHER, "Fall Due", 2),
    v.ScheduleMisfired.TYPE: _Activity(_OTHER, "Misfire", 1, 2),
    v.ScheduleExcluded.TYPE: _Activity(_OTHER, "Exclude", 1),
    v.ScheduleSettled.TYPE: _Activity(_OTHER, "Settle", 1),
    v.ScheduleReopened.TYPE: _Activity(_OTHER, "Reopen", 1),
    v.BackfillRequested.TYPE: _Activity(_OTHER, "Request Backfill", 2),
    v.BackfillEnded.TYPE: _Activity(_OTHER, "End Backfill", 1),
    v.RunRequested.TYPE: _Activity(_OTHER, "Request", 2),
    v.RunCancelRequested.TYPE: _Activity(_OTHER, "Request Cancellation", 3),
    v.RunAssigned.TYPE: _Activity(_OTHER, "Assign", 2),
    v.RunReported.TYPE: _Activity(_OTHER, "Report Lost Attempt", 0, 2),
    v.RunAdopted.TYPE: _Activity(_OTHER, "Adopt", 3),
    v.RunFinished.TYPE: _Activity(_OTHER, "Finish", 1),
    v.RunSkipped.TYPE: _Activity(_OTHER, "Skip", 1, 2),
    v.ExpectationBreached.TYPE: _Activity(_OTHER, "Breach Expectation", 0, 2),
    v.ExpectationMet.TYPE: _Activity(_OTHER, "Meet Expectation", 0),
    v.RetentionApplied.TYPE: _Activity(_OTHER, v.RetentionApplied.TYPE, 0),
}
"""What an entry about a job is. A definition that changes a job is an update; a disabled job stays stopped."""
LEFT_OUT = (
    v.LedgerCreated.TYPE,
    v.LedgerRecovered.TYPE,
    v.HomeAdopted.TYPE,
    v.SnapshotWritten.TYPE,
    v.ConfigAccepted.TYPE,
    v.ConfigRejected.TYPE,
    v.CalendarDefined.TYPE,
    *v.EVIDENCE,
    *v.NOTIFICATIONS,
    *v.NODE_ENTRIES,
    v.TokenCreated.TYPE,
    v.TokenRevoked.TYPE,
    *v.WATCH_ENTRIES,
)
"""Types of entries that are about no job, and so are no activities of this class."""
_OF_CHANGES = {"defined": 1, "changed": 2, "removed": 3, "enabled": 4, "disabled": 5}
_OF_OUTCOMES: dict[str | None, tuple[_Status, int]] = {
    "succeeded": (1, 1),
    "cancelled": (99, 1),
    "unknown": (0, 2),
    **dict.fromkeys(FAILURES, (2, 3)),
}
"""Status and severity."""


def activity_of(view: str, row: dict[str, Any], known: ExportContext) -> OcsfEvent | None:
    """A row as an event of the class; None if it is about no job.

    Args:
        view: one of `OCSF_VIEWS`.
        row: its columns as JSON has them, times as RFC 3339.
        known: what earlier entries said about jobs and the machine.
    """
    if row["job"] is None:
        return None
    if view == "events":
        return _of_an_entry(row, known)
    if view == "job_changes":
        return _of_a_change(row, known)
    return _of_a_run(view, row, known)


def _of_an_entry(row: dict[str, Any], known: ExportContext) -> OcsfEvent:
    data = row["data"]
    facts = known.of(row["job"])
    doing = OF_ENTRIES.get(row["type"], _Activity(_OTHER, row["type"], 0))
    if row["type"] == v.JobDefined.TYPE:
        doing = _Activity(2 if data.get("changed") else 1, "", 4 if facts.disabled else 1)
    status: _Status = 1
    if row["type"] == v.RunFinished.TYPE:
        status, severity = _OF_OUTCOMES.get(data.get("outcome"), (0, 1))
        doing = doing._replace(severity=severity)
    elif row["type"] == v.ScheduleMisfired.TYPE:
        status = 2
    elif row["type"] == v.RunSkipped.TYPE:
        status = 99
    event = _event(doing, row, row["time"], facts, known)
    _put_status(event, status, data.get("outcome") or data.get("reason"), _detail(data))
    if row["type"] == v.RunFinished.TYPE:
        _put_duration(event, data.get("started"), data.get("duration_ms"))
    event["message"] = _message(row["type"].replace(".", " ").replace("_", " "), row)
    event["metadata"] |= {
        "event_code": row["type"],
        "original_event_uid": str(row["seq"]),
        "original_time": row["time"],
        "sequence": row["seq"],
        "uid": row["hash"],
    }
    event["unmapped"] = {"seq": row["seq"], "hash": row["hash"], "prev": row["prev"], "data": data}
    return event


def _of_a_change(row: dict[str, Any], known: ExportContext) -> OcsfEvent:
    activity = _OF_CHANGES[row["change"]]
    doing = _Activity(activity, "", 4 if activity in {3, 5} else 1)
    event = _event(doing, row, row["time"], known.of(row["job"]), known)
    _put_status(event, 1, None, row["reason"])
    event["message"] = _message(f"job {row['change']}", row)
    event["metadata"] |= {
        "event_code": f"job.{row['change']}",
        "original_event_uid": str(row["seq"]),
        "original_time": row["time"],
        "sequence": row["seq"],
        "uid": f"{known.ledger}/{row['seq']}",
    }
    event["unmapped"] = {
        name: row[name] for name in ("seq", "changed", "before", "after") if row.get(name) is not None
    }
    return event


def _of_a_run(view: str, row: dict[str, Any], known: ExportContext) -> OcsfEvent:
    """A run or an attempt: the start of the job, with how it came out."""
    states = {"owed": 2, "waiting": 2, "running": 3}
    doing = _Activity(6, "", states.get(row["status"], 1))
    if row["status"] in {"owed", "skipped"}:
        doing = _Activity(_OTHER, "Fall Due" if row["status"] == "owed" else "Skip", doing.run_state)
    status: _Status = 1
    if row["outcome"] is not None:
        status, severity = _OF_OUTCOMES.get(row["outcome"], (0, 1))
        doing = doing._replace(severity=severity)
    elif row["status"] == "skipped":
        status = 99
    when = row["started"] or row.get("owed_at") or row["finished"]
    event = _event(doing, row, when, known.of(row["job"]), known)
    _put_status(event, status, row["outcome"] or row.get("skipped_reason"), row["error"] or row.get("reason"))
    if row["started"] is not None:
        _put_duration(event, row["started"], row["duration_ms"])
    event["message"] = _message(f"run {row['outcome'] or row['status']}", row)
    state = f"{row['status']}/{row['attempt'] or 0}"
    event["metadata"] |= {
        "event_code": f"{view.removesuffix('s')}.{row['status']}",
        "original_event_uid": str(row["run"]),
        "original_time": when,
        "uid": f"{known.ledger}/{view}/{row['run']}/{state}",
    }
    names = ("run", "attempt", "trigger", "scheduled_for", "exit_code", "signal", "lateness_ms", "retry_at")
    event["unmapped"] = {name: row[name] for name in names if row.get(name) is not None}
    return event


def _event(
    doing: _Activity, row: dict[str, Any], when: str, facts: JobFacts, known: ExportContext
) -> OcsfEvent:
    """What all have in common."""
    name = _ACTIVITIES.get(doing.activity, doing.name)
    actor = _actor(row.get("actor"))
    device = _device(row.get("actor"), row.get("host") or known.host)
    metadata: dict[str, Any] = {
        "version": SCHEMA_VERSION,
        "product": {"name": "cronledger", "vendor_name": "cronledger", "version": VERSION},
        "log_name": "ledger",
        "log_provider": "cronledger",
    }
    if row.get("run") is not None:
        metadata["correlation_uid"] = f"{known.ledger}/{row['run']}"
    return {
        "activity_id": doing.activity,
        "activity_name": name,
        "category_uid": CATEGORY_UID,
        "category_name": "System Activity",
        "class_uid": CLASS_UID,
        "class_name": "Scheduled Job Activity",
        "type_uid": CLASS_UID * 100 + doing.activity,
        "type_name": f"Scheduled Job Activity: {_ACTIVITIES.get(doing.activity, 'Other')}",
        "severity_id": doing.severity,
        "severity": _SEVERITIES[doing.severity],
        "time": _epoch_ms(when),
        "timezone_offset": 0,
        "metadata": metadata,
        "actor": actor,
        "device": device,
        "job": _job(row["job"], facts, doing.run_state),
        "observables": _observables(actor, device),
    }


def _job(name: str, facts: JobFacts, run_state: int) -> dict[str, Any]:
    job: dict[str, Any] = {"name": name}
    if facts.command:
        job["cmd_line"] = facts.command
    if facts.description:
        job["desc"] = facts.description
    if facts.created:
        job["created_time"] = _epoch_ms(facts.created)
    if facts.last_run:
        job["last_run_time"] = _epoch_ms(facts.last_run)
    job["run_state_id"] = run_state
    job["run_state"] = _RUN_STATES.get(run_state, "Unknown")
    return job


def _actor(actor: str | None) -> dict[str, Any]:
    """A person, or cronledger itself."""
    kind, sign, who = (actor or "").partition(":")
    name = who.rpartition("@")[0] or who
    if kind != "user" or not sign or not name:
        return {"app_name": "cronledger", "app_uid": actor or "scheduler"}
    root = name == "root"
    return {
        "user": {"name": name, "type_id": 2 if root else 1, "type": "Admin" if root else "User"},
        "app_name": "cronledger",
    }


def _device(actor: str | None, host: str) -> dict[str, Any]:
    """The machine: where the person was, else where the scheduler was last known to be."""
    kind, _, who = (actor or "").partition(":")
    host = (who.rpartition("@")[2] if kind == "user" and "@" in who else "") or host
    device: dict[str, Any] = {"type_id": 0, "type": "Unknown"}
    device["os"] = {"name": "Linux", "type_id": 200, "type": "Linux"}
    return device | ({"hostname": host, "name": host} if host else {"name": "unknown"})


def _observables(actor: dict[str, Any], device: dict[str, Any]) -> list[dict[str, Any]]:
    found = []
    if "hostname" in device:
        found.append(_observable("device.hostname", _HOSTNAME, "Hostname", device["hostname"]))
    if "user" in actor:
        found.append(_observable("actor.user.name", _USER_NAME, "User Name", actor["user"]["name"]))
    return found


def _observable(name: str, type_id: int, kind: str, value: str) -> dict[str, Any]:
    return {"name": name, "type_id": type_id, "type": kind, "value": value}


def _put_status(event: OcsfEvent, status: _Status, code: str | None, detail: str | None) -> None:
    event["status_id"] = status
    event["status"] = code if status == _OTHER and code else _STATUSES[status]
    if code:
        event["status_code"] = code
    if detail:
        event["status_detail"] = detail


def _put_duration(event: OcsfEvent, started: str | None, duration_ms: int | None) -> None:
    if started is None:
        return
    event["start_time"] = _epoch_ms(started)
    if duration_ms is not None:
        event["duration"] = duration_ms
        event["end_time"] = event["start_time"] + duration_ms


def _detail(data: dict[str, Any]) -> str | None:
    error = data.get("error")
    return str(error) if error else str(data["reason"]) if data.get("reason") else None


def _message(what: str, row: dict[str, Any]) -> str:
    run = f", run {row['run']}" if row.get("run") is not None else ""
    return f"{what}: {row['job']}{run}"


def _epoch_ms(text: str) -> int:
    return int(datetime.fromisoformat(text).timestamp() * 1_000)
