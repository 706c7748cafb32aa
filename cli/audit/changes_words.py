"""Changes and decisions in words."""

from __future__ import annotations

from cli.audit.section import Line
from projections.audit.changes import Change, DisabledInterval
from scheduler.wording.causes import actor_words, because, claimed_actor_words
from scheduler.wording.instants import show_time

_WORDS = {
    "job.defined": "defined",
    "job.removed": "removed from the config",
    "job.enabled": "enabled",
    "job.disabled": "disabled",
    "calendar.defined": "calendar {about} defined",
    "config.accepted": "config in force, {about}",
    "config.rejected": "config rejected, {about}",
    "schedule.settled": "settled, {about} open then",
    "schedule.reopened": "opened again",
    "backfill.requested": "to be backfilled, {about}",
    "backfill.ended": "its backfill ended",
    "run.cancel_requested": "run {run} asked to stop",
    "home.adopted": "the home, a copy, adopted",
    "retention.applied": "retention applied: {about}",
    "approval.requested": "a change waits for approval",
    "approval.given": "the change approved",
    "approval.withdrawn": "the change withdrawn",
}


def change_line(row: Change, zone: str) -> Line:
    """What changed, by whom and why."""
    words = _WORDS.get(row.type, row.type)
    words = words.replace("{about}", row.about).replace("{run}", str(row.run))
    if row.type == "job.defined":
        words = f"changed: {', '.join(row.changed)}" if row.changed else "defined"
        words += f", revision {row.revision}"
    until = "" if row.until is None else f" until {show_time(row.until, zone)}"
    who = claimed_actor_words(row.actor, row.claims)
    return Line(row.time, row.job or "", f"{words} by {who}{until}{because(row.reason)}", (row.seq,))


def interval_line(row: DisabledInterval, zone: str) -> Line:
    """Since when and until when a job was disabled."""
    text = f"disabled by {actor_words(row.actor)}{because(row.reason)}; "
    if row.until is not None:
        text += f"until {show_time(row.until, zone)}, ended by {actor_words(row.ended_by or '')}"
    elif row.pause_ends is not None:
        text += f"for a pause until {show_time(row.pause_ends, zone)}"
    else:
        text += "it is still"
    entries = (row.seq,) if row.ended_seq is None else (row.seq, row.ended_seq)
    return Line(row.since, row.job, text, entries)
