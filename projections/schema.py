"""The SQL schema: what the views are called, what each column means, and how a line becomes a row.

The views themselves are in `views.sql`. Their columns are described here once; the documentation's tables are
made from this, and hints for mistyped names too.
"""
# ruff: noqa: S608 - the SQL is put together from the constants of this module and from quoted paths

from __future__ import annotations

import hashlib
import re
from pathlib import Path
from typing import NamedTuple

from scheduler.vocabulary import RunFinished, RunRequested, RunSkipped, RunStarted, ScheduleTicked


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

VIEWS: dict[str, tuple[ColumnMeaning, ...]] = {"events": EVENTS, "runs": RUNS, "jobs": JOBS}
"""The views that people query, with their columns in order."""

VIEWS_SQL = (Path(__file__).parent / "views.sql").read_text(encoding="utf-8")

ENTRY_TYPES = {column.name: column.type for column in EVENTS}
FACT_TYPES = {
    "trigger": "VARCHAR",
    "scheduled_for": "TIMESTAMPTZ",
    "lateness_ms": "BIGINT",
    "started": "TIMESTAMPTZ",
    "duration_ms": "BIGINT",
    "outcome": "VARCHAR",
    "attempt": "INTEGER",
    "exit_code": "INTEGER",
    "signal": "INTEGER",
    "cpu_ms": "BIGINT",
    "memory_peak_bytes": "BIGINT",
    "stdout_bytes": "BIGINT",
    "stderr_bytes": "BIGINT",
    "error": "VARCHAR",
    "reason": "VARCHAR",
}
OWED_TYPES = {
    "owed_at": "TIMESTAMPTZ",
    "owed_lateness_ms": "BIGINT",
    "owed_by": "VARCHAR",
    "owed_reason": "VARCHAR",
}
CAUSES = (ScheduleTicked.TYPE, RunRequested.TYPE)
ENDINGS = (RunFinished.TYPE, RunSkipped.TYPE)
_WITH_FACTS = (*CAUSES, RunStarted.TYPE, *ENDINGS)


def quoted(text: object) -> str:
    """A string as an SQL literal."""
    return "'" + str(text).replace("'", "''") + "'"


def as_pattern(text: object) -> str:
    """A path as a pattern that matches this path alone."""
    return re.sub(r"([*?\[])", r"[\1]", str(text))


def among(words: tuple[str, ...]) -> str:
    """Strings as an SQL list in parentheses."""
    return "(" + ", ".join(map(quoted, words)) + ")"


def read_lines(path: str) -> str:
    """SQL that reads a file of whole lines as rows with an entry's members."""
    members = ", ".join(f"{quoted(name)}: {quoted(kind)}" for name, kind in ENTRY_TYPES.items())
    return f"SELECT * FROM read_json({quoted(path)}, format='newline_delimited', columns={{{members}}})"


def with_facts(entries: str) -> str:
    """SQL that gives rows with an entry's members the facts of their payloads as further columns.

    Payloads leave out members that have their default value (`stdout_bytes`: 0; the trigger of a tick:
    `schedule`); a request's trigger is always `manual`. Here they are put back.
    """
    kinds = ", ".join(f'"{name}": "{kind}"' for name, kind in FACT_TYPES.items())
    structure = quoted("{" + kinds + "}")
    defaults = {
        "trigger": f"coalesce(f.trigger, CASE type WHEN {quoted(ScheduleTicked.TYPE)} THEN 'schedule' "
        f"WHEN {quoted(RunRequested.TYPE)} THEN 'manual' END)",
        "stdout_bytes": f"CASE type WHEN {quoted(RunFinished.TYPE)} THEN coalesce(f.stdout_bytes, 0) END",
        "stderr_bytes": f"CASE type WHEN {quoted(RunFinished.TYPE)} THEN coalesce(f.stderr_bytes, 0) END",
    }
    facts = ", ".join(f"{defaults.get(name, 'f.' + name)} AS {name}" for name in FACT_TYPES)
    return (
        f"SELECT {', '.join(ENTRY_TYPES)}, {facts} FROM (SELECT *, from_json(CASE WHEN type IN "
        f"{among(_WITH_FACTS)} THEN data END, {structure}) AS f FROM ({entries}))"
    )


def no_rows(types: dict[str, str]) -> str:
    """SQL of a relation with these columns and no rows."""
    return "SELECT " + ", ".join(f"NULL::{kind} AS {name}" for name, kind in types.items()) + " WHERE false"


def sealed_view(files: list[str]) -> str:
    """SQL that creates `parts.sealed` over these Parquet files."""
    rows = (
        f"SELECT * FROM read_parquet({_listed(files)})"
        if files
        else no_rows(ENTRY_TYPES | FACT_TYPES | OWED_TYPES)
    )
    return f"CREATE OR REPLACE VIEW parts.sealed AS {rows}"


def carried_rows(files: list[str], seqs: list[int]) -> str:
    """SQL of the rows of `parts.carried`: these entries, which are in these Parquet files."""
    if not seqs:
        return no_rows(ENTRY_TYPES | FACT_TYPES)
    names = ", ".join(ENTRY_TYPES | FACT_TYPES)
    wanted = ", ".join(map(str, seqs))
    return f"SELECT {names} FROM read_parquet({_listed(files)}) WHERE seq IN ({wanted})"


def _listed(files: list[str]) -> str:
    return "[" + ", ".join(map(quoted, files)) + "]"


def markdown_table(view: str) -> str:
    """A view's columns as a Markdown table."""
    rows = ["| column | type | unit | meaning |", "|---|---|---|---|"]
    for name, kind, unit, meaning in VIEWS[view]:
        rows.append(f"| `{name}` | {kind} | {unit} | {meaning} |")
    return "\n".join(rows)


def fingerprint(*parts: str) -> str:
    """Digest of whatever decides what a projection's file holds: when it changes, the file is made anew."""
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:16]
