"""Two copies of one home on one machine, whatever is done with them: neither touches what is the other's."""

from __future__ import annotations

import contextlib
import os
import random
import shutil
import signal
import subprocess
from pathlib import Path

import pytest

from scheduler import vocabulary as v
from scheduler.processes.recognition.identity import process_is
from scheduler.rules.laws.ledger_laws import illegal_entries
from tests.support.command import await_fact, finished
from tests.support.home import LiveHome, entries_of, write_config
from tests.support.served import Served

CONFIG = """\
scheduler: {shutdown: %s, shutdown_grace: 1s}
jobs:
  long: {command: "exec sleep 300", at: "2099-01-01T00:00:00Z", overlap: allow, timezone: UTC}
  ticker: {command: "true", every: 1s, catch_up: none}
"""


class CopyOf:
    """A home and what the test knows of it.

    Attributes:
        live: the home; it may be named by a path through a link.
        is_copy: whether it was copied and has not been adopted.
        processes: numbers of the processes that it has started and that nobody stopped there.
        asked: those that were asked to stop there: they end in their time, or when a scheduler comes.
        inherited: the runs that were going when it was copied: they are another home's.
    """

    def __init__(self, root: Path, *, is_copy: bool) -> None:
        self.live, self.is_copy = LiveHome(root), is_copy
        self.processes, self.asked = set[int](), set[int]()
        self.served: Served | None = None
        self.inherited: set[int | None] = set()

    @property
    def going(self) -> set[int | None]:
        """The runs that began and have not ended, by its ledger."""
        entries = entries_of(self.live.root)
        began = {entry.run for entry in entries if entry.type == v.RunStarted.TYPE and entry.job == "long"}
        return began - {entry.run for entry in entries if entry.type == v.RunFinished.TYPE}

    @property
    def is_executing(self) -> bool:
        """Whether a process lives that watches one of its runs, be it those that were copied along."""
        started = [
            v.payload(entry) for entry in entries_of(self.live.root) if entry.type == v.RunStarted.TYPE
        ]
        return any(process_is(data.executor_pid, data.executor_start_ticks) for data in started)

    def stamps(self) -> dict[str, tuple[int, int]] | None:
        """What tells whether somebody has written here, by path; None while its own processes may."""
        if self.served is not None or self.is_executing:
            return None
        var = self.live.root / "var"
        found = {}
        for path in (var / "identity.json", var / "config-in-force.yaml", *self.live.ledger.glob("*")):
            with contextlib.suppress(FileNotFoundError):
                status = path.lstat()
                found[str(path)] = status.st_size, status.st_mtime_ns
        return found


class Copies:
    """A home, a copy of it, and deeds that a seed draws.

    Attributes:
        homes: the original, and the copies.
        done: what was done, for whoever looks for the cause of a failure.
    """

    def __init__(self, folder: Path, seed: int) -> None:
        self.folder, self.chance, self.done = folder, random.Random(seed), list[str]()
        self._names = iter(range(1_000))
        first = CopyOf(self._path(), is_copy=False)
        write_config(first.live.root, CONFIG % self.chance.choice(["stop", "leave"]))
        if self.chance.random() < 0.5:
            assert first.live.ask("jobs", "enable", "long").code == 0  # there is a ledger before anything ran
        self.homes = [first]

    def _path(self) -> Path:
        return self.folder / f"home-{next(self._names)}"

    def _processes(self) -> set[int]:
        return processes(self.folder)

    # -- deeds ---------------------------------------------------------------------------------------------------

    def serve(self, home: CopyOf) -> None:
        """A scheduler begins, but not in a copy that nobody has adopted."""
        if home.served is not None:
            assert "already" in finished(home.live.start("serve")).err
        elif home.is_copy:
            answer = home.live.ask("serve")
            assert (answer.code, "is a copy of another one" in answer.err) == (2, True), answer
        else:
            home.served = Served(home.live.root)

    def run(self, home: CopyOf) -> None:
        """A run begins, by the scheduler or without one."""
        before = self._processes()
        answer = home.live.run("jobs", "run", "long", "--no-wait")
        if home.is_copy and home.served is None:
            assert (answer.code, "is a copy of another one" in answer.err) == (2, True), answer
            return
        assert answer.code == 0, answer
        await_fact(lambda: len(self._processes() - before) > 0)
        home.processes |= self._processes() - before

    def cancel(self, home: CopyOf) -> None:
        """All its runs are asked to stop; those of a copy that nobody has adopted are another's."""
        answer = home.live.ask("jobs", "cancel", "long")
        assert answer.code in (0, 1), answer
        if answer.code == 0 and home.is_copy:
            assert "is a copy of another one" in answer.err, answer
        home.asked, home.processes = home.asked | home.processes, set()
        if home.served is not None:
            await_fact(lambda: not home.asked & self._processes())
            await_fact(lambda: not home.going)

    def stop(self, home: CopyOf) -> None:
        """Its scheduler ends in an orderly way, if there is one."""
        if home.served is not None:
            home.served.stop_at_once()
            self._gone(home)

    def kill(self, home: CopyOf) -> None:
        """Its scheduler is killed, if there is one."""
        if home.served is not None:
            home.served.kill()
            self._gone(home)

    def _gone(self, home: CopyOf) -> None:
        home.served = None
        home.processes &= self._processes()

    def adopt(self, home: CopyOf) -> None:
        """Somebody says that it goes on by itself."""
        home.inherited |= home.going if home.is_copy else set()
        if self.chance.random() < 0.5 and home.served is None:
            home.served = Served(home.live.root, None, "--adopt-home")
        else:
            assert home.live.ask("home", "adopt").code == 0
        home.is_copy = False

    def copy(self, home: CopyOf) -> None:
        """`cp -a`, in whatever moment; one of which the ledger was written meanwhile may be refused."""
        if len(self.homes) > 2:
            return
        target = self._path()
        subprocess.run(
            ["cp", "-a", str(home.live.root.resolve()), str(target)], check=False, stderr=subprocess.DEVNULL
        )
        copied = CopyOf(target, is_copy=home.is_copy or (target / "var" / "identity.json").exists())
        answer = copied.live.ask("ledger", "verify") if copied.live.ledger.exists() else None
        if answer is None or answer.code in (0, 1):
            self.homes.append(copied)
            if copied.is_copy and self.chance.random() < 0.5:
                self.adopt(copied)
        else:
            assert (answer.code, bool(answer.err or answer.out)) == (3, True), answer

    def move(self, home: CopyOf) -> None:
        """It is renamed while no scheduler serves it, and stays what it was; a new copy takes its old place."""
        if home.served is None and not home.processes and len(self.homes) < 3:
            old, new = home.live.root.resolve(), self._path()
            old.rename(new)
            home.live = LiveHome(new)
            shutil.copytree(new, old, symlinks=True)
            self.homes.append(CopyOf(old, is_copy=home.is_copy or (old / "var" / "identity.json").exists()))

    def link(self, home: CopyOf) -> None:
        """From now on it is named by another path."""
        if home.served is None:
            path = self._path()
            path.symlink_to(home.live.root.resolve())
            home.live = LiveHome(path)

    def status(self, home: CopyOf) -> None:
        """It says whether it is a copy."""
        answer = home.live.ask("status", "--json")
        assert answer.document["home_is_copy"] == home.is_copy, answer

    # -- what must hold ------------------------------------------------------------------------------------------

    def step(self) -> None:
        """One deed on one home; the others stay as they are, and so do their processes."""
        home = self.chance.choice(self.homes)
        deeds = [
            self.serve,
            self.run,
            self.cancel,
            self.stop,
            self.kill,
            self.adopt,
            self.copy,
            self.link,
            self.move,
        ]
        deed = self.chance.choices([*deeds, self.status], [5, 6, 2, 3, 2, 3, 4, 1, 1, 1])[0]
        self.done.append(f"{deed.__name__} {self.homes.index(home)}")
        others = [other for other in self.homes if other is not home]
        before = [other.stamps() for other in others]
        deed(home)
        for other, stamps in zip(others, before, strict=True):
            assert other.processes <= self._processes(), (
                f"a process of another home is gone after {self.done}"
            )
            assert stamps is None or stamps == other.stamps(), f"another home was written after {self.done}"

    def end(self) -> None:
        """All is stopped; each ledger is sound, and each run ended as it did."""
        for home in self.homes:
            self.stop(home)
        for home in self.homes:
            for entry in home.live.entries(v.RunFinished.TYPE):
                if entry.job != "long":
                    continue
                outcome = v.payload(entry).outcome
                allowed = {"lost"} if entry.run in home.inherited else {"cancelled", "lost"}
                assert outcome in allowed, (outcome, entry.run, self.done)
        for pid in set[int]().union(*(home.processes | home.asked for home in self.homes)):
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        await_fact(lambda: not any(home.is_executing for home in self.homes))
        for home in self.homes:
            if home.live.entries():
                home.live.check()
                assert list(illegal_entries(home.live.entries())) == [], self.done


def processes(folder: Path) -> set[int]:
    """The programs of runs that are going, of all homes in a folder; other tests have runs of their own meanwhile."""
    found = set()
    for process in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            if (process / "cmdline").read_bytes() != b"sleep\x00300\x00":
                continue
            if b"CRONLEDGER_HOME=%s/" % os.fsencode(folder) in (process / "environ").read_bytes():
                found.add(int(process.name))
    return found


@pytest.fixture
def steps(hunt: bool) -> int:
    """How many deeds a life has."""
    return 25 if hunt else 6


@pytest.mark.real
def test_copies_leave_each_other_alone(tmp_path: Path, hunt: bool, steps: int) -> None:
    """Whatever is done with one of them."""
    for seed in range(60) if hunt else [106]:
        copies = Copies(tmp_path / str(seed), seed)
        for _ in range(steps):
            copies.step()
        copies.end()
