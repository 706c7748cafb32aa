"""Histories of everything that can happen, over months, made up by hypothesis."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from hypothesis import strategies as st

from projections import VIEWS, Sql
from scheduler import vocabulary as v
from tests.projections.views.test_views import JOBS, Simulation

ACTS = st.tuples(
    st.sampled_from(
        ["define", "define", "remove", "enable", "disable", "tick", "tick", "tick", "request", "start", "start",
         "finish", "finish", "fail", "skip", "noise", "serve", "serve", "stop", "misfire", "step", "suspend", "pause",
         "resume", "stall", "weeks"]
    ),
    st.sampled_from(JOBS),
    st.integers(0, 3),
)  # fmt: skip
Act = tuple[str, str, int]
REASONS: tuple[v.MisfireReason, ...] = ("scheduler_down", "suspend", "ledger_unavailable", "clock_step")


class LongHistory(Simulation):
    """A simulation in which schedulers come and go, clocks jump, and months pass."""

    def act(self, action: str, job: str, number: int) -> None:
        """One action; `number` chooses among what there is."""
        writer, before = self.writer, self.writer.now
        if action == "weeks":
            writer.now += timedelta(days=9)
        elif action == "serve":
            writer.serve()
        elif action == "stop":
            writer.append(v.event(v.SchedulerStopped(reason="SIGTERM"), v.SCHEDULER))
        elif action == "misfire":
            writer.misfire(job, count=number + 1, will_run=number // 2, reason=REASONS[number])
        elif action == "stall":
            writer.misfire(job, count=number + 1, will_run=0, reason="stall")
        elif action in {"step", "suspend"}:
            after = before + timedelta(minutes=number)
            stepped = v.ClockStepped(
                kind="step" if action == "step" else "suspend",
                by_ms=60_000 * number,
                before=before,
                after=after,
            )
            writer.append(v.event(stepped, v.SCHEDULER))
        elif action == "pause":
            writer.append(v.event(v.SchedulerPaused(reason="no room"), v.SCHEDULER))
        elif action == "resume":
            writer.append(v.event(v.SchedulerResumed(paused_ms=5), v.SCHEDULER))
        else:
            super().act(action, job, number)


def everything(sql: Sql) -> dict[str, list[tuple[Any, ...]]]:
    """All rows of all views, in an order that depends on nothing but them."""
    return {view: sql.execute(f"SELECT * FROM {view} ORDER BY ALL").all() for view in VIEWS}
