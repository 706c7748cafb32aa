"""What people can ask for: the views, and what each of their columns means.

This is a public interface: columns are added, never renamed or given another meaning. The views themselves are in
`views.sql`; the documentation's tables and the hints for mistyped names are made from this.
"""

from __future__ import annotations

from typing import NamedTuple


class ColumnMeaning(NamedTuple):
    """A column of a view: its name, its SQL type, its unit (empty where it has none) and what it says."""

    name: str
    type: str
    unit: str
    meaning: str


_TIME = "TIMESTAMP WITH TIME ZONE"
_C = ColumnMeaning

EVENTS = (
    _C(
        "seq",
        "BIGINT",
        "",
        "Position in the ledger, from 0, without gaps. It orders entries; `time` does not.",
    ),
    _C("time", _TIME, "", "Wall clock of the writer."),
    _C("type", "VARCHAR", "", "What happened: a past-tense fact such as `run.finished`."),
    _C("actor", "VARCHAR", "", "Who: `scheduler`, `config` or `user:NAME@HOST`."),
    _C("job", "VARCHAR", "", "The job it is about, where there is one."),
    _C("run", "BIGINT", "", "Number of the run it is about, where there is one."),
    _C("data", "JSON", "", "The payload: `data->>'$.outcome'`."),
    _C(
        "durable",
        "BIGINT",
        "entries",
        "How many entries were known to be on disk when this one was composed.",
    ),
    _C("prev", "VARCHAR", "", "Hash of the entry before."),
    _C("hash", "VARCHAR", "", "SHA-256 over the bytes of the entry's line before its `hash`, in hex."),
)

RUNS = (
    _C("run", "BIGINT", "", "The run's number: `seq` of the entry that caused it."),
    _C("job", "VARCHAR", "", "The job's name."),
    _C("trigger", "VARCHAR", "", "Why it was owed: `schedule`, `catch_up` or `manual`."),
    _C("status", "VARCHAR", "", "`owed`, `running`, `finished` or `skipped`."),
    _C(
        "outcome",
        "VARCHAR",
        "",
        "How it finished: `succeeded`, `failed`, `timed_out`, `cancelled`, `lost`, `unknown`.",
    ),
    _C("skipped_reason", "VARCHAR", "", "Why it was deliberately not run, such as `overlap`."),
    _C("scheduled_for", _TIME, "", "The instant of the schedule that it is for; none for a manual run."),
    _C("owed_at", _TIME, "", "When it fell due or was requested: `time` of the entry that caused it."),
    _C("started", _TIME, "", "When its last attempt began."),
    _C("finished", _TIME, "", "When its end was recorded."),
    _C(
        "lateness_ms", "BIGINT", "ms", "From `scheduled_for` to when it was found due; none for a manual run."
    ),
    _C("duration_ms", "BIGINT", "ms", "How long its last attempt took."),
    _C("attempt", "INTEGER", "", "Its last attempt, from 1."),
    _C("exit_code", "INTEGER", "", "With which it exited, where it did and that is known."),
    _C("signal", "INTEGER", "", "Number of the signal that ended it, where one did."),
    _C("cpu_ms", "BIGINT", "ms", "CPU time of its processes, user and system."),
    _C("memory_peak_bytes", "BIGINT", "bytes", "Largest resident memory of one of its processes."),
    _C("stdout_bytes", "BIGINT", "bytes", "How much it wrote to standard output."),
    _C("stderr_bytes", "BIGINT", "bytes", "How much it wrote to standard error."),
    _C("output_bytes", "BIGINT", "bytes", "Both together."),
    _C("error", "VARCHAR", "", "What went wrong, in words, where something did."),
    _C("actor", "VARCHAR", "", "Who caused it: `scheduler`, or the person who asked for it."),
    _C("reason", "VARCHAR", "", "Why a person asked for it, in their words."),
    _C("settled_seq", "BIGINT", "", "`seq` of the entry that ended or skipped it: the evidence."),
)

JOBS = (
    _C("name", "VARCHAR", "", "Unique in a home."),
    _C("description", "VARCHAR", "", "From the config; may be empty."),
    _C("schedule", "VARCHAR", "", "Cron expression, or `every 90s`, or `at 2026-12-24T18:00:00+01:00`."),
    _C("timezone", "VARCHAR", "", "IANA zone in which the schedule is read."),
    _C("enabled", "BOOLEAN", "", "Whether it runs on its schedule now: in the config, and not disabled."),
    _C("since", _TIME, "", "When it was last enabled or disabled."),
    _C("by", "VARCHAR", "", 'Who did that: `config` or a person. A word of SQL: write `"by"`.'),
    _C("reason", "VARCHAR", "", "Why, in their words."),
    _C("until", _TIME, "", "When a pause ends by itself, where it does."),
    _C("revision", "VARCHAR", "", "Digest of its definition: another one, another definition."),
    _C("defined", _TIME, "", "When its definition last changed."),
    _C("removed", _TIME, "", "When it left the config; none while it is there."),
    _C("last_run", "BIGINT", "", "Number of the run that finished last."),
    _C("last_outcome", "VARCHAR", "", "How that one finished."),
    _C("last_started", _TIME, "", "When that one began."),
    _C("last_finished", _TIME, "", "When its end was recorded."),
    _C("last_duration_ms", "BIGINT", "ms", "How long it took."),
    _C("runs_finished", "BIGINT", "runs", "How many have finished, ever."),
    _C("runs_succeeded", "BIGINT", "runs", "How many of those succeeded."),
    _C("runs_unsuccessful", "BIGINT", "runs", "How many of those did not."),
    _C("runs_skipped", "BIGINT", "runs", "How many were owed and deliberately not run."),
    _C("runs_in_flight", "BIGINT", "runs", "How many are owed or running now."),
)

ATTEMPTS = (
    _C("run", "BIGINT", "", "The run's number."),
    _C("attempt", "INTEGER", "", "Which of its attempts, from 1; `run` and `attempt` identify the row."),
    _C("job", "VARCHAR", "", "The job's name."),
    _C("trigger", "VARCHAR", "", "Why the run was owed: `schedule`, `catch_up` or `manual`."),
    _C("status", "VARCHAR", "", "`running` or `finished`."),
    _C("outcome", "VARCHAR", "", "How it finished, as in `runs`."),
    _C("scheduled_for", _TIME, "", "The instant of the schedule that the run is for."),
    _C("started", _TIME, "", "When it began."),
    _C("finished", _TIME, "", "When its end was recorded."),
    _C("duration_ms", "BIGINT", "ms", "How long it took."),
    _C("exit_code", "INTEGER", "", "With which it exited, where it did and that is known."),
    _C("signal", "INTEGER", "", "Number of the signal that ended it, where one did."),
    _C("cpu_ms", "BIGINT", "ms", "CPU time of its processes, user and system."),
    _C("memory_peak_bytes", "BIGINT", "bytes", "Largest resident memory of one of its processes."),
    _C("stdout_bytes", "BIGINT", "bytes", "How much it wrote to standard output."),
    _C("stderr_bytes", "BIGINT", "bytes", "How much it wrote to standard error."),
    _C("error", "VARCHAR", "", "What went wrong, in words, where something did."),
    _C("host", "VARCHAR", "", "The machine it ran on."),
    _C("command_sha256", "VARCHAR", "", "Digest of what was executed: another one, another command."),
    _C("finished_seq", "BIGINT", "", "`seq` of the entry that ended it: the evidence."),
)

SLOTS = (
    _C("job", "VARCHAR", "", "The job's name."),
    _C("scheduled_for", _TIME, "", "The instant; of a misfire, the first of its instants."),
    _C("last_scheduled_for", _TIME, "", "The same; of a misfire, the last of its instants."),
    _C("instants", "BIGINT", "instants", "How many instants the row stands for: 1, but for misfires."),
    _C(
        "disposition",
        "VARCHAR",
        "",
        "What became of it: `ran`, `caught_up` (it ran later), `running`, `owed`, `skipped` or `misfired`.",
    ),
    _C(
        "reason",
        "VARCHAR",
        "",
        "Why it was skipped (`overlap`, …) or misfired (`scheduler_down`, `suspend`, `disabled`, …).",
    ),
    _C("trigger", "VARCHAR", "", "`schedule` or `catch_up`; none for a misfire."),
    _C("run", "BIGINT", "", "The run it led to; none for a misfire."),
    _C("outcome", "VARCHAR", "", "How that run finished."),
    _C("lateness_ms", "BIGINT", "ms", "From the instant to when it was found due."),
    _C("seq", "BIGINT", "", "`seq` of the entry that says so: the tick or the misfire."),
)

JOB_CHANGES = (
    _C("seq", "BIGINT", "", "`seq` of the entry that records it: the evidence."),
    _C("time", _TIME, "", "When."),
    _C("job", "VARCHAR", "", "The job's name."),
    _C("change", "VARCHAR", "", "`defined` (new, or back), `changed`, `removed`, `enabled` or `disabled`."),
    _C("actor", "VARCHAR", "", "Who: `config`, a person, or `scheduler` at the end of a pause."),
    _C("reason", "VARCHAR", "", "Why, in their words."),
    _C("until", _TIME, "", "When a pause is to end by itself."),
    _C("changed", "VARCHAR[]", "", "Which members of the definition differ; empty for a new or removed job."),
    _C("before", "JSON", "", "From what: those members as they were; of a removed job its whole definition."),
    _C("after", "JSON", "", "To what: those members as they are; of a new job its whole definition."),
    _C("revision", "VARCHAR", "", "Digest of the definition from here on."),
    _C("previous_revision", "VARCHAR", "", "Digest of the definition until here."),
)

OUTAGES = (
    _C(
        "kind",
        "VARCHAR",
        "",
        "`down` (no scheduler), `suspend` (the machine slept), `clock_step` (the clock was set), `paused` (the "
        "ledger could not be written) or `stall` (the scheduler was held up).",
    ),
    _C("began", _TIME, "", "When it began; of a scheduler that died, when it last recorded something."),
    _C("ended", _TIME, "", "When something watched again; none while it lasts."),
    _C(
        "duration_ms", "BIGINT", "ms", "From one to the other by the wall clock: negative if it was set back."
    ),
    _C(
        "reason",
        "VARCHAR",
        "",
        "Why a scheduler stopped, or `died`; why it paused; by how much the clock jumped.",
    ),
    _C("instants_missed", "BIGINT", "instants", "How many scheduled instants passed unwatched."),
    _C("instants_caught_up", "BIGINT", "instants", "How many of those were then to be run after all."),
    _C("jobs_affected", "BIGINT", "jobs", "How many jobs they belong to."),
    _C("began_seq", "BIGINT", "", "`seq` of the entry it begins with."),
    _C("ended_seq", "BIGINT", "", "`seq` of the entry that ends it."),
)

LOG_ENTRIES = (
    _C("time", _TIME, "", "When it was logged."),
    _C("level", "VARCHAR", "", "`debug`, `info`, `warning`, `error` or `critical`."),
    _C("job", "VARCHAR", "", "The job that logged it, or that it is about."),
    _C("run", "BIGINT", "", "Number of the run."),
    _C("attempt", "INTEGER", "", "The attempt, from 1."),
    _C("stream", "VARCHAR", "", "`stdout`, `stderr`, or `scheduler` for the scheduler's own messages."),
    _C("message", "VARCHAR", "", "What it says."),
    _C("fields", "JSON", "", "What else came with it."),
)

VIEWS: dict[str, tuple[ColumnMeaning, ...]] = {
    "events": EVENTS,
    "runs": RUNS,
    "attempts": ATTEMPTS,
    "jobs": JOBS,
    "slots": SLOTS,
    "job_changes": JOB_CHANGES,
    "outages": OUTAGES,
    "log_entries": LOG_ENTRIES,
}
"""The views that people query, with their columns in order."""


def markdown_table(view: str) -> str:
    """A view's columns as a Markdown table."""
    rows = ["| column | type | unit | meaning |", "|---|---|---|---|"]
    for name, kind, unit, meaning in VIEWS[view]:
        rows.append(f"| `{name}` | {kind} | {unit} | {meaning} |")
    return "\n".join(rows)
