"""Histories of everything that can happen, over months, made up by hypothesis."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

from hypothesis import strategies as st

from projections import VIEWS, Sql
from scheduler import vocabulary as v
from scheduler.definition import JobDefinition
from scheduler.entry_members import MisfireReason, Outcome, Trigger
from tests.support.ledger import Writer

JOBS = ("a", "b")
ACTS = st.tuples(
    st.sampled_from(
        ["define", "define", "remove", "enable", "disable", "tick", "tick", "tick", "request", "start", "start",
         "finish", "finish", "fail", "retry", "retry", "close", "skip", "noise", "serve", "serve", "stop",
         "misfire", "step", "suspend", "pause", "resume", "stall", "weeks"]
    ),
    st.sampled_from(JOBS),
    st.integers(0, 3),
)  # fmt: skip
Act = tuple[str, str, int]
REASONS: tuple[MisfireReason, ...] = ("scheduler_down", "suspend", "ledger_unavailable", "clock_step")


class Simulation:
    """Does what a list of actions says, as far as it makes sense then."""

    def __init__(self, root: Path) -> None:
        self.writer = Writer(root, segment_entries=4)
        self.present: set[str] = set()
        self.owed: list[tuple[str, int, Trigger]] = []
        self.running: list[tuple[str, int, Trigger]] = []
        self.attempts: dict[int, int] = {}
        self.waiting: dict[int, tuple[tuple[str, int, Trigger], int]] = {}

    def act(self, action: str, job: str, number: int) -> None:
        """One action; `number` chooses among what there is."""
        writer = self.writer
        if action == "define":
            schedule, every = ("0 2 * * *", None) if number % 2 else (None, f"{number + 1}m")
            definition = JobDefinition(
                name=job,
                command="true",
                description=f"d{number}",
                schedule=schedule,
                every=every,
                tags=("prod", "db")[: number % 3],
            )
            writer.define(job, definition)
            self.present.add(job)
        elif action == "remove" and job in self.present:
            writer.append(v.event(v.JobRemoved(config="c"), v.CONFIG, job=job))
            self.present.discard(job)
        elif action == "enable" and job in self.present:
            writer.append(v.event(v.JobEnabled(reason="again"), "user:ada@host", job=job))
        elif action == "disable" and job in self.present:
            until = writer.now if number == 0 else None
            writer.append(
                v.event(v.JobDisabled(reason="" if number == 1 else "busy", until=until), "user:b@h", job=job)
            )
        elif action == "noise":
            writer.append(v.event(v.ConfigAccepted(config="c", jobs=1), v.CONFIG))
        else:
            self.act_on_runs(action, job, number)

    def act_on_runs(self, action: str, job: str, number: int) -> None:
        """The same, of what is about a run."""
        writer = self.writer
        if action == "tick" and job in self.present:
            self.owed.append((job, writer.tick(job, number), "schedule"))
        elif action == "request" and job in self.present:
            self.owed.append((job, writer.request(job, "because" * number), "manual"))
        elif action == "start" and self.owed:
            one = self.owed.pop(number % len(self.owed))
            self.attempts[one[1]] = self.attempts.get(one[1], 0) + 1
            self.waiting.pop(one[1], None)
            writer.start(*one, attempt=self.attempts[one[1]])
            self.running.append(one)
        elif action in {"finish", "fail"} and self.running:
            job, run, trigger = self.running.pop(number % len(self.running))
            outcome: Outcome = "succeeded" if action == "finish" else "failed"
            writer.finish(job, run, outcome, trigger, attempt=self.attempts[run])
        elif action == "retry" and self.running:
            one = self.running.pop(number % len(self.running))
            at = writer.now + timedelta(minutes=number)
            writer.finish(one[0], one[1], "failed", one[2], attempt=self.attempts[one[1]], retry_at=at)
            self.owed.append(one)
            self.waiting[one[1]] = one, writer.journal.head().seq
        elif action == "close" and self.waiting:
            one, closes = self.waiting.pop(list(self.waiting)[number % len(self.waiting)])
            self.owed.remove(one)
            writer.finish(one[0], one[1], "failed", one[2], attempt=self.attempts[one[1]], closes=closes)
        elif action == "skip" and any(one[1] not in self.attempts for one in self.owed):
            unstarted = [one for one in self.owed if one[1] not in self.attempts]
            job, run, trigger = unstarted[number % len(unstarted)]
            self.owed.remove((job, run, trigger))
            writer.skip(job, run, trigger)


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
