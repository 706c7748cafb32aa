"""Having runs made, for `jobs run` and `jobs retry`: followed until they end, or left once they are on record."""

from __future__ import annotations

from contextlib import ExitStack
from functools import partial
from typing import TYPE_CHECKING

from cli.app.failures import ExitCode
from cli.app.json_output import show_json
from cli.terminal.console import note, tell
from cli.terminal.printable import printable
from scheduler.home import Home
from scheduler.store import is_on_database

if TYPE_CHECKING:
    from cli.runs.runners.detached import OnDurable
    from cli.runs.runners.runner import Runner
    from cli.runs.wanted import Wanted

_OUT, _ERR = 1, 2
_SIGNALLED = 128
"""Added to the number of the signal that ended the following, as shells have it: 130 after Ctrl-C."""


def request_and_follow(home: Home, wanted: Wanted, *, raw: bool, as_json: bool) -> int:
    """Have the runs made and follow them; the exit code."""
    from cli.runs.runners.runner import OutputPlaces
    from scheduler.scheduler_lock import holder_of

    places = OutputPlaces(_ERR if as_json else _OUT, _ERR, labelled=wanted.run_count > 1, raw=raw)
    # What a scheduler runs has no options.
    holder = None if wanted.dry_run else holder_of(home.scheduler_lock)
    with ExitStack() as stack:
        runner: Runner
        if holder is None and (wanted.dry_run or not is_on_database(home)):
            from cli.runs.runners.direct import direct_runner

            runner = stack.enter_context(direct_runner(home, places))
        else:
            from cli.runs.runners.via_scheduler import scheduler_runner

            runner = stack.enter_context(scheduler_runner(home, holder, places))
        runner.request(wanted, _ignore)
        settled = runner.watched.settled
        try:
            stopped_by = runner.follow()
        finally:
            if as_json:
                show_json([settled[number].members() for number in sorted(settled)])
    if stopped_by is not None:
        return _SIGNALLED + stopped_by
    return ExitCode.DONE if runner.all_succeeded else ExitCode.FAILED


def request_and_return(home: Home, wanted: Wanted, *, as_json: bool) -> int:
    """Have the runs made and return once the requests are durable; the exit code."""
    from cli.runs.runners.detached import DetachedRun, detach
    from scheduler.scheduler_lock import holder_of

    holder = holder_of(home.scheduler_lock)
    if holder is None and not is_on_database(home):
        requested = detach(partial(_execute_detached, home, wanted))
    else:
        from cli.runs.runners.via_scheduler import scheduler_runner

        requested = []
        with scheduler_runner(home, holder, None) as runner:
            runner.request(wanted, lambda number, job: requested.append(DetachedRun(number, job)))
    if as_json:
        show_json([{"run": one.run, "job": one.job, "skipped": one.skipped or None} for one in requested])
    else:
        for one in requested:
            words = one.skipped or f"run {one.run} of {one.job} requested"
            (note if one.skipped else tell)(printable(words))
    return ExitCode.FAILED if any(one.skipped for one in requested) else ExitCode.DONE


def _execute_detached(home: Home, wanted: Wanted, report: OnDurable) -> None:
    """In a process of its own: execute the runs and report when all the requests are durable."""
    from cli.runs.runners.detached import DetachedRun
    from cli.runs.runners.direct import direct_runner

    with direct_runner(home, None) as runner:
        requested: list[DetachedRun] = []

        def on_requested(number: int, job: str) -> None:
            requested.append(DetachedRun(number, job, runner.watched.skip_words(number)))
            if len(requested) == wanted.run_count:
                report(requested)

        runner.request(wanted, on_requested)
        runner.follow()


def _ignore(number: int, job: str) -> None:
    """For callers that need not know when a request is durable."""
