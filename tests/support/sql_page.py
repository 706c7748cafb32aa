"""What `docs/sql.md` asks, and the small ledger that it asks."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from pathlib import Path

import msgspec

from scheduler import vocabulary as v
from scheduler.definition import JobDefinition
from tests.support.ledger import Writer

PAGE = Path(__file__).parents[2] / "docs" / "sql.md"
QUERY = re.compile(r"```sql\n(.*?)```\n(?:\n```text\n.*?```\n)?", re.DOTALL)


def queries() -> list[str]:
    """The statements of the page."""
    return [found[1] for found in QUERY.finditer(PAGE.read_text(encoding="utf-8"))]


def example(root: Path) -> Writer:
    """The small ledger of three jobs that the page asks."""
    writer = Writer(root, segment_entries=16)
    writer.serve(pid=801)
    for name, schedule in (("backup", "0 2 * * *"), ("report", "30 6 * * 1-5"), ("sync", "*/15 * * * *")):
        writer.define(name, JobDefinition(name=name, command=name, schedule=schedule))
    failed = []
    for day in range(3):
        for number, job in enumerate(("backup", "sync", "report")):
            fails = (day, number) in {(1, 0), (2, 1)}
            run = writer.tick(job, lateness_ms=4_200 if (day, number) == (1, 0) else 3 + number)
            writer.start(job, run)
            writer.finish(
                job, run, "failed" if fails else "succeeded", duration_ms=800 + 900 * day + 40 * run
            )
            failed += [(writer.now, job, run)] if fails else []
            writer.now += timedelta(hours=1)
        if day == 0:
            outage(writer)
        writer.now += timedelta(hours=20)
    log(writer, failed)
    writer.append(v.event(v.JobDisabled(reason="tape library is down"), "user:ada@ops1", job="backup"))
    writer.now += timedelta(minutes=90)
    writer.append(v.event(v.JobEnabled(reason="tapes are back"), "user:grace@ops1", job="backup"))
    overlapped = writer.tick("sync")
    writer.append(
        v.event(v.RunSkipped(reason="overlap", trigger="schedule"), v.SCHEDULER, job="sync", run=overlapped)
    )
    changed = JobDefinition(name="sync", command="sync --gently", schedule="*/30 * * * *", timeout_ms=60_000)
    writer.define("sync", changed)
    asked = writer.request("backup", "after the repair")
    writer.start("backup", asked, "manual")
    writer.tick("report", lateness_ms=1_500)
    return writer


def outage(writer: Writer) -> None:
    """The scheduler is killed, and started again an hour later; later it is stopped for an update."""
    writer.now += timedelta(hours=1)
    writer.serve(pid=802)
    writer.misfire("sync", count=4, will_run=1)
    caught_up = writer.tick("sync", lateness_ms=600_000, trigger="catch_up")
    writer.start("sync", caught_up, "catch_up")
    writer.finish("sync", caught_up, trigger="catch_up")
    writer.append(v.event(v.SchedulerStopped(reason="SIGTERM"), v.SCHEDULER))
    writer.now += timedelta(minutes=6)
    writer.serve(pid=803)


def log(writer: Writer, failed: list[tuple[datetime, str, int]]) -> None:
    """What the failed runs have printed."""
    folder = writer.home.logs / "entries"
    folder.mkdir(parents=True)
    for time, job, run in failed:
        lines: list[dict[str, object]] = [
            {"level": "info", "stream": "stdout", "message": f"{job} begins"},
            {
                "level": "error",
                "stream": "stderr",
                "message": f"{job}: no space left",
                "fields": {"device": "st0"},
            },
        ]
        about: dict[str, object] = {
            "time": time.strftime("%Y-%m-%dT%H:%M:%S.%fZ"),
            "job": job,
            "run": run,
            "attempt": 1,
        }
        with (folder / f"{time:%Y-%m-%d}.jsonl").open("ab") as file:
            for line in lines:
                file.write(msgspec.json.encode(about | line) + b"\n")
