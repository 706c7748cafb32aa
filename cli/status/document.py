"""A home at a glance, for programs: the document that `status --json` prints."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import msgspec

from cli.status.evidence import evidence_document
from cli.status.findings import (
    any_memory_limit,
    approvals_awaited,
    backfills_going,
    edits_rejected,
    job_counts,
    jobs_awaiting,
    late,
    ledger_size_bytes,
    left_going,
    mistake_count,
    mistakes,
    not_stopped,
    replaced_parts,
    settled_ahead_by_hand,
)
from cli.status.heartbeat import heartbeat_document
from cli.status.notifications import channel_document, known_channels
from cli.status.telemetry import telemetry_document
from cli.words.approval_words import change_documents
from cli.words.late_words import late_document
from cli.words.limit_words import memory_means
from cli.words.wait_words import awaited_instants, waited_document, waiting_document
from scheduler.configuration.files.joined import MAIN
from scheduler.entry_members import ConfigError
from scheduler.ownership.home_identity import is_copy
from scheduler.rules.requests.upcoming import jobs_settled_ahead

if TYPE_CHECKING:
    from scheduler.ledger.view import View


def status_document(view: View) -> dict[str, Any]:
    """What there is to tell of a home, as JSON has it: members are added, never renamed."""
    watch, holder, behind = view.state.scheduler, view.holder, view.clock_behind
    return {
        "home": str(view.home.root),
        "home_is_copy": is_copy(view.home),
        "time": view.now,
        "scheduler": {
            "state": view.scheduler_state,
            "pid": (holder.pid if holder else watch.pid if watch else None) or None,
            "host": (holder.host if holder else watch.host if watch else None) or None,
            "started": watch.time if watch else None,
            "stopped": watch.stopped if watch and holder is None else None,
            "stop_reason": watch.stop_reason if watch and holder is None else None,
            "paused": watch.paused if watch else None,
            "pause_reason": watch.pause_reason if watch else None,
            "suspended": view.hindrance is not None and view.hindrance.kind == "suspended",
            "versions": watch.versions if watch else None,
            "replaced": [msgspec.structs.asdict(part) for part in replaced_parts(view)],
            "runs_left": [run.number for run in left_going(view)],
        },
        "config": {
            "path": str(view.home.config),
            "state": view.config_state,
            "in_force": view.state.config,
            "errors": [_mistake(error) for error in mistakes(view)],
            "error_count": mistake_count(view),
        },
        "cluster": _cluster(view),
        "jobs": job_counts(view),
        "runs": _runs(view),
        "late": [{"job": each.job, **late_document(each)} for each in late(view)],
        "awaiting": _awaiting(view),
        "memory_limited_by": memory_means(view) if any_memory_limit(view) else None,
        "backfills": _backfills(view),
        **_waits(view),
        "ledger": _ledger(view),
        "evidence": evidence_document(view),
        "heartbeat": heartbeat_document(view),
        "telemetry": telemetry_document(view),
        "channels": [channel_document(each) for each in known_channels(view)],
        "settled_until": max(jobs_settled_ahead(view.state, view.now).values(), default=None),
        "settled": _settled(view),
        "clock_behind_ms": None if behind is None else behind // timedelta(milliseconds=1),
        "not_stopped": [
            {
                "run": run,
                "job": job,
                "pid": process.pid,
                "uid": process.uid,
                "program": process.program,
            }
            for run, job, process in not_stopped(view)
        ],
    }


def _ledger(view: View) -> dict[str, Any]:
    """What the ledger holds, and what of it is archived."""
    last, archive = view.last_entry, view.state.archive
    return {
        "id": view.state.ledger or None,
        "entries": 0 if last is None else last.seq + 1,
        "size_bytes": ledger_size_bytes(view.home),
        "archived": archive
        and {
            "entries": archive.entries,
            "removed": archive.removed,
            "place": archive.place,
            "entry": archive.seq,
        },
        "last": None if last is None else {"seq": last.seq, "time": last.time, "type": last.type},
    }


def _cluster(view: View) -> dict[str, Any] | None:
    if not view.on_database:
        return None
    from cli.status.cluster import cluster_document

    return cluster_document(view)


def _mistake(error: ConfigError) -> dict[str, Any]:
    return {
        "file": error.file or MAIN,
        "line": error.line,
        "column": error.column,
        "key": error.key,
        "message": error.message,
    }


def _runs(view: View) -> list[dict[str, Any]]:
    """The runs in flight, and for what those wait that do."""
    waits = view.waiting_reasons
    return [
        {
            "run": run.number,
            "job": run.job,
            "trigger": run.trigger,
            "started": run.started,
            "node": run.place,
            "waiting_for": waiting_document(waits.of(run.number)) if run.started is None else None,
            "waited_for": waited_document(run),
        }
        for run in view.state.runs.values()
    ]


def _backfills(view: View) -> list[dict[str, Any]]:
    return [
        {"job": name, "requested_by": each.seq, "left": each.left} for name, each in backfills_going(view)
    ]


def _awaiting(view: View) -> list[dict[str, Any]]:
    """The jobs that run after others alone and wait for them."""
    return [
        {"job": job.name, "instant": each.instant, "missing": missing, "since": since}
        for job, since in jobs_awaiting(view)
        for each, missing in awaited_instants(job)[:1]
    ]


def _settled(view: View) -> list[dict[str, Any]]:
    """The jobs of which a person settled what is to come."""
    return [
        {"job": name, "until": each.until, "entry": each.seq} for name, each in settled_ahead_by_hand(view)
    ]


def _waits(view: View) -> dict[str, Any]:
    """What waits: changes for a second person, runs for what they could start with."""
    full = view.full_slots
    return {
        "approvals": change_documents(approvals_awaited(view)),
        "rejected": change_documents(edits_rejected(view)),
        "slots_taken": None
        if full is None
        else {"by": [run.number for run in full.holders], "waiting": len(full.waiting)},
        "lock_waits": [
            {"run": run, "lock": wait.name, "held_by": wait.holders, "behind": wait.behind}
            for run, wait in view.lock_waits.items()
        ],
    }
