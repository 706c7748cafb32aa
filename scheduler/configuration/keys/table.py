"""The table of keys: which exist, and everything that is to be said of each.

`docs/config.md`, the starter config, what `jobs show` shows and what is suggested for a mistyped key come from here.
"""

from __future__ import annotations

from typing import Final

from scheduler.configuration.keys import converters, parameters, retry, shown, values, which_instants
from scheduler.configuration.keys.key import Key
from scheduler.definition import RETENTION_MAX

TOP_KEYS: Final[tuple[str, ...]] = ("jobs", "defaults", "scheduler", "calendars")
TIMING_KEYS: Final[tuple[str, ...]] = ("schedule", "every", "at", "on_demand")
"""A job has exactly one of these."""

JOB_KEYS: Final[dict[str, Key]] = {
    "command": Key(
        member="command",
        derived=("shell",),
        read=converters.command,
        show=shown.command,
        takes="a command: text, or a list of program and arguments",
        default="none: registered jobs and those in Python need no command",
        meaning="What the job runs. Plain words run directly, any other text through `/bin/sh -c`, a list always "
        "directly.",
        example="command: /usr/local/bin/backup --all",
        comment="plain words run directly, anything else through /bin/sh;\n"
        "a list, [/usr/local/bin/backup, --all], always directly",
        synonyms=("cmd", "exec", "run", "script"),
    ),
    "python": Key(
        member="python",
        read=converters.python_target,
        show=shown.text_or_none,
        takes="a function or class of a module, package.module:callable",
        default="none",
        meaning="What the job runs in Python, in a process of its own, in place of a command: a function or class of "
        "a package in `extensions/`, or of one that is installed. A job whose name is that of a class in "
        "`extensions/NAME/jobs.py` needs neither. See [Python jobs](python-jobs.md).",
        example="python: payroll.jobs:run",
        comment="in place of a command: a function or class of a package in extensions/, or of one\n"
        "that is installed (none)",
        synonyms=("callable", "entrypoint", "function", "class"),
    ),
    "description": Key(
        member="description",
        read=values.description,
        show=shown.text,
        takes="text",
        default="",
        meaning="What the job is, for people.",
        example="description: Copies the database",
        comment='for people ("")',
    ),
    "schedule": Key(
        member="schedule",
        derived=("schedules",),
        read=converters.expressions,
        show=shown.expressions,
        takes="a cron expression in quotes, of five fields, or an alias such as @daily; or a list of these",
        default="none: exactly one of schedule, every, at and on_demand",
        meaning="When the job runs: at each time of `timezone` that fits the expression, or one of several. Days may "
        "be told by their place in the month: `L`, `LW`, `15W`, `5#3`, `5L`. `cronledger cron explain` shows what "
        "an expression means, and [schedules](schedules.md) tells the rules.",
        example='schedule: "30 2 * * mon-fri"',
        comment='exactly one of schedule, every, at and on_demand; also "@daily" and the like;\n'
        'several in a list, ["0 2 * * mon-fri", "0 6 * * sat"]',
        synonyms=("cron", "when"),
    ),
    "every": Key(
        member="every",
        read=lambda node: values.scalar(node, "a duration such as 90s").text,
        show=shown.text,
        takes="a duration such as 90s, and perhaps when it begins: 14d from 2026-01-05T09:00",
        default="none: exactly one of schedule, every, at and on_demand",
        meaning="When the job runs: at each multiple of this since the beginning of 1970, UTC; with `from`, at that "
        "time and each multiple after it. Whole days from a time on (`14d from 2026-01-05T09:00` is every other "
        "Monday at nine) keep the local time in `timezone`; what has hours, even `24h`, is elapsed time.",
        example="every: 90s",
        comment="at each multiple of this, whenever the scheduler was started;\n"
        "or from a time on: 14d from 2026-01-05T09:00",
        synonyms=("interval",),
    ),
    "at": Key(
        member="at",
        read=lambda node: values.scalar(node, "a time such as 2026-12-24T18:00:00+01:00").text,
        show=shown.text,
        takes="a time such as 2026-12-24T18:00:00+01:00; without an offset it is read in the job's zone",
        default="none: exactly one of schedule, every, at and on_demand",
        meaning="When the job runs: once.",
        example="at: 2026-12-24T18:00:00+01:00",
        comment="once",
    ),
    "on_demand": Key(
        member="on_demand",
        read=values.boolean,
        show=shown.boolean,
        takes="true or false",
        default="false",
        meaning="The job has no times: it runs only when somebody asks for it with `cronledger jobs run`, which a "
        "disabled job obeys too.",
        example="on_demand: true",
        comment="no times: it runs only when somebody asks for it (false)",
        synonyms=("manual",),
    ),
    "timezone": Key(
        member="timezone",
        read=values.zone,
        show=shown.text,
        takes="the IANA name of a time zone, such as Europe/Paris",
        default="UTC",
        meaning="The zone in which `schedule`, `at` without an offset, and the beginning of `every` are read.",
        example="timezone: Europe/Paris",
        comment="an IANA zone (UTC)",
        shared=True,
        synonyms=("tz",),
    ),
    "jitter": which_instants.JITTER,
    "calendars": which_instants.CALENDARS,
    "enabled": Key(
        member="enabled",
        read=values.boolean,
        show=shown.boolean,
        takes="true or false",
        default="true",
        meaning="Whether the job runs at its times. A person can also disable and enable it with `cronledger jobs`.",
        example="enabled: true",
        comment="(true) a person can also disable it: cronledger jobs disable NAME",
        shared=True,
    ),
    "env": Key(
        member="env",
        read=converters.environment,
        show=shown.variables,
        takes="a mapping of NAME: value",
        default="none",
        meaning="Variables that are added to the environment. The job's are merged over those in `defaults`. Values "
        "are used as written; the ledger has only their digests.",
        example="env:\n  PGHOST: db.example.org",
        comment="added to the environment; values are used as written and only digests are recorded (none)",
        shared=True,
        synonyms=("environment",),
    ),
    "params": Key(
        member="params",
        read=parameters.parameters,
        show=parameters.shown,
        takes=parameters.WANTED,
        default="none",
        meaning="Values of a run, by default or by `jobs run NAME --param region=us`. The command gets them as "
        "variables: `CRONLEDGER_PARAM_REGION`. Each may have a `type` (text, integer, number, boolean), `default`, "
        "`choices`, `description`. What a run was given is recorded, unless it is `secret: true`: then it is read "
        "from its `file` or variable (`env`) when a run starts. See [parameters](parameters.md).",
        example="params: {region: {default: eu, choices: [eu, us]}, full: false}",
        comment="values of a run, as CRONLEDGER_PARAM_REGION and so on (none)",
        synonyms=("args", "arguments", "parameters", "vars"),
    ),
    "working_directory": Key(
        member="working_directory",
        read=values.folder,
        show=shown.folder,
        takes="the path of a folder, absolute or relative to the home",
        default="the home",
        meaning="The folder in which the command starts.",
        example="working_directory: /srv/app",
        comment="absolute or relative to the home (the home)",
        shared=True,
        synonyms=("cwd", "directory", "workdir", "working_dir"),
    ),
    "timeout": Key(
        member="timeout_ms",
        read=values.duration_ms_or_never,
        show=shown.duration_ms,
        takes="a duration such as 90s, 15m, 36h or 7d, or never",
        default="never",
        meaning="An attempt that takes longer is stopped.",
        example="timeout: 15m",
        comment="stop a run that takes longer; durations are 90s, 15m, 36h, 7d (never)",
        shared=True,
        synonyms=("max_runtime",),
    ),
    "kill_after": Key(
        member="kill_after_ms",
        read=values.duration_ms,
        show=shown.duration_ms,
        takes="a duration such as 90s, 15m, 36h or 7d",
        default="10s",
        meaning="How long a run that is asked to end (SIGTERM) has before it is made to (SIGKILL).",
        example="kill_after: 10s",
        comment="from asking a run to end (SIGTERM) to making it end (SIGKILL) (10s)",
        shared=True,
    ),
    "retry": Key(
        member="retry",
        read=retry.retry,
        show=retry.shown,
        merge=retry.merged,
        takes=retry.TAKES,
        default="none",
        meaning="When a run makes another attempt after one that did not succeed: at most `attempts` (1) with the "
        "first one, `delay` (10s) after the end of the last one, each further delay `backoff` (1) times as long, up "
        "to `delay_max` (1h) and varied by at most a tenth; none later than `within` (never) after the first one "
        "began; `if` the attempt ended so: exit codes, or `failed`, `timed_out`, `lost`, `unknown` (failed and "
        "timed_out). A job's block is merged over that in `defaults`. See [retries](retries.md).",
        example="retry: {attempts: 3, delay: 30s, backoff: 2, delay_max: 20m, within: 3h, if: [75, timed_out]}",
        comment="further attempts of a run that did not succeed; if takes exit codes and outcomes (none)",
        shared=True,
        synonyms=("retries",),
    ),
    "catch_up": Key(
        member="catch_up",
        read=values.one_of("one", "all", "none"),
        show=shown.text,
        takes="one, all or none",
        default="one",
        meaning="What becomes of the times that passed while no scheduler was running: one run for all of them, one "
        "for each, or none.",
        example="catch_up: one",
        comment="what was missed while nothing watched: one run for all of it, all, or none (one)",
        shared=True,
        synonyms=("catchup", "misfire"),
    ),
    "catch_up_limit": Key(
        member="catch_up_limit",
        read=values.whole_number(1, 100_000),
        show=shown.text,
        takes="a whole number from 1 to 100000",
        default="100",
        meaning="With `catch_up: all`, at most so many runs.",
        example="catch_up_limit: 100",
        comment="with all: at most so many (100)",
        shared=True,
    ),
    "catch_up_window": Key(
        member="catch_up_window_ms",
        read=values.duration_ms_or_never,
        show=shown.duration_ms,
        takes="a duration such as 90s, 15m, 36h or 7d, or never",
        default="never",
        meaning="Missed times that are older than this are not caught up.",
        example="catch_up_window: 7d",
        comment="forget what is older than this (never)",
        shared=True,
    ),
    "success_codes": Key(
        member="success_codes",
        read=converters.success_codes,
        show=shown.success_codes,
        takes="an exit code from 0 to 255, or a list of them",
        default="0",
        meaning="The exit codes with which a run succeeded; with any other it failed. A list without 0 makes 0 a "
        "failure.",
        example="success_codes: [0, 3]",
        comment="exit codes that count as success (0)",
        shared=True,
        synonyms=("exit_codes", "ok_codes"),
    ),
    "fail_on_output": Key(
        member="fail_on_output",
        read=converters.texts_in_output,
        show=shown.texts,
        takes="a text, or a list of texts",
        default="none",
        meaning="A run whose output holds one of these failed, whatever its exit code is. They are texts and no "
        "patterns, upper and lower case count, and each stands in one line; at most 20 of at most 1,000 characters.",
        example='fail_on_output: ["ERROR:", "out of space"]',
        comment="texts; a run whose output holds one of them failed (none)",
        shared=True,
    ),
    "overlap": Key(
        member="overlap",
        read=values.one_of("skip", "queue", "replace", "allow"),
        show=shown.text,
        takes="skip, queue, replace or allow",
        default="skip",
        meaning="What becomes of a run that falls due while the job's last one is running: it is skipped, it waits, "
        "it waits until that one has been stopped for it, or it starts beside it. Of several that `replace`, the "
        "newest stays. What a person asked for is never replaced and replaces nothing: it waits.",
        example="overlap: skip",
        comment="when the last run is still going: skip, queue, replace or allow (skip)",
        shared=True,
    ),
    "queue_limit": Key(
        member="queue_limit",
        read=values.whole_number(1, 10_000),
        show=shown.text,
        takes="a whole number from 1 to 10000",
        default="1000",
        meaning="At most so many runs of the job wait for an earlier one; a further one is skipped.",
        example="queue_limit: 1000",
        comment="at most so many runs wait for an earlier one (1000)",
        shared=True,
    ),
    "start_deadline": Key(
        member="start_deadline_ms",
        read=values.duration_ms,
        show=shown.start_deadline_ms,
        takes="a duration such as 90s, 15m, 36h or 7d",
        default="1h of waiting for a slot",
        meaning="A run that could not start so long after its time is given up, and recorded as such. Written, it "
        "counts every wait; left out, only that for a slot (`max_parallel`). What is caught up counts from its tick; "
        "runs that a person asked for are never given up.",
        example="start_deadline: 1h",
        comment="give up what could not start so long after its time (1h of waiting for a slot)",
        shared=True,
        synonyms=("misfire_grace_time",),
    ),
    "tags": Key(
        member="tags",
        read=converters.tags,
        show=shown.words,
        takes="a list of tags, or one tag; none takes those of defaults back",
        default="none",
        meaning="Words by which jobs are chosen together: `cronledger jobs list --tag prod`. A tag is made like the "
        "name of a job. The tags of a job replace those in `defaults`.",
        example="tags: [prod, etl]",
        comment="words by which jobs are chosen together, as in: cronledger jobs list --tag prod (none)",
        shared=True,
        synonyms=("labels", "groups", "tag"),
    ),
    "require_reason": Key(
        member="require_reason",
        read=values.boolean,
        show=shown.boolean,
        takes="true or false",
        default="false",
        meaning="Whoever runs, cancels, enables or disables the job must say why: without `--reason` the command is "
        "refused, and nothing is recorded. Edits of the config are not asked.",
        example="require_reason: true",
        comment="jobs run, cancel, enable and disable ask for a --reason (false)",
        shared=True,
    ),
    "retention_hours": Key(
        member="retention_hours",
        read=values.whole_number(1, RETENTION_MAX["hours"]),
        show=shown.text,
        takes=f"a whole number from 1 to {RETENTION_MAX['hours']}",
        default="24",
        meaning="Sessions that are older are deleted.",
        example="retention_hours: 24",
        only=("cleanup-sessions",),
        fill=lambda: 24,
    ),
    "retention_days": Key(
        member="retention_days",
        read=values.whole_number(1, RETENTION_MAX["days"]),
        show=shown.text,
        takes=f"a whole number from 1 to {RETENTION_MAX['days']}",
        default="30",
        meaning="Logs that are older are deleted.",
        example="retention_days: 30",
        only=("log-cleanup",),
        fill=lambda: 30,
    ),
    "directories": Key(
        member="directories",
        read=converters.directories,
        show=shown.directories,
        takes="a list of folders, each such as {path: /srv/app/logs, pattern: '*.log'}",
        default="none",
        meaning="Further folders to clean, beside cronledger's own. `path` is absolute or relative to the home; "
        "`pattern` (`*` if it is left out) is compared with the names of the files in it.",
        example='directories:\n  - {path: /srv/app/logs, pattern: "*.log"}'
        '  # path absolute or relative to the home; pattern ("*")',
        comment="further folders to clean, beside cronledger's own (none)",
        only=("cleanup-sessions", "log-cleanup"),
    ),
    "dry_run": Key(
        member="dry_run",
        read=values.boolean,
        show=shown.boolean,
        takes="true or false",
        default="false",
        meaning="Nothing is deleted: the job only counts what would be.",
        example="dry_run: false",
        comment="only count what would be deleted",
        only=("cleanup-sessions", "log-cleanup"),
    ),
}
"""The keys of a job, in the order in which they are shown."""

DEFAULTS_KEYS: Final = {name: key for name, key in JOB_KEYS.items() if key.shared}
MERGED_KEYS: Final = {name: key for name, key in JOB_KEYS.items() if key.merge}
"""Those whose value in a job is merged over that in `defaults`."""


def keys_of(registered: str) -> tuple[str, ...]:
    """The keys that only registered jobs take, of one of them; its retention comes first."""
    return tuple(name for name, key in JOB_KEYS.items() if registered in key.only)


def filled(registered: str) -> dict[str, object]:
    """Members of a registered job that are filled in unless they are written."""
    return {key.member: key.fill() for key in JOB_KEYS.values() if key.fill and registered in key.only}
