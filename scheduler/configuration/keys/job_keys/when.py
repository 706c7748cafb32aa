"""When a job runs: its schedule, and which of its instants count."""

from __future__ import annotations

from typing import Final

from scheduler.configuration.keys import converters, values
from scheduler.configuration.keys.block_values import upstreams
from scheduler.configuration.keys.key import Key
from scheduler.configuration.keys.written_form import TEXT, of_form
from scheduler.configuration.settings.job_settings import JOB_SETTINGS
from scheduler.configuration.yaml_tree.tree import Node


@of_form(TEXT)
def _every(node: Node) -> str:
    return values.scalar(node, "a duration such as 90s").text


@of_form(TEXT)
def _at(node: Node) -> str:
    return values.scalar(node, "a time such as 2026-12-24T18:00:00+01:00").text


KEYS: Final[dict[str, Key]] = {
    "schedule": Key(
        setting=JOB_SETTINGS["schedule"],
        read=converters.expressions,
        takes="a cron expression in quotes, of five fields, or an alias such as @daily; a list of these; or @reboot",
        default="none: exactly one of schedule, every, at and on_demand, or after alone",
        meaning="When the job runs: at each time of `timezone` that fits the expression, or one of several. Days may "
        "be told by their place in the month: `L`, `LW`, `15W`, `5#3`, `5L`. `@reboot` alone: once for each boot of "
        "the machine. `cronledger cron explain` shows what an expression means, and [schedules](schedules.md) tells "
        "the rules.",
        example='schedule: "30 2 * * mon-fri"',
        comment='exactly one of schedule, every, at and on_demand, or after alone; also "@daily" and the like;\n'
        'several in a list, ["0 2 * * mon-fri", "0 6 * * sat"]',
        synonyms=("cron", "when"),
    ),
    "every": Key(
        setting=JOB_SETTINGS["every"],
        read=_every,
        takes="a duration such as 90s, and perhaps when it begins: 14d from 2026-01-05T09:00",
        default="none: exactly one of schedule, every, at and on_demand, or after alone",
        meaning="When the job runs: at each multiple of this since the beginning of 1970, UTC; with `from`, at that "
        "time and each multiple after it. Whole days from a time on (`14d from 2026-01-05T09:00` is every other "
        "Monday at nine) keep the local time in `timezone`; what has hours, even `24h`, is elapsed time.",
        example="every: 90s",
        comment="at each multiple of this, whenever the scheduler was started;\n"
        "or from a time on: 14d from 2026-01-05T09:00",
        synonyms=("interval",),
    ),
    "at": Key(
        setting=JOB_SETTINGS["at"],
        read=_at,
        takes="a time such as 2026-12-24T18:00:00+01:00; without an offset it is read in the job's zone",
        default="none: exactly one of schedule, every, at and on_demand, or after alone",
        meaning="When the job runs: once.",
        example="at: 2026-12-24T18:00:00+01:00",
        comment="once",
    ),
    "on_demand": Key(
        setting=JOB_SETTINGS["on_demand"],
        read=values.boolean,
        takes="true or false",
        default="false",
        meaning="The job has no times: it runs only when somebody asks for it with `cronledger jobs run`, which a "
        "disabled job obeys too.",
        example="on_demand: true",
        comment="no times: it runs only when somebody asks for it (false)",
        synonyms=("manual",),
    ),
    "after": Key(
        setting=JOB_SETTINGS["after"],
        read=upstreams.after,
        takes=upstreams.TAKES,
        default="none",
        meaning="The jobs that must have succeeded before this one runs. Alone, it says when the job runs: once all "
        "of them have succeeded for the same time, which is then its own. Beside a schedule, each run waits until "
        "each of them has succeeded at most `within` ago. See [jobs after others](after.md).",
        example="after: extract",
        comment="once these jobs have succeeded for the same time: a name or a list (none); beside a schedule\n"
        "{jobs: extract, within: 6h}: it waits until they have succeeded at most so long ago",
        synonyms=("depends_on", "needs", "requires", "upstream", "dependencies", "depends"),
    ),
    "timezone": Key(
        setting=JOB_SETTINGS["timezone"],
        read=values.zone,
        takes="the IANA name of a time zone, such as Europe/Paris",
        default="UTC",
        meaning="The zone in which `schedule`, `at` without an offset, and the beginning of `every` are read.",
        example="timezone: Europe/Paris",
        comment="an IANA zone (UTC)",
        shared=True,
        synonyms=("tz",),
    ),
    "jitter": Key(
        setting=JOB_SETTINGS["jitter"],
        read=values.duration_ms_or_none,
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
    ),
    "calendars": Key(
        setting=JOB_SETTINGS["calendars"],
        read=converters.job_calendars,
        takes="a mapping of only and except, each the name of a calendar or a list of names; or none",
        default="none",
        meaning="The days on which the job's times count, by calendars that stand in `calendars:` at the top: `only` "
        "those that one of them has, and none that one in `except` has. The day is that of the schedule's time in "
        "`timezone`; what a person asks for runs on any day. See [calendars](calendars.md).",
        example="calendars: none",
        comment="or {except: [holidays]}, {only: freeze}: calendars that stand at the top (none)",
        shared=True,
        synonyms=("calendar",),
    ),
    "enabled": Key(
        setting=JOB_SETTINGS["enabled"],
        read=values.boolean,
        takes="true or false",
        default="true",
        meaning="Whether the job runs at its times. A person can also disable and enable it with `cronledger jobs`.",
        example="enabled: true",
        comment="(true) a person can also disable it: cronledger jobs disable NAME",
        shared=True,
    ),
}
