"""The report as a document for programs: its members are a promise, they are added to and never changed.

Times are aware, durations whole milliseconds in members that end in `_ms`. Each list is an object: `total` rows there
are, the first of them stand in `rows`, and `left_out` do not.
"""

from __future__ import annotations

from typing import Any

import msgspec

from projections.audit.evidence import Evidence
from projections.audit.findings import Listed
from projections.audit.population.tally import RAN, Disposition
from projections.audit.report import Report, RevisionInForce
from scheduler.rules.job_schedule import source_of

FORMAT = "cronledger-audit-report/1"


def document(report: Report) -> dict[str, Any]:
    """The whole report, of dicts, lists, strings, numbers and aware datetimes."""
    return {
        "format": FORMAT,
        "made": report.made,
        "from": report.window.begin,
        "until": report.window.end,
        "job": report.job,
        "late_from_ms": int(report.late_from.total_seconds() * 1_000),
        "complete": report.unexplained == 0,
        "ledger": _ledger(report),
        "population": {**_counts(report.tally.totals), "jobs": len(report.jobs)},
        "jobs": _jobs(report.revisions),
        "unexplained": {"instants": report.unexplained, **_rows(report.findings)},
        "versions": {
            "today": report.versions.today,
            "used": [_row(each) for each in report.versions.used],
            "differences": _rows(report.versions.differences),
        },
        "failures": {
            **_rows(report.runs.failures),
            "unresolved": report.runs.unresolved,
        },
        "succeeded_after_retry": _rows(report.runs.recovered),
        "late": {**_rows(report.runs.late), "latest_ms": report.runs.latest_ms},
        "breaches": {**_rows(report.breaches.listed), "going": report.breaches.going},
        "skipped": _rows(report.runs.skipped),
        "missed": _rows(report.runs.missed),
        "backfilled": report.runs.backfilled,
        "manual": _rows(report.runs.manual),
        "outages": _rows(report.watch.outages),
        "clock": _rows(report.watch.clock_changes),
        "changes": _rows(report.changes.changes),
        "disabled": _rows(report.changes.intervals),
        "decisions": _rows(report.changes.decisions),
        "evidence": _evidence(report.evidence),
    }


def _ledger(report: Report) -> dict[str, Any]:
    return {
        "id": report.ledger,
        "first_read": report.first_seq,
        "head": {"seq": report.head.seq, "hash": report.head.hash, "time": report.head_time},
    }


def _counts(counts: dict[Disposition, int]) -> dict[str, Any]:
    """How many instants there are, and how many of each disposition."""
    return {
        "implied": sum(counts.values()),
        "ran": sum(counts.get(each, 0) for each in RAN),
        "dispositions": {each: count for each, count in counts.items() if count},
    }


def _jobs(revisions: list[RevisionInForce]) -> list[dict[str, Any]]:
    jobs: dict[str, list[dict[str, Any]]] = {}
    for each in revisions:
        jobs.setdefault(each.key.job, []).append(
            {
                "revision": each.key.revision,
                "defined_seq": each.defined_seq,
                "defined": each.defined,
                "schedule": source_of(each.tally.definition),
                "timezone": each.tally.definition.timezone,
                **_counts(each.tally.counts),
                "reasons": {reason: count for reason, count in each.tally.reasons.items() if count},
            }
        )
    return [{"name": name, "revisions": found} for name, found in jobs.items()]


def _evidence(evidence: Evidence) -> dict[str, Any]:
    return {
        "origin": evidence.origin or None,
        "keys": [_row(each) for each in evidence.keys],
        "checkpoints": evidence.signed,
        "checkpoint_before": _row(evidence.before),
        "checkpoint_after": _row(evidence.after),
        "newest_checkpoint": _row(evidence.newest),
        "refused": _row(evidence.refused),
        "anchors": [_row(each) for each in evidence.anchors.values()],
        "interruptions": _rows(evidence.interruptions),
    }


def _rows(rows: Listed[Any]) -> dict[str, Any]:
    return {"total": rows.total, "left_out": rows.left_out, "rows": [_row(each) for each in rows]}


def _row(row: object) -> Any:
    """A Struct with all its members, in their order; what is inside it stays small."""
    if isinstance(row, msgspec.Struct):
        return {name: _row(getattr(row, name)) for name in row.__struct_fields__}
    return row
