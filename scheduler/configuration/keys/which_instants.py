"""The keys that say which of a schedule's instants count, and how much later they come."""

from __future__ import annotations

from typing import Final

from scheduler.configuration.keys import converters, shown, values
from scheduler.configuration.keys.key import Key

JITTER: Final = Key(
    member="jitter_ms",
    derived=("jitter_offset_ms",),
    read=values.duration_ms_or_none,
    show=shown.jitter,
    takes="a duration such as 90s, 15m, 36h or 7d, or none",
    default="none",
    meaning="Each run comes later by a time from 0 to this, always the same for a job, so that jobs of one time "
    "do not start together. The time follows from the ledger's id and the job's name. It is less than the "
    "shortest time from one run to the next, and at most 7d. "
    "See [schedules](schedules.md#jitter).",
    example="jitter: 2m",
    comment="each run comes later by at most this, always the same for a job (none)",
    shared=True,
    synonyms=("splay", "random_delay", "randomized_delay"),
)

CALENDARS: Final = Key(
    member="calendars",
    read=converters.job_calendars,
    show=shown.calendars,
    takes="a mapping of only and except, each the name of a calendar or a list of names; or none",
    default="none",
    meaning="The days on which the job's times count, by calendars that stand in `calendars:` at the top: `only` "
    "those that one of them has, and none that one in `except` has. The day is that of the schedule's time in "
    "`timezone`; what a person asks for runs on any day. See [calendars](calendars.md).",
    example="calendars: none",
    comment="or {except: [holidays]}, {only: freeze}: calendars that stand at the top (none)",
    shared=True,
    synonyms=("calendar",),
)
