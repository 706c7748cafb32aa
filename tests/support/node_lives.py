"""Random lives of several nodes on one ledger, by the rules alone: no processes, no database, one clock.

The leader decides by the scheduler's own `Decisions`; nodes start what is assigned to them, join, stop, fall silent,
are drained and lost; jobs are edited, runs asked for and cancelled.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from datetime import datetime

from msgspec import structs

from eventstore.memory import MemoryStore
from eventstore.store import OWN_SEQ, Entry, Event
from scheduler import vocabulary as v
from scheduler.clock import Reading
from scheduler.definition import JobDefinition, Retry, revision
from scheduler.ledger.ledger import Ledger
from scheduler.rules.nodes.leadership import election
from scheduler.rules.nodes.losses import losses
from scheduler.rules.nodes.placement import Places
from scheduler.rules.nodes.starting import assigned_starts, report
from scheduler.rules.runs.attempts import with_retry
from scheduler.rules.runs.round import Room
from scheduler.rules.state import Executor, Run, State
from scheduler.service.records.decisions import Decisions
from scheduler.service.records.recorder import Recorder
from tests.support.world import BEGIN, SimulatedClock, job

NAMES = ("a", "b", "c")
LABELS = (None, "db", "a", "nowhere")
USER = "user:ann@web1"


class NodeLives:
    """A ledger, its leader, and nodes of which some are silent.

    Args:
        seed: what happens follows from it.
        jobs: how many there are.
    """

    def __init__(self, seed: int, jobs: int = 6) -> None:
        self.random = random.Random(seed)
        self.clock = SimulatedClock(BEGIN)
        self.ledger = Ledger(MemoryStore(clock=self.clock.now))
        self.silent: dict[str, datetime] = {}
        self.cut_off: list[tuple[str, Event]] = []
        self.incarnations = 0
        self.ledger.refresh()
        for number in range(jobs):
            self.define(self.some_job(f"job{number}"))
        for name in NAMES:
            self.join(name)
        self.begin("a")
        self.ledger.listen(self._notice)

    @property
    def state(self) -> State:
        """As it is folded."""
        return self.ledger.state

    def now(self) -> Reading:
        """What the clocks say."""
        return self.clock.read()

    def say(
        self, data: v.Payload, actor: str = v.SCHEDULER, name: str | None = None, run: int | None = None
    ) -> None:
        """Record one payload."""
        self.ledger.decide(lambda _: [v.event(data, actor, job=name, run=run)])

    def some_job(self, name: str) -> JobDefinition:
        """A job with this or that that decides where and when it runs."""
        pick = self.random
        return job(
            name,
            pick.choice(("* * * * *", "*/2 * * * *", "*/5 * * * *")),
            overlap=pick.choice(("skip", "queue", "replace", "allow")),
            locks=tuple(pick.choice(((), (), ("x",), ("x", "y"), ("y",)))),
            runs_on=pick.choice((None, None, None, *LABELS)),
            retry=pick.choice((None, Retry(attempts=3, delay_ms=20_000, outcomes=["failed", "lost"]))),
        )

    def define(self, definition: JobDefinition) -> None:
        """The config has this job."""
        data = v.JobDefined(definition=definition, revision=revision(definition), config="c")
        self.say(data, v.CONFIG, definition.name)

    def join(self, name: str) -> None:
        """A node serves, with these or those properties."""
        self.incarnations += 1
        self.say(
            v.NodeJoined(
                node=name, host=name, boot_id=f"boot-{name}", pid=7, max_parallel=self.random.randint(1, 3),
                incarnation=str(self.incarnations), labels=self.random.choice(([], ["db"], ["db", "big"])),
                unfit={"job1": "it has no such program"} if self.random.random() < 0.2 else {},
            )
        )  # fmt: skip
        self.silent.pop(name, None)

    def begin(self, name: str) -> None:
        """This node leads from now on, with indexes of its own."""
        self.ledger.decide(
            lambda state: election(state, name, host=name, boot_id=f"boot-{name}", pid=7, versions={})
        )
        recorder = Recorder(self.ledger, self.clock, lambda state: state.leader is not None)
        self.decisions = Decisions(recorder, self.now())
        self.decisions.take_over("scheduler_down", self.now())
        self.decisions.begin(self.now())

    def _notice(self, entry: Entry) -> None:
        """Whoever leads now keeps its indexes in line."""
        self.decisions.notice(entry)

    def room(self, state: State) -> Room:
        """The slots of all nodes."""
        places = Places.of(state, self.silent)
        me = Executor("a", "boot-a", 7, 70)
        return Room(places.free, (), me, lambda run, attempt: None, self.decisions.holders, {"y": 2}, places)

    def turn(self) -> None:
        """The leader decides whatever there is to decide."""
        while True:
            before = self.state.head
            self.decisions.end_pauses(self.now())
            self.decisions.follow_edits(self.now())
            self.decisions.round(self.now(), self._losses, self.room)
            self.decisions.record_beside(self.now())
            if self.state.head == before and not self.decisions.any_at_once:
                return

    def _losses(self, state: State, at: datetime) -> list[Event]:
        return losses(state, lambda name: (at - self.silent.get(name, at)).total_seconds(), 60, at)

    def step(self) -> None:
        """Something happens, and the leader decides."""
        self.clock.pass_(self.random.choice((0.5, 7, 31)))
        happens: Callable[[], None] = self.random.choice(
            (
                *(self._start,) * 3,
                *(self._finish,) * 3,
                self._request,
                self._cancel,
                self._edit,
                self._node_goes,
                self._node_comes,
                self._lead,
                self._report,
            )
        )
        happens()
        self.turn()

    def _start(self) -> None:
        """A node starts what it was given."""
        name = self.random.choice(NAMES)
        if name not in self.silent:
            me = Executor(name, f"boot-{name}", 7, 70)
            self.ledger.decide(lambda state: assigned_starts(state, name, me, lambda run, attempt: None))

    def _finish(self) -> None:
        """An attempt ends; if its node is cut off, that is told later."""
        going = [run for run in self.state.runs.values() if run.started is not None]
        if not going:
            return
        run = self.random.choice(going)
        event = self._ending(run)
        if run.node in self.silent:
            self.cut_off.append((run.node, event))
        else:
            self.ledger.decide(lambda state: [with_retry(state, event, self.now().wall)])

    def _ending(self, run: Run) -> Event:
        data = v.RunFinished(
            trigger=run.trigger, started=run.started or self.now().wall, attempt=run.attempt, node=run.node,
            scheduled_for=run.scheduled_for, outcome=self.random.choice(("succeeded", "failed")),
        )  # fmt: skip
        return v.event(data, v.SCHEDULER, job=run.job, run=run.number)

    def _report(self) -> None:
        """A node that was cut off and is back tells of what was lost meanwhile."""
        for told in list(self.cut_off):
            name, event = told
            if name not in self.silent:
                self.cut_off.remove(told)
                self.ledger.decide(
                    lambda state, name=name, event=event: (  # type: ignore[misc]
                        [said] if (said := report(state, name, event)) is not None else []
                    )
                )

    def _request(self) -> None:
        name = self.random.choice(list(self.state.jobs))
        self.say(v.RunRequested(executor="scheduler"), USER, name, OWN_SEQ)

    def _cancel(self) -> None:
        if self.state.runs:
            run = self.random.choice(list(self.state.runs.values()))
            self.say(v.RunCancelRequested(), USER, run.job, run.number)

    def _edit(self) -> None:
        name = self.random.choice(list(self.state.jobs))
        if self.random.random() < 0.5:
            self.define(
                structs.replace(self.some_job(name), enabled=self.state.jobs[name].definition.enabled)
            )
        elif self.state.jobs[name].enablement.enabled:
            self.say(v.JobDisabled(), USER, name)
        else:
            self.say(v.JobEnabled(), USER, name)

    def _node_goes(self) -> None:
        """A node falls silent, stops, or is drained; the leader does not."""
        name = self.random.choice(NAMES)
        node = self.state.nodes[name]
        if self.state.leader is None or name == self.state.leader.node or not node.serves:
            return
        match self.random.randrange(3):
            case 0:
                self.silent.setdefault(name, self.now().wall)
            case 1 if name not in self.silent:
                for run in [run for run in self.state.runs.values() if run.node == name]:
                    event = self._ending(run)
                    self.ledger.decide(lambda state, event=event: [event])  # type: ignore[misc]
                self.say(v.NodeLeft(node=name, reason="SIGTERM"))
            case _:
                self.say(v.NodeDrained(node=name), USER)

    def _node_comes(self) -> None:
        """A node is heard again, joins anew, or is no longer drained."""
        name = self.random.choice(NAMES)
        node = self.state.nodes[name]
        if node.drained_seq is not None and self.random.random() < 0.5:
            self.say(v.NodeResumed(node=name), USER)
        elif not node.serves:
            self.join(name)
        else:
            self.silent.pop(name, None)

    def _lead(self) -> None:
        """Another node leads from now on."""
        able = [name for name in NAMES if self.state.nodes[name].serves and name not in self.silent]
        if self.random.random() < 0.3:
            self.begin(self.random.choice(able))
