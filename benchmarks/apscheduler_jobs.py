"""APScheduler 3 at work, for the environment of the peers.

    python apscheduler_jobs.py STORE PARALLEL INSTANT PROGRAMS OUTPUTS

STORE is a SQLAlchemy URL, or `memory`. Each program of the folder is a job that is due at the instant (seconds
since the epoch) and then every hour; its output goes into two files in OUTPUTS. `ready` is printed once it serves.
"""

from __future__ import annotations

import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

from apscheduler.executors.pool import ThreadPoolExecutor  # type: ignore[import-not-found]
from apscheduler.jobstores.memory import MemoryJobStore  # type: ignore[import-not-found]
from apscheduler.jobstores.sqlalchemy import SQLAlchemyJobStore  # type: ignore[import-not-found]
from apscheduler.schedulers.blocking import BlockingScheduler  # type: ignore[import-not-found]
from apscheduler.triggers.interval import IntervalTrigger  # type: ignore[import-not-found]


def execute(program: str, output: str) -> None:
    """Run one job as a process."""
    with open(f"{output}.stdout", "ab") as out, open(f"{output}.stderr", "ab") as err:
        subprocess.run([program], check=False, stdin=subprocess.DEVNULL, stdout=out, stderr=err)


def main() -> None:
    """Serve until killed."""
    store, parallel, instant_s = sys.argv[1], int(sys.argv[2]), float(sys.argv[3])
    programs, outputs = Path(sys.argv[4]), Path(sys.argv[5])
    scheduler = BlockingScheduler(
        jobstores={"default": MemoryJobStore() if store == "memory" else SQLAlchemyJobStore(url=store)},
        executors={"default": ThreadPoolExecutor(parallel)},
        job_defaults={"misfire_grace_time": 600},  # by default what is a second late is not run at all
        timezone=UTC,
    )
    first = datetime.fromtimestamp(instant_s, UTC)
    for path in sorted(programs.iterdir()):
        trigger = IntervalTrigger(hours=1, start_date=first, timezone=UTC)
        scheduler.add_job(execute, trigger, args=[str(path), str(outputs / path.name)], next_run_time=first)
    scheduler.add_listener(lambda event: print("ready", flush=True), mask=1)  # EVENT_SCHEDULER_STARTED
    scheduler.start()


if __name__ == "__main__":
    main()
