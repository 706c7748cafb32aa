"""Generates `docs/vocabulary.md` from the vocabulary itself: `python -m tests.scheduler.vocabulary_docs`."""

from __future__ import annotations

import inspect
import re
import types
import typing
from datetime import UTC, datetime
from pathlib import Path

import msgspec

from scheduler import vocabulary as v
from scheduler.definition import JobDefinition, revision

PAGE = Path(__file__).resolve().parents[2] / "docs" / "vocabulary.md"
DUE = datetime(2026, 11, 23, 2, tzinfo=UTC)
NIGHTLY = JobDefinition(
    name="nightly", command="backup --all", schedule="0 2 * * *", env={"TOKEN": "9f86d081884c7d65"}
)
CONFIG = "5d41402abc4b2a76b9719d911017c592ae7a0ab8e8d7a3ad8b7a2c6e3f1d0c4b"
SHA256 = "2c26b46b68ffc68ff99b453c1d30413413422d706483bfa0f98a5e886266e7ae"
BOOT = "0b9f1c2e-6d7c-4c55-9a53-1d3f0a4b7c11"

EXAMPLES: tuple[tuple[v.Payload, str, str | None, int | None], ...] = (
    (
        v.LedgerCreated(ledger="3f2b8c1d9e4a4b7f8a6c5d4e3f2a1b0c", format=1, software="cronledger 0.1.0"),
        "scheduler",
        None,
        None,
    ),
    (
        v.LedgerRecovered(
            bytes=113, sha256=SHA256, seq=57, segment="00000000000000000000.jsonl", offset=20480
        ),
        "scheduler",
        None,
        None,
    ),
    (
        v.HomeAdopted(home="9f86d081884c7d65", path="/srv/drill", claims=v.Claims(sudo="ann")),
        "user:svc@web1",
        None,
        None,
    ),
    (
        v.SchedulerStarted(
            pid=812,
            host="web1",
            boot_id=BOOT,
            versions={
                "cronledger": "0.1.0",
                "croniter": "7.0.0",
                "tzdata": "2026.6",
                "msgspec": "0.20.0",
                "PyYAML": "6.0.3",
                "duckdb": "2.0.1",
            },
            config=CONFIG,
        ),
        "scheduler",
        None,
        None,
    ),
    (v.SchedulerStopped(reason="SIGTERM", runs_stopped=1), "scheduler", None, None),
    (
        v.SchedulerPaused(reason="var/ledger cannot be written: No space left on device"),
        "scheduler",
        None,
        None,
    ),
    (v.SchedulerResumed(paused_ms=61_000), "scheduler", None, None),
    (
        v.ClockStepped(kind="suspend", by_ms=7_200_000, before=DUE, after=DUE.replace(hour=4)),
        "scheduler",
        None,
        None,
    ),
    (v.ConfigAccepted(config=CONFIG, jobs=12), "config", None, None),
    (
        v.ConfigRejected(
            config=CONFIG,
            errors=[
                v.ConfigError(
                    line=4,
                    column=5,
                    message="a job has no key 'comand'",
                    key="jobs.nightly.comand",
                    suggestion="command",
                )
            ],
            error_count=1,
        ),
        "config",
        None,
        None,
    ),
    (
        v.JobDefined(definition=NIGHTLY, revision=revision(NIGHTLY), config=CONFIG, changed=["command"]),
        "config",
        "nightly",
        None,
    ),
    (v.JobRemoved(config=CONFIG), "config", "nightly", None),
    (v.JobEnabled(reason="the pause ended", effective_at=DUE), "scheduler", "nightly", None),
    (v.JobDisabled(reason="disk maintenance", until=DUE), "user:ann@web1", "nightly", None),
    (
        v.ScheduleTicked(
            scheduled_for=DUE, local_time="2026-11-23T03:00:00+01:00", timezone="Europe/Paris", lateness_ms=2
        ),
        "scheduler",
        "nightly",
        41,
    ),
    (
        v.ScheduleMisfired(first=DUE.replace(day=20), last=DUE, count=4, policy="one", will_run=1),
        "scheduler",
        "nightly",
        None,
    ),
    (v.RunRequested(executor="scheduler", reason="after the restore"), "user:ann@web1", "nightly", 57),
    (v.RunCancelRequested(reason="wrong day"), "user:ann@web1", "nightly", 57),
    (
        v.RunStarted(
            attempt=1,
            trigger="schedule",
            command_sha256=SHA256,
            host="web1",
            boot_id=BOOT,
            executor_pid=812,
            executor_start_ticks=60_112,
            scheduled_for=DUE,
        ),
        "scheduler",
        "nightly",
        41,
    ),
    (
        v.RunAdopted(attempt=1, host="web1", boot_id=BOOT, executor_pid=1_377, executor_start_ticks=98_765),
        "scheduler",
        "nightly",
        41,
    ),
    (
        v.RunFinished(
            trigger="schedule",
            started=DUE,
            outcome="failed",
            attempt=1,
            scheduled_for=DUE,
            duration_ms=8_412,
            exit_code=3,
            cpu_ms=5_120,
            memory_peak_bytes=94_371_840,
            stdout_bytes=1_204,
            stdout_sha256=SHA256,
        ),
        "scheduler",
        "nightly",
        41,
    ),
    (
        v.RunSkipped(reason="overlap", trigger="schedule", scheduled_for=DUE, because_of=41),
        "scheduler",
        "nightly",
        63,
    ),
    (
        v.RetentionApplied(
            kind="logs",
            cutoff=DUE,
            dry_run=False,
            deleted=212,
            deleted_bytes=8_675_309,
            failed=0,
            targets=[
                v.RetentionTarget(
                    path="var/logs", pattern="**", examined=900, deleted=212, deleted_bytes=8_675_309
                )
            ],
        ),
        "scheduler",
        "log-cleanup",
        70,
    ),
)

HEADER = """\
# The vocabulary

Every entry of a ledger has a `type`, a past-tense fact. This page lists them all, each with its meaning, the members
of its `data`, and an example. It is generated from `scheduler/vocabulary.py`
(`python -m tests.scheduler.vocabulary_docs`), and a test holds the two together.

The vocabulary grows by new types and new optional members; what one means never changes. Readers ignore what they do
not know. Times are RFC 3339 in UTC; durations are whole milliseconds. A member marked `?` is left out where it says
nothing. Around `data` every entry has the members of the format: see the docstring of the `eventstore` package.

Outcomes of a run: `succeeded`; `failed` (it could not be started, or ended with another exit code than 0 or by a
signal); `timed_out`; `cancelled` (by a person, or with the scheduler); `lost` (its process died with no one
watching); `unknown` (it ended, and how could not be known).
"""


def page() -> str:
    """The whole page."""
    examples = {payload.TYPE: (payload, actor, job, run) for payload, actor, job, run in EXAMPLES}
    return HEADER + "".join(_section(name, cls, examples[name]) for name, cls in v.PAYLOADS.items())


def _section(name: str, cls: type[v.Payload], example: tuple[v.Payload, str, str | None, int | None]) -> str:
    payload, actor, job, run = example
    rows = ""
    for field in msgspec.structs.fields(cls):
        optional = "" if field.required else "?"
        rows += f"| `{field.encode_name}`{optional} | {_type(field.type)} |\n"
    table = f"\n| member | type |\n|---|---|\n{rows}" if rows else ""
    about = "".join([f" Job `{job}`." if job else "", f" Run {run}." if run else ""])
    data = msgspec.json.format(msgspec.json.encode(payload), indent=1).decode()
    data = re.sub(r"\n\s*", " ", data)
    return f"\n## {name}\n\n{inspect.getdoc(cls)}\n{table}\nExample, by `{actor}`.{about}\n\n```json\n{data}\n```\n"


def _type(annotation: object) -> str:
    origin, arguments = typing.get_origin(annotation), typing.get_args(annotation)
    if origin is typing.Literal:
        return " \\| ".join(f"`{value}`" for value in arguments)
    if origin in {typing.Union, types.UnionType}:
        return " or ".join(_type(each) for each in arguments if each is not type(None))
    if origin is list:
        return f"list of {_type(arguments[0])}"
    if origin is dict:
        return f"map of {_type(arguments[0])} to {_type(arguments[1])}"
    names = {str: "text", int: "integer", bool: "true or false", datetime: "time"}
    return names.get(annotation, getattr(annotation, "__name__", str(annotation)))  # type: ignore[call-overload,no-any-return]


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
