"""A made-up ledger that several nodes share, in memory: each entry is judged by the laws as it comes, then folded."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from msgspec import structs

from eventstore.memory import MemoryStore
from eventstore.store import OWN_SEQ, Entry, Event
from scheduler import vocabulary as v
from scheduler.definition import JobDefinition, revision
from scheduler.rules.after import successes_of_start
from scheduler.rules.catch_up import ticked
from scheduler.rules.evolve import evolve, fold
from scheduler.rules.job_schedule import schedule_of
from scheduler.rules.laws.ledger_laws import broken_law
from scheduler.rules.nodes.leadership import election
from scheduler.rules.state import Run, State
from tests.support.world import BEGIN

USER = "user:ann@web1"


class NodeLedger:
    """The ledger, its state, and the clock of its database, which is moved by hand."""

    def __init__(
        self, *jobs: JobDefinition, nodes: Mapping[str, int] | None = None, leader: str = ""
    ) -> None:
        self.now = BEGIN
        self.store = MemoryStore(clock=lambda: self.now)
        self.entries: list[Entry] = list(self.store.read(0))
        self.state = fold(State(), self.entries)
        self.define(*jobs)
        for name, slots in (nodes or {}).items():
            self.join(name, slots)
        if leader:
            self.elect(leader)

    def append(self, *events: Event) -> list[Entry]:
        """Record these, none of which breaks a law."""
        recorded = self.store.append(list(events)) if events else []
        for entry in recorded:
            assert not (why := broken_law(self.state, entry)), f"{entry.type}: {why}"
            evolve(self.state, entry)
        self.entries += recorded
        return recorded

    def refused(self, event: Event) -> str:
        """Which law an event would break as the next entry; empty if none. It is not recorded."""
        other = MemoryStore(clock=lambda: self.now)
        (entry,) = other.append([event])
        seq = self.state.head.seq + 1
        run = seq if event.run == OWN_SEQ else event.run
        return broken_law(self.state, structs.replace(entry, seq=seq, run=run))

    def say(self, data: v.Payload, actor: str = v.SCHEDULER, **about: Any) -> Entry:
        """Record one payload."""
        return self.append(v.event(data, actor, **about))[0]

    def pass_(self, **span: float) -> None:
        """Time passes."""
        self.now += timedelta(**span)

    def define(self, *jobs: JobDefinition) -> None:
        """The config has these jobs."""
        for each in jobs:
            data = v.JobDefined(definition=each, revision=revision(each), config="c")
            self.append(v.event(data, v.CONFIG, job=each.name))

    def join(self, name: str, slots: int = 8, **facts: Any) -> Entry:
        """A node serves."""
        facts = {"incarnation": f"{name}-1", "boot_id": f"boot-{name}", "pid": 7, **facts}
        return self.say(v.NodeJoined(node=name, host=f"{name}.example", max_parallel=slots, **facts))

    def elect(self, name: str) -> Entry:
        """A node leads from now on."""
        node = self.state.nodes[name]
        (event,) = election(
            self.state, name, host=node.host, boot_id=node.boot_id, pid=node.pid, versions=node.versions
        )
        return self.append(event)[0]

    def tick(self, job: str, at: datetime | None = None) -> Run:
        """An instant falls due, by default the next one of the job."""
        definition = self.state.jobs[job].definition
        if at is None:
            at = schedule_of(definition).next_after(self.state.jobs[job].settled_until)
            assert at is not None
        self.now = max(self.now, at)
        return self.state.runs[self.append(ticked(definition, at, self.now))[0].seq]

    def request(self, job: str) -> Run:
        """A person asks for a run."""
        asked = v.RunRequested(executor="scheduler")
        return self.state.runs[self.say(asked, USER, job=job, run=OWN_SEQ).seq]

    def assignment(self, run: Run, node: str, **members: Any) -> Event:
        """That a run goes to a node."""
        job = self.state.jobs[run.job]
        facts: dict[str, Any] = {
            "locks": dict.fromkeys(job.definition.locks, 1),
            "successes": successes_of_start(self.state, run, job),
            "instead_of": None if run.assigned is None else run.assigned.node,
            **members,
        }
        data = v.RunAssigned(
            node=node, attempt=run.attempt + 1, trigger=run.trigger, scheduled_for=run.scheduled_for, **facts
        )
        return v.event(data, v.SCHEDULER, job=run.job, run=run.number)

    def assign(self, run: Run, node: str, **members: Any) -> Entry:
        """A run goes to a node."""
        return self.append(self.assignment(run, node, **members))[0]

    def beginning(self, run: Run, node: str, **members: Any) -> Event:
        """That a node starts a run, with the locks that it was given."""
        facts = {"locks": run.locks, "successes": [] if run.assigned is None else run.assigned.successes}
        data = v.RunStarted(
            attempt=run.attempt + 1, trigger=run.trigger, scheduled_for=run.scheduled_for, command_sha256="",
            host=f"{node}.example", boot_id=f"boot-{node}", executor_pid=7, executor_start_ticks=70, node=node,
            **(facts | members),
        )  # fmt: skip
        return v.event(data, v.SCHEDULER, job=run.job, run=run.number)

    def start(self, run: Run, node: str = "") -> Entry:
        """The node that a run was assigned to starts it; assigned to this one, if one is named."""
        if node:
            self.assign(run, node)
        assert run.assigned is not None, "it was assigned"
        return self.append(self.beginning(run, run.assigned.node))[0]

    def ending(self, run: Run, **members: Any) -> Event:
        """That an attempt ended."""
        facts = {"outcome": "succeeded", "node": run.node} | members
        data = v.RunFinished(
            trigger=run.trigger, started=run.started or self.now, attempt=run.attempt,
            scheduled_for=run.scheduled_for, **facts,
        )  # fmt: skip
        return v.event(data, v.SCHEDULER, job=run.job, run=run.number)

    def finish(self, run: Run, **members: Any) -> Entry:
        """An attempt ends."""
        return self.append(self.ending(run, **members))[0]

    def lose(self, node: str) -> None:
        """A node is given up, with what it had started."""
        running = [run for run in self.state.runs.values() if run.node == node]
        lost = v.NodeLost(node=node, silent_since=self.now - timedelta(minutes=1), silent_ms=60_000)
        self.append(
            v.event(lost, v.SCHEDULER), *(self.ending(run, outcome="lost", error="lost") for run in running)
        )
