"""Who watched the schedules, and when nobody did: lives of schedulers, outages, steps of the clock.

An instant without a disposition is open as long as a scheduler may still come to it. What had to be decided is told
by what was: schedulers decide the oldest instants first, so a tick shows that all earlier ones had their turn; and
one that has been alive for an hour after an instant cannot have left it.
"""

from __future__ import annotations

from datetime import datetime, timedelta

import msgspec

from eventstore.store import Entry
from projections.audit.findings import Listed
from projections.audit.window import Window
from scheduler import vocabulary as v
from scheduler.rules.state import NEVER, State

PATIENCE = timedelta(hours=1)
"""So long an instant may wait for its tick while a scheduler is alive."""
_SETTLED_IN = timedelta(minutes=1)
"""After so long, a scheduler that started has come to what passed before."""


class Outage(msgspec.Struct, kw_only=True):
    """Time in which nobody watched: `down`, `suspend`, `paused` or `stall`, as in the view `outages`.

    Attributes:
        ended, ended_seq: None while it lasts, as far as the ledger tells.
        began_seq: the entry with which it began; of a scheduler that died, the last one that it wrote.
        missed: how many instants misfired for it, all jobs together.
    """

    kind: str
    began: datetime
    began_seq: int
    reason: str = ""
    ended: datetime | None = None
    ended_seq: int | None = None
    missed: int = 0


class ClockChange(msgspec.Struct, frozen=True, kw_only=True):
    """The wall clock jumped from `before` to `after`: `step`, or `unwatched`, while no scheduler ran."""

    kind: str
    seq: int
    by_ms: int
    before: datetime
    after: datetime


class Watch:
    """What is known of schedulers, entry by entry.

    Args:
        window: the range; state: the state before the first entry.

    Attributes:
        since: from when on schedulers are known of; None: none has started.
        life: how many have started.
    """

    def __init__(self, window: Window, state: State) -> None:
        self._window = window
        self.outages: Listed[Outage] = Listed()
        self.clock_changes: Listed[ClockChange] = Listed()
        life = state.scheduler
        self.since = None if life is None else state.time
        self.life = 0
        self._started = None if life is None else life.time
        self._down: Outage | None = None
        if life is not None and life.stopped is not None:
            self._down = Outage(
                kind="down",
                began=life.stopped,
                began_seq=life.stopped_seq or 0,
                reason=life.stop_reason or "",
            )
        self._paused: Outage | None = None
        if life is not None and life.paused is not None:
            self._paused = Outage(
                kind="paused", began=life.paused, began_seq=state.head.seq, reason=life.pause_reason or ""
            )
        self._trace: tuple[datetime, int] | None = None if life is None else (state.time, state.head.seq)
        self._latest = state.time
        self._stall: Outage | None = None
        self._ended: Outage | None = None
        self._ticked, self._ticked_seq = NEVER, -1
        self._alive, self._alive_seq = NEVER, -1

    def ticked(self, entry: Entry, instant: datetime) -> None:
        """An instant of a schedule was ticked as it fell due."""
        self._ticked, self._ticked_seq = max(self._ticked, instant), entry.seq

    def misfired(self, entry: Entry, data: v.ScheduleMisfired) -> None:
        """Instants misfired."""
        if data.reason == "stall":
            if self._stall is None or self._stall.ended != entry.time:
                self._stall = Outage(
                    kind="stall", began=data.first, began_seq=entry.seq, ended=entry.time, ended_seq=entry.seq
                )
                self._add(self._stall)
            self._stall.began = min(self._stall.began, data.first)
            self._stall.missed += data.count
        elif self._ended is not None and data.reason not in ("replaced", "disabled", "removed", "paused"):
            self._ended.missed += data.count

    def look(self, entry: Entry) -> None:
        """Take note of any entry: who wrote it shows that he was alive, its time shows a clock that was set back."""
        if entry.actor == v.SCHEDULER and not entry.type.startswith(v.OF_ANYONE):
            self._trace = entry.time, entry.seq
            self._note_life(entry)
        if entry.time > self._latest:
            self._latest = entry.time

    def changed(self, entry: Entry, data: object) -> None:
        """A scheduler started, stopped, paused or went on, or the clock was set; before `look`.

        Where several nodes share the ledger the one that leads is the scheduler: another leader has started, and one
        that left has stopped. The caller leaves out the other nodes that left.
        """
        match data:
            case v.SchedulerStarted():
                self._starts(entry)
            case v.LeaderElected():
                self._starts(entry, data.silent_since)
            case v.SchedulerStopped() | v.NodeLeft():
                self._note_life(entry)
                self._end_pause(entry)
                self._started = None
                self._down = Outage(kind="down", began=entry.time, began_seq=entry.seq, reason=data.reason)
            case v.SchedulerPaused():
                self._paused = Outage(
                    kind="paused", began=entry.time, began_seq=entry.seq, reason=data.reason
                )
            case v.SchedulerResumed():
                self._end_pause(entry)
            case v.ClockStepped():
                self._clock_stepped(entry, data)
            case _:
                pass

    def _note_life(self, entry: Entry) -> None:
        """Whoever wrote an entry was alive, and could decide what fell due."""
        at_work = self._started is not None and self._paused is None
        if at_work and self._started is not None and entry.time - self._started >= _SETTLED_IN:
            self._alive, self._alive_seq = entry.time, entry.seq

    def _starts(self, entry: Entry, silent_since: datetime | None = None) -> None:
        """A scheduler starts; `silent_since`: since when the one before it was silent, if that is why."""
        self._end_pause(entry)
        if self._down is None and self._trace is not None:
            reason = "died" if silent_since is None else "silent"
            began = self._trace[0] if silent_since is None else silent_since
            self._down = Outage(kind="down", began=began, began_seq=self._trace[1], reason=reason)
        if self._down is not None:
            self._end(self._down, entry)
        self._down, self._started = None, entry.time
        self.life += 1
        if self.since is None:
            self.since = entry.time
        if entry.time < self._latest - timedelta(seconds=1):
            by_ms = (entry.time - self._latest) // timedelta(milliseconds=1)
            self._note_step(
                ClockChange(
                    kind="unwatched", seq=entry.seq, by_ms=by_ms, before=self._latest, after=entry.time
                )
            )
            self._latest = entry.time

    def _clock_stepped(self, entry: Entry, data: v.ClockStepped) -> None:
        if data.kind == "suspend":
            slept = Outage(
                kind="suspend", began=data.before, began_seq=entry.seq, ended=data.after, ended_seq=entry.seq
            )
            self._ended = slept
            self._add(slept)
            return
        self._note_step(
            ClockChange(kind="step", seq=entry.seq, by_ms=data.by_ms, before=data.before, after=data.after)
        )
        self._latest = entry.time

    def _note_step(self, change: ClockChange) -> None:
        if self._window.overlaps(min(change.before, change.after), max(change.before, change.after)):
            self.clock_changes.add(change)

    def _end_pause(self, entry: Entry) -> None:
        if self._paused is not None:
            self._end(self._paused, entry)
            self._paused = None

    def _end(self, outage: Outage, entry: Entry) -> None:
        outage.ended, outage.ended_seq = entry.time, entry.seq
        self._ended = outage
        self._add(outage)

    def _add(self, outage: Outage) -> None:
        if self._window.overlaps(outage.began, outage.ended):
            self.outages.add(outage)

    def at_end(self) -> None:
        """What lasts at the end of the ledger."""
        for outage in (self._down, self._paused):
            if outage is not None:
                self._add(outage)

    def wrote_since(self, seq: int, life: int) -> bool:
        """Whether the scheduler that was alive at entry `seq` went on after it."""
        return self.life == life and self._trace is not None and self._trace[1] > seq

    def decided_before(self, changed_seq: int) -> datetime:
        """Before which moment every instant of a job had to be decided that entry `changed_seq` changed last."""
        told = [NEVER]
        if self._ticked_seq > changed_seq:
            told.append(self._ticked)
        if self._alive_seq > changed_seq:
            told.append(self._alive - PATIENCE)
        return max(told)
