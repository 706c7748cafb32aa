"""The maintenance jobs as a program: `python -I -m scheduler.builtin NAME …`.

It runs the class of that name as `scheduler.python_jobs` runs those of people, and leaves its result as that does.

Exit codes: 0 done; 1 something could not be deleted, or nothing was because the clock is in doubt; 2 usage;
3 the ledger cannot be trusted or written.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import os
import signal
import sys
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Final

import msgspec

from scheduler.builtin.command_line import parse
from scheduler.builtin.jobs import REGISTERED, LedgerTrouble, MaintenanceJob, this_boot
from scheduler.home import Home
from scheduler.job import JobCancelled, JobContext
from scheduler.processes.recognition.claims import LEDGER, RUN
from scheduler.python_jobs.__main__ import context_of
from scheduler.python_jobs.attempt_result import AttemptResult
from scheduler.python_jobs.invocation import answer, result_of
from scheduler.python_jobs.report import Report, failure, say
from scheduler.python_jobs.request import JobRequest

DONE: Final = 0
INCOMPLETE: Final = 1
LEDGER_TROUBLE: Final = 3


def main(
    argv: Sequence[str],
    environ: Mapping[str, str],
    now: Callable[[], datetime],
    boot: Callable[[], tuple[str, int]] = this_boot,
) -> int:
    """Run a maintenance job and return the exit code.

    Args:
        argv: the options.
        environ: which run this is.
        now: the wall clock.
        boot: the id of this boot, and the milliseconds since it.
    """
    options = parse(argv)
    request: JobRequest = options.request or _without_result(options, environ)
    request = msgspec.structs.replace(request, dry_run=options.dry_run)
    home: Home = options.home
    # A home that was adopted adds a mark of its own to the ledger's id.
    ledger_id = environ.get(LEDGER, "").partition(".")[0]
    job = REGISTERED[options.job](home, ledger_id, now, boot)
    for field in (job.retention_field(), "directories", "trust_clock"):
        setattr(job, field, getattr(options, field))
    report = Report(request, environ) if request.result else None
    if report is not None:
        # What it says is worth less than what it does: on a full disk it is this job that makes room.
        with contextlib.suppress(OSError):
            report.unfinished("its process ended before the job returned")
    code, result = _called(job, context_of(request, environ, home.job_state / job.name))
    if report is not None:
        report.finished(result)
    return code


def _without_result(options: argparse.Namespace, environ: Mapping[str, str]) -> JobRequest:
    """What is known of a run that was started without being told more: its number, if it is one."""
    number = environ.get(RUN, "")
    run = int(number) if number.isdecimal() else 0
    return JobRequest(
        target="",
        home=str(options.home.root),
        job=options.job,
        run=run,
        attempt=1,
        trigger="manual",
        result="",
    )


def _called(job: MaintenanceJob, context: JobContext) -> tuple[int, AttemptResult]:
    """Run the job; the exit code, and what is to be recorded."""
    before = signal.signal(signal.SIGINT, lambda number, frame: os.kill(os.getpid(), signal.SIGTERM))
    try:
        result = answer(lambda: job.run(context), context)
    except LedgerTrouble as trouble:
        say(f"{job.name}: {trouble}")
        return LEDGER_TROUBLE, result_of(trouble.result)
    except JobCancelled as cancelled:
        return INCOMPLETE, AttemptResult(error=str(cancelled))
    except Exception as error:  # noqa: BLE001 - it is told as that of any job
        return INCOMPLETE, failure(error)
    finally:
        signal.signal(signal.SIGINT, before)
    return DONE if result.succeeded else INCOMPLETE, result


if __name__ == "__main__":
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):  # whatever the locale: names of files can be anything
            stream.reconfigure(encoding="utf-8", errors="backslashreplace")
    raise SystemExit(main(sys.argv[1:], os.environ, lambda: datetime.now(UTC)))
