"""An auditor of waits: checks from the entries alone what starts say of the runs for which theirs had waited."""

from __future__ import annotations

from datetime import datetime

from eventstore.store import Entry
from scheduler import vocabulary as v
from scheduler.definition import JobDefinition

SLOTS_MAX = 16


class WaitAuditor:
    """Which runs have ended so far, and with which entries.

    Args:
        slots: how many runs may go at once; None: not known.
    """

    def __init__(self, slots: int | None = None) -> None:
        self._slots = slots
        self._going: set[int] = set()
        self._ended: dict[int, int] = {}
        self._last_of_job: dict[str, tuple[int, int]] = {}
        self._live: dict[str, list[int]] = {}
        self._owed_at: dict[int, datetime] = {}

    def owed(self, entry: Entry, run: int) -> None:
        """A run is owed from this entry on."""
        self._live.setdefault(entry.job or "", []).append(run)
        self._owed_at[run] = entry.time

    def began(self, entry: Entry, data: v.RunStarted, run: int, definition: JobDefinition) -> None:
        """An attempt starts.

        Raises:
            AssertionError: what it says of its wait is not so, or it keeps silent on the run before it.
        """
        one_by_one = definition.overlap != "allow" or data.trigger in ("catch_up", "backfill")
        last, ended_by = self._last_of_job.get(entry.job or "", (None, -1))
        if data.waited_behind is not None:
            assert (data.waited_behind, ended_by > run) == (last, True), f"run {run} waited for no such run"
        elif data.attempt == 1 and one_by_one and entry.actor == v.SCHEDULER:
            # What is recorded in one append is recorded at one time: of that, nothing waited for the rest.
            waited = (
                ended_by > run and self._ended.get(last or 0) == ended_by and entry.time > self._owed_at[run]
            )
            assert not waited, f"run {run} had to wait for run {last}, and does not say so"
        if data.slots:
            all_slots = len(data.slots) if self._slots is None else self._slots
            assert len(data.slots) == min(all_slots, SLOTS_MAX), (
                f"run {run} names {data.slots}, which are not all"
            )
        assert len(set(data.slots)) == len(data.slots)
        lock = data.waited_for
        for holder in (*data.slots, *(lock.holders if lock is not None else ())):
            held = holder in self._going or self._ended.get(holder, -1) > run
            assert held, f"run {holder} held nothing while run {run} waited"
        if lock is not None:
            assert lock.behind is None or lock.behind < run, f"run {run} waited for the younger {lock.behind}"
        self._going.add(run)

    def ended(self, entry: Entry, run: int, *, made_attempts: bool, is_over: bool) -> None:
        """An attempt ends, or a run that has made none, or a wait for another attempt."""
        if run in self._going:
            self._going.remove(run)
            self._ended[run] = entry.seq
        live = self._live.get(entry.job or "", [])
        if is_over and run in live:
            if made_attempts or live[0] == run:
                self._last_of_job[entry.job or ""] = run, entry.seq
            live.remove(run)
