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


_C = ColumnMeaning
_TIME = "TIMESTAMP WITH TIME ZONE"


def _text(name: str, meaning: str) -> ColumnMeaning:
    return _C(name, "VARCHAR", "", meaning)


def _time(name: str, meaning: str) -> ColumnMeaning:
    return _C(name, _TIME, "", meaning)


def _json(name: str, meaning: str) -> ColumnMeaning:
    return _C(name, "JSON", "", meaning)


def _number(name: str, meaning: str, unit: str = "") -> ColumnMeaning:
    """A whole number; of a length of time or of data, the name says the unit."""
    told = next((each for each in ("ms", "bytes") if name.endswith(f"_{each}")), "")
    return _C(name, "BIGINT", unit or told, meaning)


def _small(name: str, meaning: str) -> ColumnMeaning:
    return _C(name, "INTEGER", "", meaning)


_SAID = (
    _text("message", "What a Python job said of itself, in a sentence."),
    _number("items_processed", "How many things a Python job dealt with, where it said so."),
    _number("items_failed", "How many of them it could not deal with, where it said so."),
    _json(
        "metrics", "Numbers and short texts that a Python job gave names: `metrics->>'$.rows'`. None without."
    ),
)
"""What a Python job says of itself."""

_PROCESS = (
    _small("exit_code", "With which it exited, where it did and that is known."),
    _small("signal", "Number of the signal that ended it, where one did."),
    _number("cpu_ms", "CPU time of its processes, user and system."),
    _number("memory_peak_bytes", "Largest resident memory of one of its processes."),
    _number("stdout_bytes", "How much it wrote to standard output."),
    _number("stderr_bytes", "How much it wrote to standard error."),
)
"""How a process ended, and what it took."""

EVENTS = (
    _number("seq", "Position in the ledger, from 0, without gaps. It orders entries; `time` does not."),
    _time("time", "Wall clock of the writer."),
    _text("type", "What happened: a past-tense fact such as `run.finished`."),
    _text("actor", "Who: `scheduler`, `config` or `user:NAME@HOST`."),
    _text("job", "The job it is about, where there is one."),
    _number("run", "Number of the run it is about, where there is one."),
    _json("data", "The payload: `data->>'$.outcome'`."),
    _number(
        "durable", "How many entries were known to be on disk when this one was composed.", unit="entries"
    ),
    _text("prev", "Hash of the entry before."),
    _text("hash", "SHA-256 over the bytes of the entry's line before its `hash`, in hex."),
)

_LOCKS = (
    _C(
        "locks",
        "VARCHAR[]",
        "",
        "The locks that it held; none where it did not start: `list_contains(locks, 'database')`.",
    ),
    _text(
        "waited_for_lock",
        "The lock for which it had to wait, or for which it was skipped; none where it did not.",
    ),
    _number(
        "waited_for_run",
        "The run of its job for whose end it had to wait, or for which it was skipped; none where it did not.",
    ),
    _C(
        "waited_for_slots",
        "BIGINT[]",
        "",
        "The runs that held all slots while it had to wait for one, or for which it was skipped; else empty.",
    ),
)
"""What it shared with runs of other jobs."""

RUNS = (
    _number("run", "The run's number: `seq` of the entry that caused it."),
    _text("job", "The job's name."),
    _text("trigger", "Why it was owed: `schedule`, `catch_up`, `manual`, `backfill` or `after`."),
    _text("status", "`owed`, `running`, `waiting` (for its next attempt), `finished` or `skipped`."),
    _text("outcome", "How it finished: `succeeded`, `failed`, `timed_out`, `cancelled`, `lost`, `unknown`."),
    _text("skipped_reason", "Why it was deliberately not run, such as `overlap`."),
    _time("scheduled_for", "The instant of the schedule that it is for; none for a manual run."),
    _time("owed_at", "When it fell due or was requested: `time` of the entry that caused it."),
    _time("started", "When its last attempt began."),
    _time("finished", "When its end was recorded."),
    _number("lateness_ms", "From `scheduled_for` to when it was found due; none for a manual run."),
    _number("duration_ms", "How long its last attempt took."),
    _small("attempt", "Its last attempt, from 1."),
    *_PROCESS,
    _number("output_bytes", "Both together."),
    _text("error", "What went wrong, in words, where something did."),
    _text("actor", "Who caused it: `scheduler`, or the person who asked for it."),
    _text("reason", "Why a person asked for it, in their words."),
    _number("settled_seq", "`seq` of the entry that ended or skipped it: the evidence."),
    _json(
        "params", "The values of its parameters, secret ones left out: `params->>'$.region'`. None without."
    ),
    _time("retry_at", "Until when it waits for its next attempt, if it does."),
    _number("retry_of", "The run that a person had made again by this one (`jobs retry`)."),
    _number("backfill", "`seq` of the `backfill.requested` that asked for it, of a run that is backfilled."),
    _number("replaces", "`seq` of what had disposed of its instant before, of a run that is backfilled."),
    *_SAID,
    *_LOCKS,
    _time(
        "nominal",
        "The instant of `scheduled_for` as its schedule is written, before jitter; none for a manual run.",
    ),
    _text("node", "The node that made its last attempt, where several share the ledger."),
)

ATTEMPTS = (
    _number("run", "The run's number."),
    _small("attempt", "Which of its attempts, from 1; `run` and `attempt` identify the row."),
    _text("job", "The job's name."),
    _text("trigger", "Why the run was owed: `schedule`, `catch_up`, `manual`, `backfill` or `after`."),
    _text("status", "`running` or `finished`."),
    _text("outcome", "How it finished, as in `runs`."),
    _time("scheduled_for", "The instant of the schedule that the run is for."),
    _time("started", "When it began."),
    _time("finished", "When its end was recorded."),
    _number("duration_ms", "How long it took."),
    *_PROCESS,
    _text("error", "What went wrong, in words, where something did."),
    _time("retry_at", "When the next attempt was to follow; none for the last one of a run."),
    _text("host", "The machine it ran on."),
    _text("command_sha256", "Digest of what was executed: another one, another command."),
    _number("finished_seq", "`seq` of the entry that ended it: the evidence."),
    _json("params", "The values of its parameters, as in `runs`."),
    *_SAID,
    *_LOCKS,
    _text("node", "The node that made it, where several share the ledger."),
)

JOBS = (
    _text("name", "Unique in a home."),
    _text("description", "From the config; may be empty."),
    _text(
        "schedule",
        "Cron expression, or `every 90s`, or `at 2026-12-24T18:00:00+01:00`, or `after extract, load`, "
        "or `on demand`.",
    ),
    _text("timezone", "IANA zone in which the schedule is read."),
    _C("tags", "VARCHAR[]", "", "Words by which jobs are chosen together: `list_contains(tags, 'prod')`."),
    _text("run_as", "User, or user and group, as whom it runs; none where that is the scheduler's."),
    _C("locks", "VARCHAR[]", "", "What its runs share with runs of other jobs, by name."),
    _C("enabled", "BOOLEAN", "", "Whether it runs on its schedule now: in the config, and not disabled."),
    _time("since", "When it was last enabled or disabled."),
    _text("by", 'Who did that: `config` or a person. A word of SQL: write `"by"`.'),
    _text("reason", "Why, in their words."),
    _time("until", "When a pause ends by itself, where it does."),
    _text("revision", "Digest of its definition: another one, another definition."),
    _time("defined", "When its definition last changed."),
    _time("removed", "When it left the config; none while it is there."),
    _number("last_run", "Number of the run that finished last."),
    _text("last_outcome", "How that one finished."),
    _time("last_started", "When that one began."),
    _time("last_finished", "When its end was recorded."),
    _number("last_duration_ms", "How long it took."),
    _number("runs_finished", "How many have finished, ever.", unit="runs"),
    _number("runs_succeeded", "How many of those succeeded.", unit="runs"),
    _number("runs_unsuccessful", "How many of those did not.", unit="runs"),
    _number("runs_skipped", "How many were owed and deliberately not run.", unit="runs"),
    _number(
        "runs_in_flight", "How many are owed, running or waiting for their next attempt now.", unit="runs"
    ),
)

SLOTS = (
    _text("job", "The job's name."),
    _time(
        "scheduled_for",
        "The instant; of a misfire or exclusion, the first of those that were recorded together.",
    ),
    _time(
        "last_scheduled_for",
        "The same; of a misfire or exclusion, the last of those: some between may have rows of their own.",
    ),
    _number(
        "instants",
        "How many instants the row stands for: 1, but for misfires and exclusions.",
        unit="instants",
    ),
    _text(
        "disposition",
        "What became of it: `ran`, `caught_up` (it ran later), `running`, `waiting` (for its next attempt), `owed`, "
        "`skipped`, `misfired`, `excluded` (by a calendar), `backfilled` (it ran since a person asked for that) or "
        "`settled` (a person wanted no run). A backfill takes the place of what had become of the instant before.",
    ),
    _text(
        "reason",
        "Why it was skipped (`overlap`, …) or misfired (`scheduler_down`, `suspend`, `disabled`, `paused`, …).",
    ),
    _text("trigger", "`schedule`, `catch_up`, `backfill` or `after`; none for a misfire or exclusion."),
    _number("run", "The run it led to; none for a misfire or exclusion."),
    _text("outcome", "How that run finished."),
    _number("lateness_ms", "From the instant to when it was found due."),
    _number("seq", "`seq` of the entry that says so: the tick, the misfire or the exclusion."),
    _time("nominal", "The instant as the schedule is written, before jitter; none where there is no run."),
)

JOB_CHANGES = (
    _number("seq", "`seq` of the entry that records it: the evidence."),
    _time("time", "When."),
    _text("job", "The job's name."),
    _text("change", "`defined` (new, or back), `changed`, `removed`, `enabled` or `disabled`."),
    _text("actor", "Who: `config`, a person, or `scheduler` at the end of a pause."),
    _text("reason", "Why, in their words."),
    _time("until", "When a pause is to end by itself."),
    _C("changed", "VARCHAR[]", "", "Which members of the definition differ; empty for a new or removed job."),
    _json("before", "From what: those members as they were; of a removed job its whole definition."),
    _json("after", "To what: those members as they are; of a new job its whole definition."),
    _text("revision", "Digest of the definition from here on."),
    _text("previous_revision", "Digest of the definition until here."),
    _number("approval", "`seq` of the entry by which a second person approved it; NULL where none had to."),
    _text("approved_by", "That person, as far as the kernel vouches for one: `docs/approvals.md`."),
)

OUTAGES = (
    _text(
        "kind",
        "`down` (no scheduler), `suspend` (the machine slept), `clock_step` (the clock was set), "
        "`paused` (the ledger could not be written) or `stall` (the scheduler was held up).",
    ),
    _time("began", "When it began; of a scheduler that died, when it last recorded something."),
    _time("ended", "When something watched again; none while it lasts."),
    _number("duration_ms", "From one to the other by the wall clock: negative if it was set back."),
    _text(
        "reason",
        "Why a scheduler stopped, or `died`; or was `silent` while it led others; why it paused; by how much the "
        "clock jumped.",
    ),
    _number("instants_missed", "How many scheduled instants passed unwatched.", unit="instants"),
    _number("instants_caught_up", "How many of those were then to be run after all.", unit="instants"),
    _number("jobs_affected", "How many jobs they belong to.", unit="jobs"),
    _number("began_seq", "`seq` of the entry it begins with."),
    _number("ended_seq", "`seq` of the entry that ends it."),
)

BREACHES = (
    _number("seq", "`seq` of the entry that tells of it: the evidence."),
    _text("job", "The job's name."),
    _text("expectation", "What did not hold: `start_within`, `finish_within` or `success_every`."),
    _number("run", "The run that was late; none for `success_every`."),
    _time("scheduled_for", "The instant of that run."),
    _number("limit_ms", "Within how long it was expected."),
    _time("since", "From when on it did not hold: the moment at which the time was over."),
    _time("ended", "Until when; none while it lasts."),
    _number("duration_ms", "From `since` to `ended`: by how much it was late."),
    _text(
        "ended_by",
        "`started`, `finished`, `succeeded` or `skipped`; or `changed` (something else was expected), `disabled` "
        "or `removed` (of the job).",
    ),
    _time("told", "When it was recorded: later than `since` if no scheduler served then."),
    _number("because_of", "`seq` of the entry that ended it."),
    _number("ended_seq", "`seq` of the entry that tells of its end."),
)

NODES = (
    _text("name", "Unique in a ledger."),
    _text(
        "state", "`serving`, `drained`, `left` or `lost`; that one is silent is on record once it is lost."
    ),
    _C(
        "leads",
        "BOOLEAN",
        "",
        "Whether it is the one that led last, and has neither left nor restarted since.",
    ),
    _number("term", "The last one in which it led; none if it never did."),
    _text("host", "The machine."),
    _C("labels", "VARCHAR[]", "", "What a job's `runs_on` may ask for, besides its name."),
    _number("max_parallel", "How many runs it takes at once.", unit="runs"),
    _number("runs_in_flight", "How many attempts are running there, as far as is recorded.", unit="runs"),
    _time("joined", "Since when its present process serves, or served last."),
    _time("gone", "When it left or was lost; none while it serves."),
    _text("gone_reason", "With what reason it left; none where it was lost."),
    _time("drained", "Since when a person keeps it from taking anything new; none if nobody does."),
    _text("drained_by", "Who does."),
    _text("drained_reason", "Why, in their words."),
    _json(
        "unfit",
        "The jobs that it cannot run, each with the reason; `*` stands for all. None if it can run all.",
    ),
    _text("version", "Of the software that it runs."),
    _number("described_seq", "`seq` of the `node.joined` that described it last: the evidence."),
)

LOG_ENTRIES = (
    _time("time", "When it was logged."),
    _text("level", "`debug`, `info`, `warning`, `error` or `critical`."),
    _text("job", "The job that logged it, or that it is about."),
    _number("run", "Number of the run."),
    _small("attempt", "The attempt, from 1."),
    _text("stream", "`stdout`, `stderr`, or `scheduler` for the scheduler's own messages."),
    _text("message", "What it says."),
    _json("fields", "What else came with it."),
)

VIEWS: dict[str, tuple[ColumnMeaning, ...]] = {
    "events": EVENTS,
    "runs": RUNS,
    "attempts": ATTEMPTS,
    "jobs": JOBS,
    "slots": SLOTS,
    "job_changes": JOB_CHANGES,
    "outages": OUTAGES,
    "breaches": BREACHES,
    "nodes": NODES,
    "log_entries": LOG_ENTRIES,
}
"""The views that people query, with their columns in order."""


def markdown_table(view: str) -> str:
    """A view's columns as a Markdown table."""
    rows = ["| column | type | unit | meaning |", "|---|---|---|---|"]
    for name, kind, unit, meaning in VIEWS[view]:
        rows.append(f"| `{name}` | {kind} | {unit} | {meaning} |")
    return "\n".join(rows)
