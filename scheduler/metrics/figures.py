"""All figures of a home: what happened, and how things stand. Base units, whole: what never happened is zero."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Final

from scheduler.entry_members import CLOSING_REASONS, MISFIRE_REASONS, OUTCOMES, SKIP_REASONS
from scheduler.ledger.view import View
from scheduler.metrics.figure import Figure, FigureKind, Sample, Spread
from scheduler.metrics.last_verification import LastVerification
from scheduler.metrics.totals import (
    DURATION_BOUNDS_MS,
    LATENESS_BOUNDS_MS,
    SKIPPED,
    Distribution,
    JobTotals,
    Totals,
)
from scheduler.rules.requests.upcoming import next_run
from scheduler.rules.state import Job
from scheduler.version import VERSION

MISSED_REASONS: Final = tuple(
    dict.fromkeys([*(each for each in MISFIRE_REASONS if each not in CLOSING_REASONS), *SKIP_REASONS])
)


def figures(view: View, totals: Totals, verified: LastVerification | None) -> Iterator[Figure]:
    """All figures.

    Args:
        view: the home as it is now.
        totals: what happened up to then.
        verified: when the ledger was verified last; None if that is not known.
    """
    jobs = view.state.present_jobs()
    yield from _happened(jobs, totals)
    yield from _jobs_now(view, jobs)
    yield from _runs_now(view)
    yield from _home_now(view)
    yield from _ledger_now(view, verified)


def _happened(jobs: Sequence[Job], totals: Totals) -> Iterator[Figure]:
    none = JobTotals.none()
    counted = [(job.name, totals.jobs.get(job.name, none)) for job in jobs]
    yield Figure(
        "cronledger_runs", "counter", "Runs that ended, by job and outcome.", ("job_name", "outcome"),
        [Sample((name, outcome), each.runs.get(outcome, 0))
         for name, each in counted for outcome in (*OUTCOMES, SKIPPED)],
    )  # fmt: skip
    yield Figure(
        "cronledger_run_duration_seconds", "histogram", "How long the last attempt of each run took.", ("job_name",),
        [Sample((name,), _spread(each.durations, DURATION_BOUNDS_MS)) for name, each in counted],
    )  # fmt: skip
    yield Figure(
        "cronledger_job_last_success_timestamp_seconds", "gauge",
        "When the newest successful run of the job was recorded; 0 if none was.", ("job_name",),
        [Sample((name,), _timestamp(each.last_success)) for name, each in counted],
    )  # fmt: skip
    yield Figure(
        "cronledger_instants_missed", "counter",
        "Instants of the schedule in force that got no run, by job and reason.", ("job_name", "reason"),
        [Sample((name, reason), each.missed.get(reason, 0)) for name, each in counted for reason in MISSED_REASONS],
    )  # fmt: skip
    yield Figure(
        "cronledger_schedule_lateness_seconds", "histogram",
        "How long after its instant each tick of a schedule was recorded.", (),
        [Sample((), _spread(totals.lateness, LATENESS_BOUNDS_MS))],
    )  # fmt: skip


def _jobs_now(view: View, jobs: Sequence[Job]) -> Iterator[Figure]:
    yield Figure(
        "cronledger_job_next_run_timestamp_seconds", "gauge",
        "When the job is due next by its schedule; 0 if never.", ("job_name",),
        [Sample((job.name,), _timestamp(next_run(job, view.now))) for job in jobs],
    )  # fmt: skip
    yield Figure(
        "cronledger_job_enabled", "gauge", "Whether the job runs on its schedule.", ("job_name",),
        [Sample((job.name,), int(job.on_schedule)) for job in jobs],
    )  # fmt: skip
    known = view.state.expectations
    late = Counter(each.job for each in known.open.values()) if known is not None else Counter()
    yield Figure(
        "cronledger_job_late", "gauge", "How much of what is expected of the job does not hold.", ("job_name",),
        [Sample((job.name,), late[job.name]) for job in jobs],
    )  # fmt: skip


def _runs_now(view: View) -> Iterator[Figure]:
    running: Counter[str] = Counter()
    waiting: Counter[tuple[str, str]] = Counter()
    caught_up: Counter[str] = Counter()
    waits = view.waiting_reasons
    for number, run in view.state.runs.items():
        if run.trigger == "catch_up":
            caught_up[run.job] += 1
        if run.started is None:
            waiting[run.job, waits.of(number).kind] += 1
        else:
            running[run.job] += 1
    names = [job.name for job in view.state.present_jobs()]
    yield Figure(
        "cronledger_runs_running", "gauge", "Runs of which an attempt is going.", ("job_name",),
        [Sample((name,), running[name]) for name in dict.fromkeys([*names, *running])],
    )  # fmt: skip
    yield Figure(
        "cronledger_runs_waiting", "gauge", "Runs that are owed and wait, by what they wait for.",
        ("job_name", "reason"), [Sample(labels, count) for labels, count in waiting.items()],
    )  # fmt: skip
    yield Figure(
        "cronledger_runs_waiting_all", "gauge", "Runs that are owed and wait, whatever for.", (),
        [Sample((), sum(waiting.values()))],
    )  # fmt: skip
    owed = {
        job.name: job.catching_up.left for job in view.state.present_jobs() if job.catching_up is not None
    }
    yield Figure(
        "cronledger_catch_up_owed", "gauge", "Runs of missed instants that are to be made and have not ended.",
        ("job_name",), [Sample((name,), caught_up[name] + owed.get(name, 0)) for name in names],
    )  # fmt: skip


def _home_now(view: View) -> Iterator[Figure]:
    yield Figure(
        "cronledger_build", "info", "The version that tells this.", ("version",), [Sample((VERSION,), 1)]
    )
    hindered = None if view.hindrance is None else view.hindrance.kind
    yield _plain(
        "cronledger_scheduler_up", "Whether a scheduler serves the home, and no signal has stopped it.",
        int(view.is_served and hindered != "suspended"),
    )  # fmt: skip
    yield _plain(
        "cronledger_scheduler_paused",
        "Whether it starts nothing, since the ledger cannot be written, or its database not be reached.",
        int(hindered in ("paused", "database_away") or view.scheduler_state == "paused"),
    )
    status = view.state.scheduler
    yield _plain(
        "cronledger_scheduler_start_timestamp_seconds",
        "When the scheduler that served last started; 0 if none ever did.",
        _timestamp(None if status is None else status.time),
    )
    yield _plain(
        "cronledger_config_in_force", "Whether the config, as it is written now, is the one in force.",
        int(view.config_state == "in force"),
    )  # fmt: skip
    jobs = view.state.present_jobs()
    yield _plain("cronledger_jobs", "Jobs in the config.", len(jobs))
    yield _plain("cronledger_approvals_pending", "Changes that wait for a second person.", _pending(view))
    yield Figure(
        "cronledger_node_serves", "gauge", "Whether the node serves, by what is on record.", ("node",),
        [Sample((name,), int(node.serves)) for name, node in sorted(view.state.nodes.items())],
    )  # fmt: skip


def _ledger_now(view: View, verified: LastVerification | None) -> Iterator[Figure]:
    last = view.last_entry  # the state may be ahead of it by edits of the config that nobody took up yet
    entries = 0 if last is None else last.seq + 1
    yield _plain("cronledger_ledger_entries", "Entries of the ledger.", entries, "counter")
    yield _plain(
        "cronledger_ledger_last_entry_timestamp_seconds", "When the newest entry was recorded; 0 if there is none.",
        _timestamp(None if last is None else last.time),
    )  # fmt: skip
    yield _plain(
        "cronledger_ledger_last_verified_timestamp_seconds",
        "When `cronledger ledger verify` last found everything in order in this home; 0 if never.",
        _timestamp(None if verified is None else verified.time),
    )
    yield _plain(
        "cronledger_ledger_last_verified_entries", "How many entries it looked at.",
        0 if verified is None else verified.entries,
    )  # fmt: skip
    evidence = view.state.evidence
    signed = None if evidence is None else evidence.signed
    yield _plain(
        "cronledger_ledger_last_signed_timestamp_seconds", "When the newest checkpoint was signed; 0 if never.",
        _timestamp(None if signed is None else signed.time),
    )  # fmt: skip
    yield _plain(
        "cronledger_ledger_signed_entries",
        "How many entries it covers.",
        0 if signed is None else signed.size,
    )
    anchors = {} if evidence is None else {**evidence.anchors, **evidence.witnesses}
    yield Figure(
        "cronledger_ledger_last_anchored_timestamp_seconds", "gauge",
        "When an anchor or witness last took a checkpoint; 0 if never.", ("anchor",),
        [Sample((name,), _timestamp(each.time)) for name, each in sorted(anchors.items())],
    )  # fmt: skip


def _pending(view: View) -> int:
    return sum(change.waits for change in view.state.changes.values())


def _plain(name: str, meaning: str, value: float, kind: FigureKind = "gauge") -> Figure:
    return Figure(name, kind, meaning, (), [Sample((), value)])


def _timestamp(instant: datetime | None) -> float:
    return 0 if instant is None else instant.timestamp()


def _spread(distribution: Distribution, bounds_ms: Sequence[int]) -> Spread:
    return Spread([bound / 1_000 for bound in bounds_ms], distribution.counts, distribution.sum_ms / 1_000)
