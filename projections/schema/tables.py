"""SQL that the projections are made of: how a line becomes a row, and the texts that create the views.

What the views are called and what their columns mean is in `columns`.
"""
# ruff: noqa: S608 - the SQL is put together from the constants of this module and from quoted paths

from __future__ import annotations

import hashlib
import re
from pathlib import Path

from projections.schema.columns import EVENTS
from projections.schema.literals import among, listed, no_rows, quoted
from scheduler import vocabulary as v
from scheduler.entry_members import CLOSING_REASONS, SKIPPED_FOR_A_RUN

ENTRY_TYPES = {column.name: column.type for column in EVENTS}
FACT_TYPES = {
    "trigger": "VARCHAR",
    "scheduled_for": "TIMESTAMPTZ",
    "nominal": "TIMESTAMPTZ",
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
    "retry_at": "TIMESTAMPTZ",
    "closes": "BIGINT",
    "retry_of": "BIGINT",
    "because_of": "BIGINT",
    "replaces": "BIGINT",
    "reason": "VARCHAR",
    "host": "VARCHAR",
    "command_sha256": "VARCHAR",
    "params": "JSON",
    "locks": "JSON",
    "waited_for": "JSON",
    "waited_behind": "BIGINT",
    "slots": "BIGINT[]",
    "lock": "JSON",
    "node": "VARCHAR",
    "message": "VARCHAR",
    "items_processed": "BIGINT",
    "items_failed": "BIGINT",
    "metrics": "JSON",
}
NOTED = ("seq", "time", "type", "actor", "job", "run", "data")
"""The members of the entries of which there are few, which are kept apart."""
_UNCARRIED = ("durable", "prev", "hash")
_CAUSES_AND_STARTS = (*v.CAUSES, v.RunStarted.TYPE)
_BEGINNINGS = (v.SchedulerStarted.TYPE, v.LeaderElected.TYPE)
"""Where a scheduler begins to watch; where several nodes share a ledger, that is the one that leads."""
_WITH_FACTS = (*_CAUSES_AND_STARTS, *v.ENDINGS)
_LISTS = {
    "CAUSES": v.CAUSES,
    "CAUSES_AND_STARTS": _CAUSES_AND_STARTS,
    "ENDINGS": v.ENDINGS,
    "RUN_ENTRIES": v.RUN_ENTRIES,
    "DEFINITIONS": v.DEFINITIONS,
    "ENABLEMENTS": v.ENABLEMENTS,
    "JOB_ENTRIES": v.JOB_ENTRIES,
    "LIVES": (*v.LIVES, v.LeaderElected.TYPE, v.NodeLeft.TYPE),
    "BEGINNINGS": _BEGINNINGS,
    "NODE_ENTRIES": v.NODE_ENTRIES,
    "NODE_ENDS": (v.NodeLeft.TYPE, v.NodeLost.TYPE),
    "DRAININGS": (v.NodeDrained.TYPE, v.NodeResumed.TYPE),
    "OF_ANYONE": v.OF_ANYONE,
    "PAUSES_AND_BEGINNINGS": (*v.PAUSES, *v.LIVES, v.LeaderElected.TYPE),
    "CLOSING_REASONS": CLOSING_REASONS,
    "SKIPPED_FOR_A_RUN": SKIPPED_FOR_A_RUN,
}
"""The lists of words of the vocabulary that SQL files name: `type IN @CAUSES`."""


def as_pattern(text: object) -> str:
    """A path as a pattern that matches this path alone."""
    return re.sub(r"([*?\[])", r"[\1]", str(text))


def _sql_file(name: str) -> str:
    """The text of an SQL file beside this module, with the lists that it names written out."""
    text = (Path(__file__).parent / name).read_text(encoding="utf-8")
    return re.sub(r"@([A-Z_]+)", lambda named: among(_LISTS[named[1]]), text)


PARTS_SQL = _sql_file("parts.sql")
VIEWS_SQL = _sql_file("views.sql")


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
        "trigger": f"coalesce(f.trigger, CASE type WHEN {quoted(v.ScheduleTicked.TYPE)} THEN 'schedule' "
        f"WHEN {quoted(v.RunRequested.TYPE)} THEN 'manual' END)",
        "stdout_bytes": f"CASE type WHEN {quoted(v.RunFinished.TYPE)} THEN coalesce(f.stdout_bytes, 0) END",
        "stderr_bytes": f"CASE type WHEN {quoted(v.RunFinished.TYPE)} THEN coalesce(f.stderr_bytes, 0) END",
    }
    facts = ", ".join(f"{defaults.get(name, 'f.' + name)} AS {name}" for name in FACT_TYPES)
    return (
        f"SELECT {', '.join(ENTRY_TYPES)}, {facts} FROM (SELECT *, from_json(CASE WHEN type IN "
        f"{among(_WITH_FACTS)} THEN data END, {structure}) AS f FROM ({entries}))"
    )


def carried_rows(files: list[str], seqs: list[int]) -> str:
    """SQL of the rows of `parts.carried`: these entries, with facts; they are in these Parquet files of events."""
    if not seqs:
        return no_rows(ENTRY_TYPES | FACT_TYPES)
    wanted = ", ".join(map(str, seqs))
    return with_facts(f"SELECT {_carried('')} FROM read_parquet({listed(files)}) WHERE seq IN ({wanted})")


def left_open_rows(files: list[str], first: int, last: int, before: list[int]) -> str:
    """SQL of the same rows as of entry `last`, of which no one has taken note.

    Args:
        files: Parquet files of events that hold these entries.
        first: the first entry of its segment.
        last: the entry.
        before: what was left open before that segment.
    """
    here = f"seq BETWEEN {first} AND {last}"
    earlier = f" OR seq IN ({', '.join(map(str, before))})" if before else ""
    rows = f"read_parquet({listed(files)})"
    return with_facts(
        f"SELECT {_carried('k.')} FROM {rows} AS k WHERE ({here}{earlier}) "
        f"AND (k.type IN {among(_CAUSES_AND_STARTS)} OR {_ends_attempt('k')}) AND NOT EXISTS "
        f"(SELECT 1 FROM {rows} AS e WHERE e.{here} AND e.type IN {among(v.ENDINGS)} AND e.run = k.run "
        f"AND NOT {_ends_attempt('e')})"
    )


def _ends_attempt(entry: str) -> str:
    """Whether an entry ends an attempt of a run that goes on."""
    return f"({entry}.type = {quoted(v.RunFinished.TYPE)} AND ({entry}.data->>'$.retry_at') IS NOT NULL)"


def _carried(of: str) -> str:
    """The members of an entry that is carried; its hashes would cost the most to read, and say nothing of a run."""
    return ", ".join(
        f"NULL::{kind} AS {name}" if name in _UNCARRIED else of + name for name, kind in ENTRY_TYPES.items()
    )


def fingerprint(*parts: str) -> str:
    """Digest of whatever decides what a projection's file holds: when it changes, the file is made anew."""
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:16]
