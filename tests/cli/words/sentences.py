"""Entries of every type, and the sentence that each of them reads as."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import msgspec

from eventstore.store import GENESIS, Entry
from scheduler import vocabulary as v
from scheduler.definition import JobDefinition
from scheduler.entry_members import ConfigError, RetentionTarget

MOMENT = datetime(2026, 11, 23, 1, 0, 0, 3_512, tzinfo=UTC)


DUE = datetime(2026, 11, 23, 1, 0, tzinfo=UTC)


ANN = "user:ann@web1"


NIGHTLY = JobDefinition(name="nightly", command="true", schedule="0 2 * * *", timezone="Europe/Paris")


IDENTITY: dict[str, Any] = {"host": "web1", "boot_id": "b", "executor_pid": 7, "executor_start_ticks": 8}


TARGET = RetentionTarget(path="/l", pattern="*", examined=3, deleted=2, deleted_bytes=2_000)


def entry(data: v.Payload, actor: str = "scheduler", job: str | None = None, run: int | None = None) -> Entry:
    """An entry with this payload."""
    raw = msgspec.Raw(msgspec.json.encode(data))
    return Entry(41, MOMENT, data.TYPE, actor, raw, 41, GENESIS, GENESIS, job, run)


def of_run(data: v.Payload, actor: str = "scheduler") -> Entry:
    """An entry about run 41 of nightly."""
    return entry(data, actor, "nightly", 41)


READS: list[tuple[Entry, str]] = [
    (entry(v.LedgerCreated(ledger="a60522e2e7fd", format=1)), "ledger a60522e2 created, format 1"),
    (
        entry(v.LedgerRecovered(bytes=120, sha256="ab")),
        "an unfinished write of 120 B was found after a crash and set aside",
    ),
    (
        entry(v.SchedulerStarted(pid=7, host="web1", boot_id="b", versions={"cronledger": "0.1.0"})),
        "scheduler started on web1, pid 7, version 0.1.0",
    ),
    (
        entry(v.SchedulerStopped(reason="SIGTERM", runs_stopped=2)),
        "scheduler stopped: SIGTERM, 2 runs stopped with it",
    ),
    (
        entry(v.SchedulerStopped(reason="SIGTERM", runs_left=1)),
        "scheduler stopped: SIGTERM, 1 run left going",
    ),
    (entry(v.SchedulerPaused(reason="disk full")), "scheduler paused, nothing new is started: disk full"),
    (entry(v.SchedulerResumed(paused_ms=184_000)), "scheduler goes on after a pause of 3 min 4 s"),
    (
        entry(v.ClockStepped(kind="suspend", by_ms=3_600_000, before=DUE, after=MOMENT)),
        "the machine slept for 1 h",
    ),
    (
        entry(v.ClockStepped(kind="step", by_ms=-5_000, before=DUE, after=DUE)),
        "the clock was set back by 5 s, from 2026-11-23 02:00:00 +01:00 to 2026-11-23 02:00:00 +01:00",
    ),
    (
        entry(v.SnapshotWritten(entry=8_191, sha256="a" * 64, code="b" * 64)),
        "the state up to entry 8191 was kept in a snapshot",
    ),
    (entry(v.ConfigAccepted(config="37c6adbdf8a556a7", jobs=1)), "config in force, 1 job (37c6adbdf8a5)"),
    (
        entry(
            v.ConfigRejected(config="x", errors=[ConfigError(line=3, column=5, message="bad")], error_count=2)
        ),
        "config rejected, 2 mistakes; the last good one stays in force: line 3, column 5: bad",
    ),
    (
        entry(v.JobDefined(definition=NIGHTLY, revision="r", config="c"), "config", "nightly"),
        "nightly defined: every day at 02:00 (0 2 * * *)",
    ),
    (
        entry(
            v.JobDefined(definition=NIGHTLY, revision="r", config="c", changed=["env"]), "config", "nightly"
        ),
        "nightly changed: env",
    ),
    (
        entry(
            v.JobDefined(
                definition=msgspec.structs.replace(NIGHTLY, enabled=False),
                revision="r",
                config="c",
                changed=["env", "enabled"],
            ),
            "config",
            "nightly",
        ),
        "nightly changed: env, enabled (now false)",
    ),
    (
        entry(
            v.ConfigRejected(
                config="",
                errors=[ConfigError(line=1, column=1, message="there is no config at /srv/config.yaml")],
                error_count=1,
            )
        ),
        "config cannot be used; the last good one stays in force: there is no config at /srv/config.yaml",
    ),
    (entry(v.JobRemoved(config="c"), "config", "nightly"), "nightly removed from the config"),
    (entry(v.JobEnabled(reason="done"), ANN, "nightly"), "nightly enabled by user:ann@web1: done"),
    (
        entry(v.JobDisabled(reason="disk maintenance", until=DUE), ANN, "nightly"),
        "nightly disabled by user:ann@web1 until 2026-11-23 02:00:00 +01:00: disk maintenance",
    ),
    (entry(v.JobDisabled(), "config", "nightly"), "nightly disabled by the config"),
    (
        of_run(v.ScheduleTicked(scheduled_for=DUE, local_time="", timezone="UTC", lateness_ms=3)),
        "run 41 of nightly is owed: due 02:00:00, on time",
    ),
    (
        of_run(
            v.ScheduleTicked(
                scheduled_for=DUE, local_time="", timezone="UTC", lateness_ms=3, trigger="catch_up"
            )
        ),
        "run 41 of nightly is owed: catching up on 2026-11-23 02:00:00 +01:00",
    ),
    (
        entry(v.ScheduleMisfired(first=DUE, last=DUE, count=1, policy="none", will_run=0), job="nightly"),
        "nightly missed 1 time, 2026-11-23 02:00:00 +01:00, while no scheduler was running; none will be run",
    ),
    (
        entry(v.ScheduleMisfired(first=DUE, last=DUE, count=3, policy="one", will_run=1), job="nightly"),
        (
            "nightly missed 3 times, 2026-11-23 02:00:00 +01:00 to 2026-11-23 02:00:00 +01:00,"
            " while no scheduler was running; 1 run will catch up"
        ),
    ),
    (
        of_run(v.RunRequested(executor="self", reason="why not"), ANN),
        "run 41 of nightly requested by user:ann@web1: why not",
    ),
    (of_run(v.RunCancelRequested(), ANN), "run 41 of nightly asked to stop by user:ann@web1"),
    (
        of_run(
            v.RunStarted(attempt=1, trigger="schedule", command_sha256="c", scheduled_for=DUE, **IDENTITY)
        ),
        "run 41 of nightly started (schedule, due 02:00:00, on time)",
    ),
    (
        of_run(v.RunStarted(attempt=2, trigger="manual", command_sha256="c", **IDENTITY)),
        "run 41 of nightly started (by hand, attempt 2)",
    ),
    (
        of_run(v.RunAdopted(attempt=1, **IDENTITY)),
        "run 41 of nightly outlived the process that watched it and is watched again",
    ),
    (
        of_run(
            v.RunFinished(trigger="manual", started=DUE, outcome="succeeded", attempt=1, duration_ms=1_200)
        ),
        "run 41 of nightly succeeded in 1.2 s",
    ),
    (
        of_run(
            v.RunFinished(trigger="manual", started=DUE, outcome="failed", attempt=1, duration_ms=9, signal=9)
        ),
        "run 41 of nightly failed, killed by SIGKILL after 9 ms",
    ),
    (
        of_run(
            v.RunFinished(
                trigger="manual",
                started=DUE,
                outcome="failed",
                attempt=2,
                duration_ms=9,
                exit_code=75,
                retry_at=MOMENT,
            )
        ),
        "attempt 2 of run 41 of nightly failed with exit code 75 after 9 ms; attempt 3 follows at 02:00:00",
    ),
    (
        of_run(
            v.RunFinished(
                trigger="manual", started=DUE, outcome="failed", attempt=3, duration_ms=9, exit_code=75
            )
        ),
        "run 41 of nightly failed with exit code 75 after 9 ms in attempt 3",
    ),
    (
        of_run(v.RunFinished(trigger="manual", started=DUE, outcome="timed_out", attempt=2, closes=40)),
        "run 41 of nightly timed out: attempt 2 was the last one, for the time for attempts was over",
    ),
    (
        of_run(
            v.RunFinished(
                trigger="manual", started=DUE, outcome="failed", attempt=2, closes=40, because_of=43
            )
        ),
        "run 41 of nightly failed: attempt 2 was the last one, for no other one is wanted (entry 43)",
    ),
    (
        of_run(v.RunFinished(trigger="manual", started=DUE, outcome="cancelled", attempt=1, closes=40), ANN),
        "run 41 of nightly was cancelled by user:ann@web1 before attempt 2",
    ),
    (
        of_run(v.RunFinished(trigger="manual", started=DUE, outcome="lost", attempt=1)),
        "run 41 of nightly was lost: its process died with no one watching",
    ),
    (
        of_run(v.RunFinished(trigger="manual", started=DUE, outcome="unknown", attempt=1, error="rebooted")),
        "run 41 of nightly ended, nobody knows how: rebooted",
    ),
    (
        of_run(v.RunSkipped(reason="overlap", trigger="schedule", because_of=40)),
        "run 41 of nightly skipped: run 40 was still going",
    ),
    (
        of_run(v.RunSkipped(reason="removed", trigger="schedule")),
        "run 41 of nightly skipped: it was removed from the config",
    ),
    (
        entry(
            v.RetentionApplied(
                kind="logs",
                cutoff=DUE,
                dry_run=False,
                deleted=2,
                deleted_bytes=2_000,
                failed=1,
                targets=[TARGET],
            ),
            job="log-cleanup",
        ),
        "log-cleanup: deleted 2 log files, 2.0 kB, older than 2026-11-23 02:00:00 +01:00; 1 could not be deleted",
    ),
    (
        of_run(
            v.RunFinished(
                trigger="manual", started=DUE, outcome="succeeded", attempt=1, exit_code=3, duration_ms=40
            )
        ),
        "run 41 of nightly succeeded (exit code 3 counts as success) in 40 ms",
    ),
    (
        of_run(v.RunCancelRequested(replaced_by=43)),
        "run 41 of nightly asked to stop: run 43 takes its place",
    ),
    (
        of_run(v.RunSkipped(reason="superseded", trigger="schedule", because_of=43)),
        "run 41 of nightly skipped: run 43 took its place",
    ),
    (
        of_run(
            v.RunRequested(executor="self", reason="why not", params={"region": "us", "full": "true"}), ANN
        ),
        "run 41 of nightly requested by user:ann@web1 with region=us, full=true: why not",
    ),
]
