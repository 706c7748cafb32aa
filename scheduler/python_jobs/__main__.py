"""One attempt of a Python job, as a program: `python -I -m scheduler.python_jobs REQUEST`.

Exit codes: 0 the job succeeded; 1 it failed; 2 usage. Standard error has the traceback of what went wrong.
"""

from __future__ import annotations

import contextlib
import faulthandler
import os
import sys
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final, NamedTuple, NoReturn

import msgspec

from scheduler.configuration.variables.parameters import variable
from scheduler.home import Home
from scheduler.job import JobCancelled, JobContext
from scheduler.python_jobs.attempt_result import AttemptResult
from scheduler.python_jobs.fields import value_of
from scheduler.python_jobs.invocation import call, threads_left
from scheduler.python_jobs.loading import load
from scheduler.python_jobs.previous import keep_for_next, previous_result
from scheduler.python_jobs.report import Report, failure, make_logger, say
from scheduler.python_jobs.request import JobRequest

SUCCEEDED: Final = 0
FAILED: Final = 1
USAGE: Final = 2

IMPORT_LIMIT_S: Final = 30.0
"""Code that has not been imported after this long hangs, and its process ends."""


def main(argv: Sequence[str], environ: Mapping[str, str], import_limit_s: float = IMPORT_LIMIT_S) -> int:
    """Run the attempt; the exit code of the process.

    Args:
        argv: the request, as JSON.
        environ: of this process.
        import_limit_s: how long the import of the job's code may take.
    """
    try:
        (text,) = argv
        request = msgspec.json.decode(text, type=JobRequest)
    except (ValueError, msgspec.DecodeError):
        say("scheduler.python_jobs takes one argument: what to run, as JSON")
        return USAGE
    process = os.getpid()
    report = Report(request, environ)
    state = Home(Path(request.home)).job_state / request.job
    try:
        report.unfinished(
            f"its process ended while {request.target} was imported ({import_limit_s:g} s at most)"
        )
        target = _imported(request, import_limit_s)
        report.unfinished("its process ended before the job returned")
    except OSError as problem:
        say(f"what the job says cannot be kept: {problem}")
        return FAILED
    result = target if isinstance(target, AttemptResult) else _called(target.found, request, environ, state)
    if os.getpid() != process:
        say("a process that the job forked came out of run: it ends here")
        _leave(FAILED)
    left = threads_left()
    if left:
        threads = "a thread" if len(left) == 1 else f"{len(left)} threads"
        told = f"it left {threads} that did not end: {', '.join(left)[:200]}"
        say(told)
        result = msgspec.structs.replace(
            result, succeeded=False, error=f"{result.error}; {told}" if result.error else told
        )
    code = SUCCEEDED if report.finished(result) and result.succeeded else FAILED
    if left:
        _leave(code)
    return code


def attempt_of(request: JobRequest, environ: Mapping[str, str], state: Path) -> AttemptResult:
    """Import and run what is requested, leaving no result; what it says. `state` is its folder."""
    target = _imported(request, IMPORT_LIMIT_S)
    return (
        target
        if isinstance(target, AttemptResult)
        else call(target.found, context_of(request, environ, state))
    )


class _Imported(NamedTuple):
    """What is to be run."""

    found: Any


def _imported(request: JobRequest, limit_s: float) -> _Imported | AttemptResult:
    """The class or function, or that it cannot be had. A process that hangs here is ended, whatever hangs in it."""
    faulthandler.dump_traceback_later(limit_s, exit=True)
    try:
        return _Imported(load(request.target, Path(request.home)))
    except BaseException as error:  # noqa: BLE001 - whatever is imported may raise anything
        return failure(error, f"{request.target} cannot be imported: ")
    finally:
        faulthandler.cancel_dump_traceback_later()


def _called(target: Any, request: JobRequest, environ: Mapping[str, str], state: Path) -> AttemptResult:
    try:
        result = call(target, context_of(request, environ, state))
    except JobCancelled as cancelled:
        return AttemptResult(error=str(cancelled))
    except BaseException as error:  # noqa: BLE001 - a job may raise anything, SystemExit among it
        return failure(error)
    if not request.dry_run:
        keep_for_next(state, result)
    return result


def context_of(request: JobRequest, environ: Mapping[str, str], state: Path) -> JobContext:
    """What an attempt is told; `state` is the folder of its job."""
    values = {
        name: value_of(environ[variable(name)], kind)
        for name, kind in request.params.items()
        if variable(name) in environ
    }
    timeout = None if request.timeout_ms is None else timedelta(milliseconds=request.timeout_ms)
    return JobContext(
        job=request.job,
        run=request.run,
        attempt=request.attempt,
        scheduled_for=request.scheduled_for,
        trigger=request.trigger,
        params=values,
        dry_run=request.dry_run,
        deadline=None if timeout is None else datetime.now(UTC) + timeout,
        previous=previous_result(state),
        state_folder=state,
        logger=lambda: make_logger(request.job),
    )


def _leave(code: int) -> NoReturn:
    """End the process at once, without waiting for anything that the job has left."""
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(OSError, ValueError, AttributeError):
            stream.flush()
    os._exit(code)


def print_at_once() -> None:
    """Have what is printed seen at once, line by line."""
    with contextlib.suppress(AttributeError, ValueError):
        sys.stdout.reconfigure(line_buffering=True)  # type: ignore[union-attr] # nothing has replaced it yet


if __name__ == "__main__":
    print_at_once()
    raise SystemExit(main(sys.argv[1:], os.environ))
