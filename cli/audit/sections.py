"""The sections of the report in words: each fact is worded once, for the text and for the page."""

# ruff: noqa: ARG001 - every kind of row is worded by functions of the same arguments

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TypeVar

from cli.audit.breaches_words import breach_line
from cli.audit.changes_words import change_line, interval_line
from cli.audit.section import Line, Section
from projections.audit.evidence import Anchor, Evidence
from projections.audit.findings import Difference, Finding, FindingKind, Listed
from projections.audit.report import Report
from projections.audit.runs import (
    Failure,
    LateRun,
    ManualRun,
    MissedStretch,
    Recovered,
    Resolution,
    SkippedRun,
)
from projections.audit.versions import UsedVersions
from projections.audit.watch import ClockChange, Outage
from scheduler.wording.causes import (
    MISFIRE_WORDINGS,
    TRIGGER_WORDS,
    actor_words,
    because,
    claimed_actor_words,
    skip_words,
)
from scheduler.wording.instants import show_time
from scheduler.wording.outcomes import OUTCOME_WORDINGS, ending_words, error_words
from scheduler.wording.quantities import show_count, show_duration
from scheduler.wording.signs import Tone

Row = TypeVar("Row")

_FINDINGS: dict[FindingKind, str] = {
    "no_disposition": "nothing is on record",
    "second_disposition": "disposed of a second time",
    "not_implied": "on record, and no schedule in force had it",
    "wrong_count": "what the entry says is not what the schedule had",
    "promise_broken": "was to be caught up, and nothing says that it was",
    "no_exclusion": "excluded by a calendar, and nothing is on record",
}
_OUTAGES = {
    "down": MISFIRE_WORDINGS["scheduler_down"].cause,
    "suspend": MISFIRE_WORDINGS["suspend"].cause,
    "paused": MISFIRE_WORDINGS["ledger_unavailable"].cause,
    "stall": MISFIRE_WORDINGS["stall"].cause,
}


def sections(report: Report, zone: str) -> list[Section]:
    """All sections that follow the population, in the order in which they are read."""
    runs, watch, changes = report.runs, report.watch, report.changes
    late = f"Runs that started {show_duration(_ms(report))} or more after their time."

    silence = _silence(report)

    def at(found: Callable[[Row, str], Line], rows: Iterable[Row]) -> list[Line]:
        lines = [found(row, zone) for row in rows]
        return sorted(lines, key=lambda line: line.time or report.made)

    def section(key: str, name: str, meaning: str, empty: str, rows: Listed[Row],
                line: Callable[[Row, str], Line]) -> Section:  # fmt: skip
        return Section(key, name, meaning, empty, at(line, rows), rows.total)

    return [
        section("unexplained", "Unexplained", "Instants that nothing on record explains, and entries about none.",
                "none; each instant has exactly one disposition", report.findings, _finding),
        section("failures", "Failures", "Runs that did not succeed, and what resolved each.",
                "no run failed", runs.failures, _failure),
        section("retried", "Succeeded after a retry", "Runs whose first attempt did not succeed.",
                "none", runs.recovered, _recovered),
        section("missed", "Missed", "Instants that passed while nobody watched.",
                "nothing was missed", runs.missed, _missed),
        section("skipped", "Skipped", "Runs that were owed and deliberately not made.",
                "nothing was skipped", runs.skipped, _skipped),
        section("late", "Late", late, "none", runs.late, _late),
        section("breaches", "Expectations", "What is expected of jobs (`expect`), and when it did not hold.",
                "nothing on record was late by them", report.breaches.listed, breach_line),
        Section("outages", "Outages", "Times in which nothing watched the schedules.", "none",
                [*at(_outage, watch.outages), *silence], watch.outages.total + len(silence)),
        section("clock", "Clock", "Steps of the wall clock.", "it was not set", watch.clock_changes, _clock),
        section("changes", "Changes", "Who changed jobs, calendars and the config.", "none",
                changes.changes, change_line),
        section("disabled", "Disabled", "When jobs were kept from their schedule.", "none",
                changes.intervals, interval_line),
        section("manual", "By hand", "Runs that somebody asked for.", "none", runs.manual, _manual),
        section("decisions", "Decisions", "What people decided about instants, runs and the home.", "none",
                changes.decisions, change_line),
        Section("versions", "Versions", "What computed the schedules then, and what recomputes them now.",
                "no scheduler is on record", [*at(_used, report.versions.used),
                *at(_difference, report.versions.differences)],
                len(report.versions.used) + report.versions.differences.total),
        _evidence(report.evidence, zone),
    ]  # fmt: skip


def _ms(report: Report) -> int:
    return int(report.late_from.total_seconds() * 1_000)


def _finding(row: Finding, zone: str) -> Line:
    text = _FINDINGS[row.kind]
    if row.count > 1:
        text += f": {row.count:,} times, to {show_time(row.last, zone)}"
    if row.expected is not None:
        text += f" (it says {row.count:,}, the schedule had {row.expected:,})"
    return Line(row.first, row.job, text, () if row.seq is None else (row.seq,), "bad")


def _failure(row: Failure, zone: str) -> Line:
    how = OUTCOME_WORDINGS[row.outcome].clause + ending_words(row.outcome, row.exit_code, row.signal)
    attempts = f", at attempt {row.attempts}" if row.attempts > 1 else ""
    text = f"run {row.run} {how}{attempts}{error_words(row.outcome, row.error)}"
    cancelled = row.outcome == "cancelled"
    tone: Tone = "plain" if row.resolution is not None else "warn" if cancelled else "bad"
    entries = (row.seq,) if row.resolution is None else (row.seq, row.resolution.seq)
    if row.resolution is not None or not cancelled:
        text += f"; {_resolved(row.resolution, zone)}"
    return Line(row.scheduled_for or row.time, row.job, text, entries, tone)


def _resolved(resolution: Resolution | None, zone: str) -> str:
    if resolution is None:
        return "NOT RESOLVED"
    when = show_time(resolution.time, zone)
    if resolution.kind == "made_again":
        return f"made again by {actor_words(resolution.actor)}: run {resolution.run} succeeded, {when}"
    if resolution.kind == "backfilled":
        return f"backfilled: run {resolution.run} succeeded, {when}"
    return f"the next success was run {resolution.run}, {when}"


def _recovered(row: Recovered, zone: str) -> Line:
    return Line(
        row.scheduled_for or row.time,
        row.job,
        f"run {row.run} succeeded with attempt {row.attempts}",
        (row.seq,),
    )


def _missed(row: MissedStretch, zone: str) -> Line:
    count = "" if row.count == 1 else f"{row.count:,} times, to {show_time(row.last, zone)}, "
    text = f"{count}{MISFIRE_WORDINGS[row.reason].when}"
    if row.will_run:
        text += f"; {show_count(row.will_run, 'run')} caught up"
    if row.backfilled:
        text += f"; {show_count(row.backfilled, 'run')} backfilled"
    made_good = row.will_run + row.backfilled >= row.count
    return Line(row.first, row.job, text, (row.seq,), "plain" if made_good else "warn")


def _skipped(row: SkippedRun, zone: str) -> Line:
    text = f"run {row.run}: {skip_words(row.reason, row.because_of)}"
    if row.resolution is not None:
        text += f"; {_resolved(row.resolution, zone)}"
    entries = (row.seq,) if row.because_of is None else (row.because_of, row.seq)
    return Line(row.scheduled_for or row.time, row.job, text, entries)


def _late(row: LateRun, zone: str) -> Line:
    trigger = "" if row.trigger == "schedule" else f" ({TRIGGER_WORDS[row.trigger]})"
    return Line(
        row.scheduled_for,
        row.job,
        f"run {row.run} started {show_duration(row.late_ms)} late{trigger}",
        (row.run,),
    )


def _outage(row: Outage, zone: str) -> Line:
    words = _OUTAGES.get(row.kind, row.kind)
    if row.ended is None:
        text = f"{words} from here on, as far as the ledger tells"
    else:
        length = (row.ended - row.began).total_seconds()
        text = f"{words} until {show_time(row.ended, zone)}, {show_duration(int(length * 1_000))}"
    if row.reason and row.kind in ("down", "paused"):
        text += ": the scheduler had died" if row.reason == "died" else because(row.reason)
    if row.missed:
        text += f"; {show_count(row.missed, 'instant')} missed"
    entries = (
        (row.began_seq,) if row.ended_seq in (None, row.began_seq) else (row.began_seq, row.ended_seq or 0)
    )
    return Line(row.began, "", text, entries, "warn")


def _silence(report: Report) -> list[Line]:
    """What is to be said where the entries end before the range does."""
    if report.head_time >= min(report.window.end, report.made) or any(
        each.ended is None for each in report.watch.outages
    ):
        return []
    text = "nothing is on record from here on: the ledger ends"
    return [Line(report.head_time, "", text, (report.head.seq,), "warn")]


def _clock(row: ClockChange, zone: str) -> Line:
    way = "ahead" if row.by_ms >= 0 else "back"
    unwatched = ", while no scheduler was running" if row.kind == "unwatched" else ""
    text = f"set {way} by {show_duration(abs(row.by_ms))}, to {show_time(row.after, zone)}{unwatched}"
    return Line(row.before, "", text, (row.seq,), "warn")


def _manual(row: ManualRun, zone: str) -> Line:
    who = claimed_actor_words(row.actor, row.claims)
    again = f", again for run {row.retry_of}" if row.retry_of is not None else ""
    if row.outcome is None:
        how = "has not ended"
    else:
        how = "was skipped" if row.outcome == "skipped" else OUTCOME_WORDINGS[row.outcome].clause
    return Line(
        row.time, row.job, f"run {row.run} by {who}{again}{because(row.reason)}; it {how}", (row.run,)
    )


def _used(row: UsedVersions, zone: str) -> Line:
    told = ", ".join(f"{part} {version}" for part, version in row.versions.items())
    other = f"; today {', '.join(row.differs)} of another version recomputes" if row.differs else ""
    return Line(row.since, "", f"{told}{other}", (row.since_seq,), "warn" if row.differs else "plain")


def _difference(row: Difference, zone: str) -> Line:
    versions = ", ".join(f"{part} {version}" for part, version in row.versions.items())
    many = f", and the {row.count - 1:,} behind it" if row.count > 1 else ""
    text = (
        f"{versions} had {show_time(row.recorded, zone)}{many}; today it is {show_time(row.recomputed, zone)}"
    )
    return Line(row.recorded, row.job, text, (row.seq,), "warn")


def _evidence(evidence: Evidence, zone: str) -> Section:
    lines = [Line(key.time, "", f"key {key.vkey}", (key.seq,)) for key in evidence.keys]
    for name, checkpoint in (
        ("the last checkpoint before the range", evidence.before),
        ("the first checkpoint after the range", evidence.after),
        ("the newest checkpoint", evidence.newest),
    ):
        if checkpoint is not None and (name.startswith("the newest") or checkpoint is not evidence.newest):
            text = f"{name} covers {checkpoint.size:,} entries, root {checkpoint.root}"
            lines.append(Line(checkpoint.time, "", text, (checkpoint.seq,)))
    if evidence.refused is not None:
        text = f"nothing has been signed since: {evidence.refused.reason}"
        lines.append(Line(evidence.refused.time, "", text, (evidence.refused.seq,), "bad"))
    lines += [_anchor(each, zone) for each in evidence.anchors.values()]
    for row in evidence.interruptions:
        words = "recovered after a crash" if row.type == "ledger.recovered" else "continued after a restore"
        who = "" if row.type == "ledger.recovered" else f" by {actor_words(row.actor)}"
        reason = row.data.get("reason")
        text = f"the ledger was {words}{who}{because(reason if isinstance(reason, str) else None)}"
        lines.append(Line(row.time, "", text, (row.seq,), "warn"))
    return Section(
        "evidence", "Ledger, checkpoints and anchors",
        "What vouches for the entries; `ledger verify` looks at the signatures themselves.",
        "no checkpoint was signed: what is here can be replaced as a whole without a trace",
        lines, len(lines),
    )  # fmt: skip


def _anchor(row: Anchor, zone: str) -> Line:
    what = "witness" if row.kind == "witness" else "anchor"
    text = (
        f"{what} {row.name} has {row.size:,} entries"
        if row.time is not None
        else f"{what} {row.name} has none"
    )
    if row.failing_since is not None:
        text += f"; it takes none since {show_time(row.failing_since, zone)}{because(row.error)}"
    tone: Tone = "bad" if row.failing_since is not None else "plain"
    return Line(row.time or row.failing_since, "", text, () if row.seq is None else (row.seq,), tone)
