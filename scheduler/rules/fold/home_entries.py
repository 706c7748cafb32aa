"""How entries about the home, its scheduler, its clock and its config change the state."""

from __future__ import annotations

from datetime import timedelta

from eventstore.store import Entry
from scheduler import vocabulary as v
from scheduler.rules.clock_trust import ClockMark, mark_after_step, mark_at_start
from scheduler.rules.fold.apply import Apply
from scheduler.rules.fold.boots import note_boot
from scheduler.rules.fold.clock_readings import clock_read
from scheduler.rules.fold.node_entries import serve_alone
from scheduler.rules.state import Rejection, SchedulerStatus, State


def _ledger_created(state: State, entry: Entry, data: v.LedgerCreated) -> None:
    state.ledger = data.ledger


def _home_adopted(state: State, entry: Entry, data: v.HomeAdopted) -> None:
    state.home = data.home
    state.left_running = []  # they are the original's, which goes on knowing of them


def _scheduler_started(state: State, entry: Entry, data: v.SchedulerStarted) -> None:
    state.scheduler = SchedulerStatus(entry.seq, entry.time, data.pid, data.host, data.boot_id, data.versions)
    serve_alone(state)
    note_boot(state, entry, data.boot_id, data.boottime_ms)
    clock_read(state, entry.time)
    if state.left_running:
        state.left_running = [left for left in state.left_running if left.boot_id == data.boot_id]
    if data.boottime_ms is not None:
        state.clock = mark_at_start(
            state.clock, state.time, ClockMark(entry.time, data.boot_id, data.boottime_ms)
        )


def _scheduler_stopped(state: State, entry: Entry, data: v.SchedulerStopped) -> None:
    if state.scheduler is not None:
        state.scheduler.stopped_seq, state.scheduler.stopped = entry.seq, entry.time
        state.scheduler.stop_reason = data.reason


def _scheduler_paused(state: State, entry: Entry, data: v.SchedulerPaused) -> None:
    if state.scheduler is not None:
        state.scheduler.paused, state.scheduler.pause_reason = entry.time, data.reason


def _scheduler_resumed(state: State, entry: Entry, data: v.SchedulerResumed) -> None:
    if state.scheduler is not None:
        state.scheduler.paused = state.scheduler.pause_reason = None


def _clock_stepped(state: State, entry: Entry, data: v.ClockStepped) -> None:
    clock_read(state, entry.time)
    if data.boottime_ms is not None and data.kind == "step" and state.scheduler is not None:
        now = ClockMark(entry.time, state.scheduler.boot_id, data.boottime_ms)
        state.clock = mark_after_step(state.clock, timedelta(milliseconds=data.by_ms), now)


def _config_accepted(state: State, entry: Entry, data: v.ConfigAccepted) -> None:
    state.config = data.config
    state.rejection = None


def _config_rejected(state: State, entry: Entry, data: v.ConfigRejected) -> None:
    state.rejection = Rejection(entry.seq, entry.time, data.config, data.errors, data.error_count)


APPLY: Apply = {
    v.LedgerCreated.TYPE: _ledger_created,
    v.HomeAdopted.TYPE: _home_adopted,
    v.SchedulerStarted.TYPE: _scheduler_started,
    v.SchedulerStopped.TYPE: _scheduler_stopped,
    v.SchedulerPaused.TYPE: _scheduler_paused,
    v.SchedulerResumed.TYPE: _scheduler_resumed,
    v.ClockStepped.TYPE: _clock_stepped,
    v.ConfigAccepted.TYPE: _config_accepted,
    v.ConfigRejected.TYPE: _config_rejected,
}
