"""Lives of several nodes, each from a seed: machines die, processes are stopped, nobody reaches the database."""

from __future__ import annotations

import random
from pathlib import Path

from eventstore.errors import Halted
from scheduler import vocabulary as v
from scheduler.definition import JobDefinition, Retry, SchedulerSettings
from tests.support.simulated_cluster.cluster import Cluster
from tests.support.simulated_cluster.machine import QUICK
from tests.support.simulated_cluster.node import SimulatedNode
from tests.support.world import job

LOST_AFTER_S = 60.0
HOUR_S = 3_600.0
CAPACITIES = {"database": 2}
HALTED_WITHIN_S = 5.0
MOMENT_S = 0.1


def any_job(rng: random.Random, name: str) -> JobDefinition:
    """A job with a schedule that anyone can read, and any policy."""
    timings: list[dict[str, object]] = [
        {"every": "10s"},
        {"every": "25s"},
        {"every": "2m"},
        {"schedule": "*/1 * * * *"},
        {"schedule": "*/5 * * * *"},
        {"on_demand": True},
    ]
    retries = [
        None,
        None,
        Retry(attempts=3, delay_ms=4_000),
        Retry(attempts=2, delay_ms=20_000, outcomes=["lost", "failed"]),
    ]
    return job(
        name,
        **{"schedule": None, **rng.choice(timings)},  # type: ignore[arg-type]
        catch_up=rng.choice(["one", "all", "none"]),
        overlap=rng.choice(["skip", "queue", "allow", "replace"]),
        retry=rng.choice(retries),
        timeout_ms=rng.choice([None, None, 20_000]),
        locks=rng.choice([[], [], ["disk"], ["database"], ["database", "disk"]]),
    )


class ClusterLife:
    """One life.

    Args:
        seed: the same one lives the same life.
        root: a folder for all files.
        length_s: how long it lasts, before everything works again.
    """

    def __init__(self, seed: int, root: Path, length_s: float = 400.0) -> None:
        self.rng = rng = random.Random(seed)
        self._length_s = length_s
        jobs = [any_job(rng, f"job-{number}") for number in range(rng.choice((2, 4, 6)))]
        settings = SchedulerSettings(max_parallel=4, locks=CAPACITIES, lost_after_ms=int(LOST_AFTER_S * 1000))
        segment_entries = rng.choice((16, 256, 65_536))
        self.cluster = Cluster(root, jobs, settings, segment_entries=segment_entries, seed=seed)
        troubled, held_up = rng.choice((0.0, 0.0, 0.01, 0.1)), rng.choice((0.0, 0.0, 0.1))
        for number in range(rng.choice((2, 3, 3, 4))):
            wrong_s = rng.choice((0.0, 0.3, -HOUR_S, HOUR_S))
            node = self.cluster.add(f"node-{number}", wrong_s=wrong_s, max_parallel=rng.choice((1, 2, 5)))
            node.network.troubled, node.held_up = troubled, held_up
        self._rough = rng.choice((5.0, 20.0, 60.0))

    def live(self) -> None:
        """Live, and come to rest."""
        cluster = self.cluster
        for node in cluster.nodes.values():
            node.start()
        while cluster.timeline.now_s < self._length_s:
            cluster.run(self.rng.expovariate(1 / self._rough))
            self.disturb()
            cluster.check_mirrors()
        self.settle()

    def settle(self) -> None:
        """Everything works from now on."""
        cluster = self.cluster
        cluster.note("everything works from now on")
        cluster.come_back()
        for node in cluster.nodes.values():
            node.network.troubled = node.held_up = 0.0
            node.machine.always = QUICK
            node.go_on()
            for process in node.machine.running.values():
                process.ends_s = min(process.ends_s, cluster.timeline.now_s + 5.0)
        cluster.run(10.0)  # who was asked to stop does
        for node in cluster.nodes.values():
            if not node.serves:
                node.start()
        for name in cluster.nodes:
            cluster.person(v.NodeResumed(node=name))
        cluster.run(LOST_AFTER_S + 100.0)
        for name in cluster.jobs:
            cluster.person(v.JobDisabled(), name)
        cluster.run(60.0)

    def check(self) -> None:
        """The laws; see `Cluster.check`."""
        self.cluster.check()

    def disturb(self) -> None:
        """Something happens."""
        rng, node = self.rng, self.rng.choice(list(self.cluster.nodes.values()))
        if self.cluster.server.away:
            if rng.random() < 0.7:
                self.cluster.come_back()
            return
        if not node.serves:
            node.start()
        elif node.cut and rng.random() < 0.7:
            node.cut_off(False)
        elif rng.random() < 0.3:
            self._say(node)
        else:
            self._break(node)

    def _break(self, node: SimulatedNode) -> None:
        rng, cluster, kind = self.rng, self.cluster, self.rng.randrange(13)
        if kind < 2:
            node.kill()
        elif kind == 2:
            node.reboot()
        elif kind < 5:
            node.stop(rng.choice((0.5, 4.0, 20.0, 50.0, 100.0)))
        elif kind < 7:
            node.cut_off(True)
        elif kind == 7:
            cluster.go_away()
        elif kind == 8:
            cluster.restart_database()
        elif kind == 9:
            cluster.fail_over(0)
        elif kind == 10:
            node.machine.clock.wrong_s = rng.choice((0.0, -HOUR_S, HOUR_S, 5.0))
        elif kind == 11:
            node.leave("SIGTERM")
        else:
            seconds = rng.choice((-HOUR_S, -5.0, 0.5, 5.0, HOUR_S))
            cluster.note(f"the database's clock is set by {seconds} s")
            cluster.server.step_clock(seconds)

    def _say(self, node: SimulatedNode) -> None:
        rng, cluster = self.rng, self.cluster
        name, kind = rng.choice(list(cluster.jobs)), rng.randrange(8)
        if kind < 3:
            cluster.person(v.RunRequested(executor="scheduler"), name, run=-1)
        elif kind == 3:
            cluster.person(rng.choice([v.JobDisabled(), v.JobEnabled()]), name)
        elif kind == 4:
            cluster.note("a person edits")
            cluster.edit(any_job(rng, name))
        elif kind == 5 and node.name in cluster.state.nodes:
            cluster.person(rng.choice([v.NodeDrained(node=node.name), v.NodeResumed(node=node.name)]))
        else:
            in_flight = [run for run in cluster.state.runs.values() if run.cancel_seq is None]
            if in_flight:
                run = rng.choice(in_flight)
                cluster.person(v.RunCancelRequested(), run.job, run.number)


class SetBackLife(ClusterLife):
    """A life in which the database loses its end: every node halts, and goes on once it is refilled."""

    def live(self) -> None:
        """Live, lose, halt, refill, and come to rest."""
        rng, cluster = self.rng, self.cluster
        nodes = list(cluster.nodes.values())
        for node in nodes:
            node.start()
        cluster.run(rng.uniform(20.0, 150.0))
        absent = rng.choice([None, *nodes])
        if absent is not None:
            rng.choice([lambda: absent.cut_off(True), lambda: absent.stop(1_000.0), absent.kill])()
            cluster.run(rng.choice((0.0, 1.0, 30.0)))
        cluster.may_halt = True
        had = cluster.server.lines()
        cluster.set_back(max(0, len(had) - rng.choice((2, 3, 10, 100))))
        commits = len(cluster.server.commits)
        cluster.run(HALTED_WITHIN_S)
        assert len(cluster.server.commits) == commits, (
            "something was appended to a database that was set back"
        )
        now_s = cluster.timeline.now_s
        for node in nodes:
            was_well = node.history.is_well(now_s - HALTED_WITHIN_S, now_s - MOMENT_S)
            assert not was_well or isinstance(node.error, Halted), f"{node.name} did not halt"
        cluster.refill()
        assert cluster.server.lines() == had, "what was committed is not what is there after the refill"
        for node in nodes:
            node.go_on()
            if not node.serves:
                node.start()
        cluster.run(rng.uniform(1.0, 60.0))
        cluster.may_halt = False
        self.settle()


class LongOutageLife(ClusterLife):
    """A life in which nobody reaches the database for an hour, while runs go on, end, and processes die."""

    def live(self) -> None:
        """Live, be without the database, and come to rest."""
        rng, cluster = self.rng, self.cluster
        for node in cluster.nodes.values():
            node.start()
        cluster.run(rng.uniform(20.0, 100.0))
        killed = rng.choice([None, *cluster.nodes.values()])
        watched = [node.machine for node in cluster.nodes.values() if node is not killed]
        running = {key for machine in watched for key in machine.running}
        cluster.go_away()
        if killed is not None:
            cluster.run(rng.uniform(1.0, HOUR_S / 2))
            killed.kill()
            killed.start()
        cluster.run(HOUR_S)
        cluster.come_back()
        for node in cluster.nodes.values():
            node.network.troubled = 0.0
        cluster.run(LOST_AFTER_S + 60.0)
        for entry in cluster.history().entries:
            gone = entry.type == "run.finished" and entry.data["outcome"] == "lost"
            assert not gone or (entry.run, entry.data["attempt"]) not in running, f"run {entry.run} was lost"
        self.settle()
