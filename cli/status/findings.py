"""What `status` finds out about a home, for its lines and for its document alike."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from eventstore.store import Entry
from scheduler.configuration import ConfigInvalid
from scheduler.entry_members import ConfigError, Survivor
from scheduler.home import Home
from scheduler.processes.recognition.identity import boot_id, process_is
from scheduler.rules.orphans import orphans
from scheduler.rules.slots import FullSlots, full_slots
from scheduler.rules.state import LeftRunning, Run
from scheduler.service.executor import executors_of
from scheduler.version import ReplacedPart, replaced, versions
from scheduler.vocabulary import FAILURES

if TYPE_CHECKING:
    from scheduler.ledger.view import View

_BEHIND_MIN = timedelta(seconds=1)


def replaced_parts(view: View) -> list[ReplacedPart]:
    """What was installed anew since the scheduler that is running was started."""
    watch = view.state.scheduler
    return [] if watch is None or view.holder is None else replaced(watch.versions, versions())


def left_going(view: View) -> list[Run]:
    """The runs that no process watches, because no scheduler serves the home; not asked is whether they live."""
    if view.holder is not None:
        return []
    return orphans(view.state, view.state.runs, (), executors_of(view.home))


def mistakes(view: View) -> list[ConfigError]:
    """The first mistakes in the config file."""
    return view.problem.errors if isinstance(view.problem, ConfigInvalid) else []


def mistake_count(view: View) -> int:
    """How many mistakes there are in the config file, those that are not listed included."""
    return view.problem.count if isinstance(view.problem, ConfigInvalid) else 0


def job_counts(view: View) -> dict[str, int]:
    """How many jobs there are: in all, enabled, disabled, and whose last run failed."""
    jobs = view.state.present_jobs()
    return {
        "total": len(jobs),
        "enabled": sum(job.on_schedule for job in jobs),
        "disabled": sum(not job.on_schedule for job in jobs),
        "failed_last": sum(job.last is not None and job.last.outcome in FAILURES for job in jobs),
    }


def slots_taken(view: View) -> FullSlots | None:
    """What holds all slots while runs wait for one; None where no scheduler would give them one."""
    watch = view.state.scheduler
    serving = view.holder is not None and watch is not None and watch.paused is None
    return full_slots(view.state) if serving else None


def living_survivors(view: View) -> list[tuple[LeftRunning, Survivor]]:
    """The processes of finished runs that could not be stopped and are still there."""
    return [
        (left, process)
        for left in view.state.left_running
        if left.boot_id == boot_id()
        for process in left.processes
        if process_is(process.pid, process.start_ticks)
    ]


def ledger_size_bytes(home: Home) -> int:
    """The size of all segments."""
    return sum(path.stat().st_size for path in home.ledger.glob("*.jsonl"))


def last_entry(view: View) -> Entry | None:
    """The ledger's newest entry; None if there is no ledger yet."""
    if view.ledger is None:
        return None
    seq = view.ledger.store.head().seq
    return next(view.ledger.store.read(seq, seq), None)


def clock_behind(view: View) -> timedelta | None:
    """By how much this machine's clock is behind the ledger, if it is."""
    last = last_entry(view)
    behind = None if last is None else last.time - view.now
    return behind if behind is not None and behind > _BEHIND_MIN else None
