"""A forger alters all of `var/` but the ledger: what is derived stays the same, and nothing else is harmed by it."""

from __future__ import annotations

import random
import shutil
import signal
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import datetime, timedelta
from difflib import unified_diff
from pathlib import Path
from types import FrameType
from typing import Any, NamedTuple
from unittest import mock

import duckdb
import msgspec
import pytest

from eventstore.store import Event
from projections.build.maintenance import maintain
from projections.files import active_segment
from scheduler import vocabulary as v
from scheduler.definition import SchedulerSettings
from scheduler.home import Home
from scheduler.ledger import segment_states, snapshot
from scheduler.ledger.open import open_ledger
from scheduler.ownership.home_identity import remember
from scheduler.rules.reconcile import reconcile
from scheduler.rules.state import State
from scheduler.service.launcher import Launcher
from scheduler.service.loop import Scheduler
from scheduler.service.supervisor import Supervisor
from tests.support.command import Answer, call
from tests.support.forger import Forger
from tests.support.home import make_home, record
from tests.support.ledger import Writer, files_of
from tests.support.world import BEGIN, Machine, NoOutput, SimulatedClock, SimulatedSpawner, World, job

JOBS = ("alpha", "beta", "gamma")
CONFIG = "jobs:\n" + "".join(
    f'  {name}:\n    command: ["true"]\n    schedule: "0 * * * *"\n    timezone: UTC\n' for name in JOBS
)
SEGMENT_ENTRIES = 32
BOUND_S = 20
"""So long may a question take: many times what it takes on a busy machine."""

DERIVED: list[tuple[str, ...]] = [
    ("export", "runs"),
    ("export", "events", "--format", "cloudevents"),
    ("sql", "--derive", "--json", "SELECT job, count(*), max(duration_ms) FROM runs GROUP BY job ORDER BY job"),
    ("ledger", "verify", "--json"),
    ("jobs", "why", "alpha", "--at", "2026-01-01T05:00:00Z", "--json"),
    ("jobs", "why", "beta", "--at", "2026-01-01T11:00:00Z", "--json"),
    ("jobs", "list", "--as-of", "70", "--json"),
    ("jobs", "show", "gamma", "--as-of", "2026-01-01T07:30:00Z", "--json"),
    ("ledger", "tail", "--json"),
]  # fmt: skip
"""What docs/decisions/0016 says is derived from the entries, or from what an entry records."""
ON_FAITH: list[tuple[str, ...]] = [
    ("sql", "--json", "SELECT count(*) FROM runs"),
    ("jobs", "history", "--json"),
    ("jobs", "timeline", "--since", "2026-01-01", "--until", "2026-01-02"),
    ("logs", "view", "--json"),
    ("logs", "summary"),
    ("projections", "status", "--json"),
    ("projections", "status", "--verify"),
    ("projections", "rebuild"),
    ("status", "--json"),
    ("jobs", "list", "--json"),
]
"""What may say anything, as long as it says something."""


class Answers(NamedTuple):
    """Homes from before, and what is answered where nobody altered anything."""

    home: Home
    other: Home
    older: Home
    derived: dict[tuple[str, ...], str]
    decided: list[Any]


def prepared(root: Path, hours: int) -> Home:
    """A home of which everything was made, with runs enough for several segments and an active one."""
    world = World(*(job(name) for name in JOBS))
    world.start()
    world.run(hours * 3_600.0)
    first, *others = world.entries()
    home = make_home(root, CONFIG)
    with closing(Writer(root, SEGMENT_ENTRIES, now=first.time, step=timedelta(0))) as writer:
        for entry in others:
            writer.now = entry.time
            data = msgspec.json.decode(entry.data)
            writer.append(Event(type=entry.type, actor=entry.actor, data=data, job=entry.job, run=entry.run))
    segment_states.keep_all(home)
    keep(home)
    return home


def keep(home: Home) -> None:
    """Keep all that is derived."""
    ledger = open_ledger(home, v.SCHEDULER)
    snapshot.write(home.snapshots, ledger, v.SCHEDULER)
    ledger.store.close()
    maintain(home)
    assert call("logs", "view", home=home.root).code == 0
    home.config_in_force.write_text(CONFIG)
    remember(home)


def copied(home: Home, target: Path) -> Home:
    """The same home elsewhere, which takes itself for the only one."""
    shutil.copytree(home.root, target, symlinks=True)
    remember(Home(target))
    return Home(target)


@pytest.fixture(scope="module", autouse=True)
def _early_active_segment() -> Iterator[None]:
    """A projection of the active segment is made after a few entries, as after thousands."""
    with mock.patch.object(active_segment, "LAG_ENTRIES", 4):
        yield


@pytest.fixture(scope="module")
def sound(tmp_path_factory: pytest.TempPathFactory) -> Answers:
    """What a home that nobody altered answers."""
    folder = tmp_path_factory.mktemp("sound")
    home, other = prepared(folder / "home", 12), prepared(folder / "other", 10)
    older = copied(home, folder / "older")
    record(home, v.event(v.JobDisabled(reason="it is late"), "user:ann@web1", job="beta"))
    keep(home)
    asked = copied(home, folder / "asked")
    derived = {}
    for question in DERIVED:
        answer = call(*question, home=asked.root)
        assert answer.code == 0, (question, answer)
        derived[question] = said(answer, asked)
    return Answers(home, other, older, derived, decisions(asked))


def said(answer: Answer, home: Home) -> str:
    """What a command answered, wherever the home is."""
    return answer.out.replace(str(home.root), "HOME")


def decisions(home: Home) -> list[Any]:
    """What a scheduler that starts on the home records first, at a moment soon after its last entry."""
    machine = Machine(SimulatedClock(BEGIN + timedelta(hours=13, minutes=5)))
    ledger = open_ledger(home, v.SCHEDULER, clock=machine.clock)
    with closing(ledger.store):
        begin = ledger.state.head.seq + 1
        executor = machine.executor()
        scheduler = Scheduler(
            ledger, machine.clock, Supervisor(SimulatedSpawner(machine), NoOutput), Launcher(home, {}), executor,
            SchedulerSettings(max_parallel=8), lambda one: one in machine.alive,
        )  # fmt: skip
        definitions = {name: job(name) for name in JOBS}

        def opening(state: State, now: datetime) -> list[Any]:
            started = v.SchedulerStarted(pid=1, host="sim", boot_id="b", versions={}, boottime_ms=1)
            return [v.event(started, v.SCHEDULER), *reconcile(state, definitions, "c", now)]

        scheduler.start(opening)
        for _ in range(3):
            machine.clock.pass_(60)
            scheduler.turn()
        return [(entry.type, entry.job, entry.run, entry.data) for entry in ledger.store.read(begin)]


@contextmanager
def bounded() -> Iterator[None]:
    """Nothing hangs."""

    def late(number: int, frame: FrameType | None) -> None:
        raise AssertionError("it hangs")

    before = signal.signal(signal.SIGALRM, late)
    signal.setitimer(signal.ITIMER_REAL, BOUND_S)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


class Forged:
    """A home that was altered, and what lies beside it."""

    def __init__(self, sound: Answers, folder: Path, seed: int) -> None:
        self.sound = sound
        self.home = copied(sound.home, folder / "home")
        self.outside = folder / "outside"
        self.outside.mkdir()
        for name in ("precious", ".profile", "1-2", f"{0:020d}.parquet", "2026-03-01.jsonl", "manifest.json"):
            (self.outside / name).write_text("mine\n")
        self.before = files_of(self.outside)
        self.forger = Forger(self.home, other=sound.other, older=sound.older, outside=self.outside, seed=seed)

    def ask(self, question: tuple[str, ...]) -> None:
        """It is answered as ever, or with a sentence; nothing outside is touched."""
        with bounded():
            answer = call(*question, home=self.home.root)
        self._holds(answer.code in (0, 1, 2, 3), f"{question} ended with {answer}")
        self._holds(answer.code == 0 or bool(answer.err or answer.out), f"{question} said nothing: {answer}")
        if question in self.sound.derived and answer.code == 0:
            told = said(answer, self.home).splitlines()
            wrong = list(unified_diff(self.sound.derived[question].splitlines(), told, n=0))
            self._holds(not wrong, f"{question} is answered wrongly: {wrong}")
        self.check_outside(question)

    def decide(self) -> None:
        """A scheduler decides as it does on a home that nobody altered."""
        with bounded():
            decided = decisions(self.home)
        self._holds(decided == self.sound.decided, "a scheduler decides otherwise")
        self.check_outside("a scheduler")

    def check_outside(self, who: object) -> None:
        """Nothing there was written, made or removed."""
        self._holds(files_of(self.outside) == self.before, f"{who} touched what is outside")

    def _holds(self, fact: bool, words: str) -> None:
        assert fact, f"{words}\nafter {self.forger.done}"


def test_a_forged_home_is_answered_from_the_entries(sound: Answers, tmp_path: Path, hunt: bool) -> None:
    """Whatever was altered, what is derived stays as it was or is refused, and what is not harms nothing."""
    for seed in range(400 if hunt else 4):
        forged = Forged(sound, tmp_path / str(seed), seed)
        chance = random.Random(seed)
        forged.forger.forge(chance.choice([1, 2, 5, 15]))
        questions = [*DERIVED, *ON_FAITH]
        chance.shuffle(questions)
        for question in questions if hunt else questions[:3]:
            forged.ask(question)
        forged.decide()  # the last, for it appends
        shutil.rmtree(tmp_path / str(seed))


def test_forged_rows_are_found(sound: Answers, tmp_path: Path, hunt: bool) -> None:
    """Rows that were altered in a projection, with every stamp and digest renewed, are told and made anew."""
    for seed in range(60 if hunt else 1):
        forged = Forged(sound, tmp_path / str(seed), seed)
        path = random.Random(seed).choice(sorted(forged.home.projections.rglob("*.parquet")))
        before = rows_of(path)
        while rows_of(path) == before:
            forged.forger.rows(path)
        forged.forger.renew()
        answer = call("projections", "status", "--verify", "--json", home=forged.home.root)
        assert (answer.code, answer.document["damaged"]) == (1, [str(path)])
        forged.ask(("projections", "status", "--verify"))
        query = ("sql", "--json", "SELECT count(*) AS n, max(seq) AS last FROM events")
        assert (
            call(*query, home=forged.home.root).document
            == call(*query, "--derive", home=forged.home.root).document
        )


def rows_of(path: Path) -> tuple[object, object]:
    """What stands in a projection."""
    with duckdb.connect() as engine:
        found = engine.execute(f"FROM read_parquet('{path}')")
        return found.description, found.fetchall()
