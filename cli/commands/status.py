"""`cronledger status`: the scheduler, the config and the ledger at a glance."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import click

from cli.app.invocation import invocation, show_commands
from cli.app.json_output import json_option, show_json
from cli.home.open import to_read
from cli.terminal.console import out
from cli.terminal.printable import printable, show_count
from cli.terminal.tables import Cell, Value, details
from cli.times.show import MACHINES_ZONE, local_zone, show_past, show_size, show_time, utc_option
from cli.words.entry_lines import sentence
from cli.words.job_words import PAUSE_ENDS, going_words, paused_words
from cli.words.scheduler_words import (
    clock_was_ahead_words,
    full_slots_words,
    upgraded_words,
)
from scheduler.entry_members import ConfigError
from scheduler.home import Home
from scheduler.ownership.home_identity import is_copy
from scheduler.rules.requests.upcoming import jobs_settled_ahead
from scheduler.rules.state import Run
from scheduler.version import Replaced, replaced, versions
from scheduler.vocabulary import FAILURES
from scheduler.wording.entries import signs_of

if TYPE_CHECKING:
    from scheduler.ledger.view import View
    from scheduler.processes.recognition.survivors import LivingSurvivor

_SHOWN_MAX = 10
"""So many runs and mistakes are shown; of the others, how many there are."""


@click.command(epilog="Example: cronledger --home ~/jobs status")
@utc_option(MACHINES_ZONE)
@json_option
@click.pass_obj
def status(home: Home, utc: bool, as_json: bool) -> None:
    """Show how the scheduler, the config, the jobs and the ledger are doing.

    The exit code is 0 whatever the answer is, 3 if the ledger cannot be trusted: its end and the length of each
    segment are looked at. `cronledger ledger verify` checks every byte.
    """
    with to_read(home, with_config=True, quiet=True) as view:
        if as_json:
            show_json(_document(view))
            return
        zone = "UTC" if utc else local_zone()
        facts: list[tuple[str, Value]] = [
            ("home", _home(home)),
            ("scheduler", _scheduler(view, zone)),
            ("config", _config(view, zone)),
            ("jobs", _jobs(view)),
            ("runs going", _runs(view)),
            ("ledger", _ledger(view, zone)),
        ]
        if left := _left_running(view):
            facts.insert(5, ("not stopped", left))
        if clock := _clock(view, zone):
            facts.append(("clock", clock))
        details(facts)
        if view.holder is None:
            out("")
            show_commands([(f"{invocation(home)} serve", "starts the scheduler")])


def _home(home: Home) -> list[Cell | str]:
    if not is_copy(home):
        return [str(home.root)]
    return [
        str(home.root),
        Cell("it is a copy of another home, or was restored: nothing runs until it is adopted", "bad"),
        f"`{invocation(home)} home adopt` lets it go on by itself",
    ]


def _span(duration: timedelta) -> str:
    from cli.times.show import show_duration

    return show_duration(duration // timedelta(milliseconds=1))


# -- the scheduler -------------------------------------------------------------------------------------------------


def _scheduler(view: View, zone: str) -> list[Cell | str]:
    watch, holder = view.state.scheduler, view.holder
    if holder is not None:
        who = (
            f": pid {holder.pid} on {holder.host}, since {_moment(holder.since, view, zone)}"
            if holder.pid
            else ""
        )
        lines: list[Cell | str] = [Cell(f"running{who}", "good")]
        if watch is not None and watch.paused is not None:
            lines += [Cell(paused_words(watch, view.now, zone), "bad"), PAUSE_ENDS]
        if outdated := _replaced(view):
            lines.append(Cell(upgraded_words(outdated), "warn"))
        return lines
    if watch is None:
        return [Cell("not running: it never ran here", "warn")]
    if watch.stopped is not None:
        return [
            Cell(f"not running: stopped {_moment(watch.stopped, view, zone)} ({watch.stop_reason})", "warn")
        ]
    began = _moment(watch.time, view, zone)
    return [
        Cell(f"not running: it died, killed or with its machine; pid {watch.pid}, started {began}", "bad")
    ]


def _replaced(view: View) -> list[Replaced]:
    """What was installed anew since the scheduler that is running was started."""
    watch = view.state.scheduler
    return [] if watch is None or view.holder is None else replaced(watch.versions, versions())


def _moment(instant: datetime, view: View, zone: str) -> str:
    return f"{show_time(instant, zone)} ({show_past(instant, view.now)})"


# -- the config ----------------------------------------------------------------------------------------------------


def _mistakes(view: View) -> list[ConfigError]:
    from scheduler.configuration import ConfigInvalid

    return view.problem.errors if isinstance(view.problem, ConfigInvalid) else []


def _config(view: View, zone: str) -> list[Cell | str]:
    path, state = str(view.home.config), view.config_state
    if state == "in force":
        return [Cell(f"{path}, in force", "good")]
    if state == "pending":
        when = (
            "the scheduler takes it up within seconds" if view.holder else "it comes into force with `serve`"
        )
        return [Cell(f"{path}, not in force yet: {when}", "warn")]
    in_force = "the last good one stays in force" if view.state.config else "no config is in force"
    lines: list[Cell | str] = [Cell(f"{path}, {state}: {in_force}", "bad")]
    mistakes = _mistakes(view)
    lines += [f"line {error.line}, column {error.column}: {error.message}" for error in mistakes[:_SHOWN_MAX]]
    if state == "missing" and view.home.config_in_force.exists():
        lines.append(f"a copy of the last good one is {view.home.config_in_force}")
    elif not mistakes and view.problem is not None:
        lines.append(str(view.problem))
    if len(mistakes) > _SHOWN_MAX:
        lines.append(f"and {show_count(len(mistakes) - _SHOWN_MAX, 'more mistake')}")
    rejection = view.state.rejection
    if rejection is not None:
        how = (
            "recorded as rejected" if rejection.config else "recorded"
        )  # without a file there is no digest of it
        lines.append(Cell(f"{how} {_moment(rejection.time, view, zone)}, entry {rejection.seq}", "dim"))
    return lines


# -- jobs and runs -------------------------------------------------------------------------------------------------


def _counts(view: View) -> dict[str, int]:
    jobs = view.state.present_jobs()
    return {
        "total": len(jobs),
        "enabled": sum(job.on_schedule for job in jobs),
        "disabled": sum(not job.on_schedule for job in jobs),
        "failed_last": sum(job.last is not None and job.last.outcome in FAILURES for job in jobs),
    }


def _jobs(view: View) -> list[Cell | str]:
    counts = _counts(view)
    lines: list[Cell | str] = [f"{counts['enabled']:,} enabled, {counts['disabled']:,} disabled"]
    if counts["failed_last"]:
        failed = counts["failed_last"]
        lines.append(Cell(f"{show_count(failed, 'job')} failed the last time: see `jobs list`", "bad"))
    return lines


def _runs(view: View) -> list[Cell | str]:
    runs = list(view.state.runs.values())
    lines: list[Cell | str] = [_run(run, view) for run in runs[:_SHOWN_MAX]]
    if len(runs) > _SHOWN_MAX:
        lines.append(f"and {len(runs) - _SHOWN_MAX:,} more")
    if (full := view.full_slots) is not None:
        lines.insert(0, Cell(full_slots_words(full, view.now), "bad"))
    return lines or ["none"]


def _run(run: Run, view: View) -> str:
    return f"run {run.number} of {run.job}, {going_words(run, view.now)}"


def _survivors(view: View) -> list[LivingSurvivor]:
    from scheduler.processes.recognition.survivors import living_survivors

    return living_survivors(view.state.left_running)


def _left_running(view: View) -> list[Cell | str]:
    living = _survivors(view)
    lines: list[Cell | str] = [
        Cell(
            f"pid {process.pid} ({printable(process.program)}, uid {process.uid}),"
            f" left by run {run} of {printable(job)}",
            "bad",
        )
        for run, job, process in living[:_SHOWN_MAX]
    ]
    if len(living) > _SHOWN_MAX:
        lines.append(f"and {len(living) - _SHOWN_MAX:,} more")
    return lines


# -- the ledger ----------------------------------------------------------------------------------------------------


def _size_bytes(home: Home) -> int:
    return sum(path.stat().st_size for path in home.ledger.glob("*.jsonl"))


def _ledger(view: View, zone: str) -> list[Cell | str]:
    last = view.last_entry
    if last is None:
        return ["none yet"]
    lines: list[Cell | str] = [
        f"{show_count(last.seq + 1, 'entry', 'entries')}, {show_size(_size_bytes(view.home))}",
        f"last {_moment(last.time, view, zone)}:",
        Cell(sentence(last, zone), signs_of(last).tone),
    ]
    if getattr(view.ledger and view.ledger.store, "torn", None) is not None:
        lines.append(
            Cell("an unfinished write is at its end, as a crash leaves it: it will be set aside", "warn")
        )
    return lines


def _clock(view: View, zone: str) -> list[Cell | str]:
    """What looks as if the clock had been set back: what it is, what follows from it, what can be done."""
    lines: list[Cell | str] = []
    if (behind := view.clock_behind) is not None:
        lines.append(Cell(f"behind the ledger's last entry by {_span(behind)}: was it set back?", "bad"))
    ahead = clock_was_ahead_words(view.state, view.now, zone)
    if ahead is None:
        return lines
    it, runs = ("it", "runs") if len(jobs_settled_ahead(view.state, view.now)) == 1 else ("they", "run")
    remedy = (
        f"no time is settled twice: {it} {runs} by schedule again after that, or at once under a new name"
    )
    lines.append(Cell(ahead, "bad"))
    lines.append(f"{remedy}; `jobs run` works at any time")
    return lines


# -- for programs --------------------------------------------------------------------------------------------------


def _document(view: View) -> dict[str, Any]:
    watch, holder, last, behind = view.state.scheduler, view.holder, view.last_entry, view.clock_behind
    return {
        "home": str(view.home.root),
        "home_is_copy": is_copy(view.home),
        "time": view.now,
        "scheduler": {
            "state": view.scheduler_state,
            "pid": (holder.pid if holder else watch.pid if watch else None) or None,
            "host": (holder.host if holder else watch.host if watch else None) or None,
            "started": watch.time if watch else None,
            "stopped": watch.stopped if watch and holder is None else None,
            "stop_reason": watch.stop_reason if watch and holder is None else None,
            "paused": watch.paused if watch else None,
            "pause_reason": watch.pause_reason if watch else None,
            "versions": watch.versions if watch else None,
            "replaced": [part._asdict() for part in _replaced(view)],
        },
        "config": {
            "path": str(view.home.config),
            "state": view.config_state,
            "in_force": view.state.config,
            "errors": [
                {"line": error.line, "column": error.column, "key": error.key, "message": error.message}
                for error in _mistakes(view)
            ],
        },
        "jobs": _counts(view),
        "runs": [
            {"run": run.number, "job": run.job, "trigger": run.trigger, "started": run.started}
            for run in view.state.runs.values()
        ],
        "slots_taken": None
        if (full := view.full_slots) is None
        else {"by": [run.number for run in full.holders], "waiting": len(full.waiting)},
        "ledger": {
            "id": view.state.ledger or None,
            "entries": 0 if last is None else last.seq + 1,
            "size_bytes": _size_bytes(view.home),
            "last": None if last is None else {"seq": last.seq, "time": last.time, "type": last.type},
        },
        "settled_until": max(jobs_settled_ahead(view.state, view.now).values(), default=None),
        "clock_behind_ms": None if behind is None else behind // timedelta(milliseconds=1),
        "not_stopped": [
            {
                "run": run,
                "job": job,
                "pid": process.pid,
                "uid": process.uid,
                "program": process.program,
            }
            for run, job, process in _survivors(view)
        ],
    }
