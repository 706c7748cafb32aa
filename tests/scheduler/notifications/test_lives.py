"""Lives: jobs that come out by chance, receivers that come and go, followers that are killed or forget."""

from __future__ import annotations

import random
from datetime import timedelta
from pathlib import Path

import pytest

from scheduler import vocabulary as v
from scheduler.definition import JobDefinition, Notify
from scheduler.entry_members import OUTCOMES, MisfireReason
from scheduler.notifications.state_file import STATE_NAME
from scheduler.notifications.transport import NotDelivered
from scheduler.rules.laws.ledger_laws import illegal_entries
from tests.support.examples import examples
from tests.support.ledger import run_finished
from tests.support.telling_audit import Wish, audit
from tests.support.told_home import ToldHome

CONFIG = """\
channels:
  mail: {email: ops@example.org, when: [failure, recovery]}
  pager: {command: tell, threshold: 3, tags: prod}
  all: {command: all, when: [failure, recovery, lost, skipped, missed, finished], digest: none}
jobs: {}
"""
WISHES = {
    "mail": Wish(frozenset({"a", "b"}), frozenset({"failure", "recovery"})),
    "pager": Wish(frozenset({"b", "c"}), frozenset({"failure"}), 3),
    "all": Wish(
        frozenset({"c"}), frozenset({"failure", "recovery", "lost", "skipped", "missed", "finished"}), 2
    ),
}
JOBS = {
    "a": (("mail",), (), None),
    "b": (("mail",), ("prod",), None),
    "c": (("all",), ("prod",), 2),
}
PROBLEMS = (
    NotDelivered("connection refused"),
    NotDelivered("no answer within 10 s", uncertain=True),
    NotDelivered("the receiver refuses it for good", permanent=True),
)


class Life:
    """One home, and what happens to it by chance."""

    def __init__(self, root: Path, seed: int) -> None:
        self.told = ToldHome(root, CONFIG)
        self.chance = random.Random(seed)
        self.told.writer.serve()
        for name, (channels, tags, threshold) in JOBS.items():
            notify = Notify(channels=channels, threshold=threshold)
            definition = JobDefinition(name=name, command="x", every="1h", tags=tags, notify=notify)
            self.told.writer.define(name, definition)

    def live(self, steps: int) -> None:
        """So many things happen, and then all is well again."""
        for _ in range(steps):
            happens = self.chance.choices(
                (self.run, self.retry, self.replace, self.miss, self.skip, self.follow, self.receive,
                 self.kill, self.forget, self.copy),
                (10, 2, 2, 2, 2, 9, 4, 2, 1, 1),
            )[0]  # fmt: skip
            happens()
        self.told.receivers.problems.clear()
        for _ in range(3):
            self.told.turn(90)

    def run(self) -> None:
        """A few runs of a job."""
        job = self.chance.choice("abc")
        for _ in range(self.chance.randint(1, 3)):
            self.told.run(job, self.chance.choice(OUTCOMES))

    def retry(self) -> None:
        """A run makes two attempts."""
        job, writer = self.chance.choice("abc"), self.told.writer
        run = writer.tick(job)
        writer.start(job, run)
        writer.finish(job, run, "failed", retry_at=writer.now + timedelta(seconds=9))
        writer.start(job, run, attempt=2)
        writer.finish(job, run, self.chance.choice(OUTCOMES), attempt=2)

    def replace(self) -> None:
        """A run makes room for another one, and ends in whatever way."""
        job, writer = self.chance.choice("abc"), self.told.writer
        old = writer.tick(job)
        writer.start(job, old)
        new = writer.tick(job)
        writer.record(v.RunCancelRequested(replaced_by=new), job, old)
        finished = run_finished(writer.now, self.chance.choice(("cancelled", "failed", "succeeded")))
        writer.record(finished, job, old)
        writer.start(job, new)
        writer.finish(job, new, self.chance.choice(OUTCOMES))

    def miss(self) -> None:
        """Instants pass unwatched."""
        reasons: tuple[MisfireReason, ...] = ("scheduler_down", "paused", "stall")
        self.told.writer.misfire(self.chance.choice("abc"), 2, reason=self.chance.choice(reasons))

    def skip(self) -> None:
        """A run is not made."""
        job, writer = self.chance.choice("abc"), self.told.writer
        run = writer.tick(job)
        writer.record(v.RunSkipped(reason="overlap", trigger="schedule", because_of=run), job, run)

    def follow(self) -> None:
        """Time passes, in which the follower works."""
        self.told.turn(self.chance.choice((0, 1, 20, 90)))

    def receive(self) -> None:
        """A receiver breaks, or is well again."""
        name, receivers = self.chance.choice(sorted(WISHES)), self.told.receivers
        problem = self.chance.choice((None, None, *PROBLEMS))
        receivers.problems.pop(name, None)
        if problem is not None:
            receivers.problems[name] = problem
        if self.chance.random() < 0.5:
            receivers.took_silently ^= {name}
        if receivers.problems.get(name) is not PROBLEMS[1]:
            receivers.took_silently.discard(name)

    def kill(self) -> None:
        """The follower is killed, perhaps after it has begun to tell of what is new."""
        if self.chance.random() < 0.7:
            self.told.receivers.hang.clear()
            self.told.writer.wait(seconds=self.chance.choice((0, 90)))
            for _ in range(self.chance.randint(1, 3)):
                self.told.follower.turn()
        self.told.kill()

    def forget(self) -> None:
        """The follower is killed, and what it kept is gone."""
        self.kill()
        (self.told.home.notifications / STATE_NAME).unlink(missing_ok=True)

    def copy(self) -> None:
        """The home goes on as a copy of itself."""
        self.kill()
        mark = f"{self.chance.getrandbits(64):016x}"
        self.told.writer.record(v.HomeAdopted(home=mark, path=str(self.told.home.root)), actor=v.SCHEDULER)


@pytest.mark.parametrize("seed", range(examples(8)))
def test_whatever_happens_all_is_told_once_or_given_up_on_record(tmp_path: Path, seed: int) -> None:
    """An auditor that counts anew finds everything told that was to be, in order, and repetitions that say so."""
    life = Life(tmp_path / "home", seed)
    life.live(60)
    told = life.told
    told.writer.journal.refresh()
    entries = list(told.writer.journal.read(0))
    audit(entries, told.receivers.taken, WISHES)
    assert not [each for each in illegal_entries(entries) if each.type in v.NOTIFICATIONS]
