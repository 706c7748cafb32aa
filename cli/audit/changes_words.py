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
    "approval.requested": "to be approved by a second person",
    "approval.given": "the change approved",
    "approval.withdrawn": "the change that was to be approved is withdrawn",
}


def change_line(row: Change, zone: str) -> Line:
    """What changed, by whom and why."""
    words = _WORDS.get(row.type, row.type)
    words = words.replace("{about}", row.about).replace("{run}", str(row.run))
    if row.type == "job.defined":
        words = f"changed: {', '.join(row.changed)}" if row.changed else words
        words += f", revision {row.revision}"
    elif row.changed:
        words += f", {', '.join(row.changed)}"
    until = "" if row.until is None else f" until {show_time(row.until, zone)}"
    who = claimed_actor_words(row.actor, row.claims)
    if row.person is not None and row.person not in who:
        who += f" ({row.person})"
    entries = (row.seq,) if row.approval is None else (row.approval, row.seq)
    approved = "" if row.approval is None else ", which a second person approved"
    return Line(row.time, row.job or "", f"{words} by {who}{approved}{until}{because(row.reason)}", entries)


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
