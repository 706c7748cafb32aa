from __future__ import annotations

import random
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from eventstore.store import Entry
from projections import VIEWS, open_sql
from scheduler import vocabulary as v
from scheduler.definition import JobDefinition
from tests.projections.histories import JOBS, Simulation
from tests.support.examples import examples
from tests.support.ledger import Writer

NAMES = (
    "define", "define", "remove", "enable", "disable", "tick", "tick", "request", "start", "finish", "finish",
    "fail", "retry", "retry", "close", "skip", "noise", "look",
)  # fmt: skip
ACTIONS = st.tuples(st.sampled_from(NAMES), st.sampled_from(JOBS), st.integers(0, 3))


def drawn(seed: int) -> list[tuple[str, str, int]]:
    """A long past; of the lists that are tried first most are so short that no run comes about."""
    chance = random.Random(seed)
    return [(chance.choice(NAMES), chance.choice(JOBS), chance.randrange(4)) for _ in range(200)]


def fold_runs(entries: list[Entry]) -> list[dict[str, Any]]:
    """The rows of `runs`, by a fold in Python."""
    runs: dict[int, dict[str, Any]] = {}
    for entry in entries:
        data = v.payload(entry)
        if isinstance(data, (v.ScheduleTicked, v.RunRequested)):
            tick = isinstance(data, v.ScheduleTicked)
            runs[entry.seq] = dict.fromkeys(column.name for column in VIEWS["runs"]) | {
                "run": entry.seq,
                "job": entry.job,
                "trigger": data.trigger if isinstance(data, v.ScheduleTicked) else "manual",
                "status": "owed",
                "scheduled_for": data.scheduled_for if isinstance(data, v.ScheduleTicked) else None,
                "nominal": data.scheduled_for if isinstance(data, v.ScheduleTicked) else None,
                "owed_at": entry.time,
                "lateness_ms": data.lateness_ms if isinstance(data, v.ScheduleTicked) else None,
                "actor": entry.actor,
                "reason": None if tick else getattr(data, "reason", "") or None,
            }
        elif isinstance(data, v.RunStarted):
            begun = {"status": "running", "started": entry.time, "attempt": data.attempt, "retry_at": None}
            runs[entry.run or 0] |= {**begun, "locks": list(data.locks), "waited_for_slots": []}
        elif isinstance(data, v.RunFinished) and data.retry_at is not None:
            runs[entry.run or 0] |= {"status": "waiting", "retry_at": data.retry_at}
        elif isinstance(data, v.RunFinished):
            runs[entry.run or 0] |= {
                "status": "finished",
                "retry_at": None,
                "finished": entry.time,
                "settled_seq": entry.seq,
                "output_bytes": data.stdout_bytes + data.stderr_bytes,
                "scheduled_for": data.scheduled_for,
            } | {
                name: getattr(data, name)
                for name in ("outcome", "started", "duration_ms", "attempt", "exit_code", "signal", "cpu_ms",
                             "memory_peak_bytes", "stdout_bytes", "stderr_bytes", "error")
            }  # fmt: skip
        elif isinstance(data, v.RunSkipped):
            runs[entry.run or 0] |= {
                "status": "skipped",
                "skipped_reason": data.reason,
                "waited_for_slots": [],
                "settled_seq": entry.seq,
                "scheduled_for": data.scheduled_for,
            }
    return [runs[run] for run in sorted(runs)]


def fold_jobs(entries: list[Entry], runs: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The rows of `jobs`, by a fold in Python."""
    jobs: dict[str, dict[str, Any]] = {}
    for entry in entries:
        data, job = v.payload(entry), jobs.get(entry.job or "")
        if isinstance(data, v.JobDefined):
            definition = data.definition
            if job is None or job["removed"] is not None:
                job = jobs[definition.name] = {"name": definition.name} | _switch(entry, True, None, None)
            job |= {
                "description": definition.description,
                "schedule": definition.schedule or f"every {definition.every}",
                "timezone": definition.timezone,
                "tags": list(definition.tags),
                "run_as": definition.run_as,
                "locks": list(definition.locks),
                "revision": data.revision,
                "defined": entry.time,
                "removed": None,
            }
        elif isinstance(data, v.JobRemoved) and job is not None:
            job["removed"] = entry.time
        elif isinstance(data, v.JobEnabled) and job is not None:
            job |= _switch(entry, True, data.reason or None, None)
        elif isinstance(data, v.JobDisabled) and job is not None:
            job |= _switch(entry, data.until is not None, data.reason or None, data.until)
    for name, job in jobs.items():
        mine = [run for run in runs if run["job"] == name]
        finished = sorted(
            (run for run in mine if run["status"] == "finished"), key=lambda run: run["settled_seq"]
        )
        last = finished[-1] if finished else {}
        job["enabled"] = job["enabled"] and job["removed"] is None
        job |= {
            "last_run": last.get("run"),
            "last_outcome": last.get("outcome"),
            "last_started": last.get("started"),
            "last_finished": last.get("finished"),
            "last_duration_ms": last.get("duration_ms"),
            "runs_finished": len(finished),
            "runs_succeeded": sum(run["outcome"] == "succeeded" for run in finished),
            "runs_unsuccessful": sum(run["outcome"] != "succeeded" for run in finished),
            "runs_skipped": sum(run["status"] == "skipped" for run in mine),
            "runs_in_flight": sum(run["status"] in {"owed", "running", "waiting"} for run in mine),
        }
    return [jobs[name] for name in sorted(jobs)]


def _switch(entry: Entry, enabled: bool, reason: str | None, until: Any) -> dict[str, Any]:
    """A pause ends in the past here, so a job with an `until` runs again."""
    return {"enabled": enabled, "since": entry.time, "by": entry.actor, "reason": reason, "until": until}


def rows_of(sql: Any, view: str, order: str) -> list[dict[str, Any]]:
    """A view's rows as dicts."""
    answer = sql.execute(f"SELECT * FROM {view} ORDER BY {order}")
    names = [name for name, _ in answer.columns]
    return [dict(zip(names, row, strict=True)) for row in answer.rows]


@example(drawn(1))
@example(drawn(2))
@settings(max_examples=examples(3), deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(ACTIONS, max_size=60))
def test_the_views_say_what_a_fold_in_python_says(actions: list[tuple[str, str, int]]) -> None:
    """Whatever happened, and wherever the segments were cut, `runs` and `jobs` equal a straightforward fold."""
    with TemporaryDirectory() as folder:
        simulation = Simulation(Path(folder))
        with open_sql(simulation.writer.home, threads=1) as early:
            for action, job, number in actions:
                if action == "look":
                    early.execute("SELECT 1")
                else:
                    simulation.act(action, job, number)
            entries = list(simulation.writer.journal.read(0))
            runs = fold_runs(entries)
            jobs = fold_jobs(entries, runs)
            with open_sql(simulation.writer.home, threads=1) as late:
                for sql in (early, late):
                    assert rows_of(sql, "runs", "run") == runs
                    assert rows_of(sql, "jobs", "name") == jobs
                    seqs = sql.execute("SELECT seq, hash FROM events ORDER BY seq").all()
                    assert seqs == [(entry.seq, entry.hash) for entry in entries]
        simulation.writer.close()


def test_the_views_have_the_columns_that_are_documented(writer: Writer) -> None:
    """Names, order and types of every view's columns are those that the schema describes."""
    with open_sql(writer.home) as sql:
        for view, columns in VIEWS.items():
            described = [(row[0], row[1]) for row in sql.execute(f"DESCRIBE {view}").all()]
            assert described == [(column.name, column.type) for column in columns]


def test_events_carry_the_payload_as_it_was_written(writer: Writer) -> None:
    """`data` holds the payload's members and values, escapes included."""
    writer.define("nightly", JobDefinition(name="nightly", command='écho "ü"\n', schedule="@daily"))
    with open_sql(writer.home) as sql:
        found = sql.execute(
            "SELECT data->>'$.definition.command' FROM events WHERE type = 'job.defined'"
        ).all()
    assert found == [('écho "ü"\n',)]


def test_a_run_that_outlives_many_segments_keeps_its_row(writer: Writer) -> None:
    """A run's tick and start may be sealed long before it ends: until then it is running, afterwards whole."""
    run = writer.tick("long", lateness_ms=250)
    writer.start("long", run)
    writer.history("short", 20)
    with open_sql(writer.home) as sql:
        query = f"SELECT status, lateness_ms, started IS NULL, outcome FROM runs WHERE run = {run}"
        assert sql.execute(query).all() == [("running", 250, False, None)]
        writer.finish("long", run)
        assert sql.execute(query).all() == [("finished", 250, False, "succeeded")]
        writer.history("short", 20)
        assert sql.execute(query).all() == [("finished", 250, False, "succeeded")]
    with open_sql(writer.home) as sql:
        assert sql.execute(query).all() == [("finished", 250, False, "succeeded")]
