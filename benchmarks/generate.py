"""Long ledgers, quickly: valid to the last byte, and as the scheduler would have left them.

    python -m benchmarks.generate HOME ENTRIES [JOBS [MINUTES]]

Jobs that run every minute, or every so many, have done so for as long as it takes; every entry went through the
journal itself, only without waiting for the disk, not even between segments. The ledger ends where a scheduler was
killed an hour ago, right after the results of a minute. Its newest snapshot is as old as snapshots are on average,
and the state at the end of each full segment is kept.
"""

from __future__ import annotations

import shutil
import sys
import time
from collections import deque
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec

from benchmarks.bench import Bench
from benchmarks.homes import write_config
from benchmarks.observer import make_programs
from eventstore.durable import Disk
from eventstore.journal import Journal
from eventstore.segment import SEGMENT_ENTRIES
from eventstore.store import Entry, Event, Head
from scheduler import vocabulary as v
from scheduler.configuration.home_config import load_config
from scheduler.definition import JobDefinition
from scheduler.home import Home
from scheduler.ledger import snapshot
from scheduler.ledger.state_file import Draft, draft
from scheduler.processes.recognition import identity
from scheduler.rules.evolve import fold
from scheduler.rules.reconcile import reconcile
from scheduler.rules.runs.run_events import started
from scheduler.rules.state import Executor, Run, State
from scheduler.version import VERSION, versions

JOBS = 200
MINUTE = timedelta(minutes=1)
ENTRIES_PER_RUN = 3
LATENESS = timedelta(microseconds=900)
_SCATTER = 2_654_435_761
"""Runs of a job are numbered in even steps; by their number times this they fail now and then."""
_DIGEST = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"


class _UnhurriedDisk(Disk):
    """Lets the kernel write when it likes: what a power failure takes is generated again."""

    def fdatasync(self, fd: int) -> None:
        """Go on at once."""

    def fsync(self, fd: int) -> None:
        """Go on at once."""


def generate(
    home: Home,
    entries: int,
    *,
    jobs: int = JOBS,
    command: list[str] | None = None,
    end: datetime | None = None,
    every_minutes: int = 1,
    segment_entries: int = SEGMENT_ENTRIES,
) -> Head:
    """Make a home with a ledger of at least so many entries, and less than one more instant of all jobs.

    Args:
        home: an empty folder.
        entries: how many; those that every beginning needs come on top.
        jobs: how many jobs there are.
        command: what they run.
        end: the minute after the last one of the ledger; an hour ago if not given.
        every_minutes: how far apart the instants of each job are; a divisor of 60.
        segment_entries: how many entries a segment holds.
    """
    instants = -(-entries // (ENTRIES_PER_RUN * jobs))
    every = every_minutes * MINUTE
    end = (end or datetime.now(UTC) - timedelta(hours=1)).replace(second=0, microsecond=0)
    end -= timedelta(minutes=end.minute % every_minutes)
    names = [f"job-{number:03d}" for number in range(jobs)]
    schedule = {1: "* * * * *", 60: "0 * * * *"}.get(every_minutes, f"*/{every_minutes} * * * *")
    write_config(home, {name: {"schedule": schedule, "command": command or ["/bin/true"]} for name in names})
    history = _History(home, end - instants * every - MINUTE, segment_entries)
    snapshot_instant = max(0, instants - snapshot.EVERY_ENTRIES // 2 // (ENTRIES_PER_RUN * jobs))
    try:
        for instant in range(1, instants + 1):
            head = history.journal.head()
            recorded = history.live(end + (instant - 1 - instants) * every)
            if instant in (1, snapshot_instant):
                history.remember(head, recorded)
            history.keep_full_segments()
        return history.journal.head()
    finally:
        history.journal.close()


def long_home(bench: Bench, entries: int, *, jobs: int = JOBS, every_minutes: int = 1) -> Home:
    """A home with a long ledger, which the comparisons share: to be read or copied, never served."""
    other = "" if (jobs, every_minutes) == (JOBS, 1) else f"-{jobs}-{every_minutes}"
    home = Home(bench.folder / f"long-{entries}{other}")
    if not home.root.exists():
        bench.note(f"generating {entries:,} entries of {jobs:,} jobs")
        command = [str(make_programs(bench.folder / f"programs-{entries}{other}", 1)[0])]
        generate(home, entries, command=command, jobs=jobs, every_minutes=every_minutes)
    return home


def programs_of(home: Home) -> list[str]:
    """What the jobs of a generated home run."""
    command = next(iter(load_config(home).jobs.values())).definition.command
    assert isinstance(command, list), "a generated command is a list"
    return command


def copy_home(source: Home, copy: Home) -> None:
    """Copy a home; full segments are never written again and are linked."""
    newest = max(source.ledger.glob("*.jsonl"))

    def link_or_copy(here: str, there: str) -> str:
        if here.endswith((".jsonl", ".seal")) and Path(here) != newest:
            Path(there).hardlink_to(here)
            return there
        return str(shutil.copy2(here, there))

    shutil.copytree(source.root, copy.root, copy_function=link_or_copy)


class _History:
    """A home's past, as it is being made up."""

    def __init__(self, home: Home, begin: datetime, segment_entries: int) -> None:
        self._home, self._now = home, begin
        self._state = State()
        self._segment_entries, self._kept = segment_entries, 0
        self._newest: deque[tuple[Head, list[Entry]]] = deque(maxlen=2)
        config = load_config(home)
        self._jobs: list[JobDefinition] = [job.definition for job in config.jobs.values()]
        host, boot = identity.host_name(), identity.boot_id()
        self._executor = Executor(host, boot, 4_194_303, 1)
        software = f"cronledger {VERSION}"
        self.journal = Journal.open(
            home.ledger, software=software, clock=lambda: self._now, fsync="never", disk=_UnhurriedDisk(),
            segment_entries=segment_entries,
        )  # fmt: skip
        opening = v.SchedulerStarted(
            pid=self._executor.pid, host=host, boot_id=boot, versions=versions(), config=config.digest
        )
        definitions = {definition.name: definition for definition in self._jobs}
        fold(self._state, self.journal.read(0))
        events = [v.event(opening, v.SCHEDULER), *reconcile(self._state, definitions, config.digest, begin)]
        fold(self._state, self.journal.append(events))

    def live(self, instant: datetime) -> list[Entry]:
        """One minute: every job falls due, is started, and ends."""
        self._now = instant + LATENESS
        before = self.journal.head()
        first = before.seq + 1
        local = instant.isoformat()
        tick = v.ScheduleTicked(scheduled_for=instant, local_time=local, timezone="UTC", lateness_ms=1)
        runs = [
            Run(first + number, job.name, "schedule", self._now, scheduled_for=instant)
            for number, job in enumerate(self._jobs)
        ]
        events = [v.event(tick, v.SCHEDULER, job=run.job, run=run.number) for run in runs]
        events += [started(run, job, self._executor, None) for run, job in zip(runs, self._jobs, strict=True)]
        recorded = self.journal.append(events)
        begun, self._now = self._now, self._now + timedelta(milliseconds=140)
        recorded += self.journal.append([_result(run, begun) for run in runs])
        self._newest.append((before, recorded))
        return recorded

    def remember(self, head: Head, recorded: list[Entry]) -> None:
        """Write the snapshot behind these entries; what came before them changes nothing in it but the head."""
        self._state.head = head
        fold(self._state, recorded)
        made = draft(self._home.snapshots, self._state)
        snapshot.publish(made, self._noted(made))

    def keep_full_segments(self) -> None:
        """Keep the state at the end of each segment that is full now, and record that."""
        while (end := (self._kept + 1) * self._segment_entries - 1) <= self.journal.head().seq:
            state = msgspec.msgpack.decode(msgspec.msgpack.encode(self._state), type=State)
            # As in a snapshot, but a segment may end in the middle of an instant.
            state.head = self._newest[0][0]
            fold(state, (entry for _, each in self._newest for entry in each if entry.seq <= end))
            made = draft(self._home.segment_states, state, packed=True)
            made.publish(self._noted(made))
            self._kept += 1

    def _noted(self, made: Draft) -> int:
        """The entry that records a state."""
        recorded = self.journal.append([v.event(made.payload, v.SCHEDULER)])
        self._newest[-1][1].extend(recorded)
        return recorded[0].seq


def _result(run: Run, begun: datetime) -> Event:
    """How a run came out: one in a hundred fails, of any job, and one in three says something."""
    fails, speaks = run.number * _SCATTER % 2**32 < 2**32 // 100, run.number % 3 == 0
    payload = v.RunFinished(
        trigger="schedule",
        started=begun,
        outcome="failed" if fails else "succeeded",
        attempt=1,
        scheduled_for=run.scheduled_for,
        duration_ms=20 + run.number % 120,
        exit_code=1 if fails else 0,
        cpu_ms=run.number % 17,
        memory_peak_bytes=(8 << 20) + (run.number % 512 << 12),
        stdout_bytes=run.number % 4_000 if speaks else 0,
        stdout_sha256=_DIGEST if speaks else None,
    )
    return v.event(payload, v.SCHEDULER, job=run.job, run=run.number)


def main() -> None:
    """Make one, and say how long it took."""
    home, numbers = Home(Path(sys.argv[1]).resolve()), [int(each) for each in sys.argv[2:]]
    entries, jobs, every_minutes = (*numbers, *(JOBS, 1)[len(numbers) - 1 :])
    begun_s = time.monotonic()
    head = generate(home, entries, jobs=jobs, every_minutes=every_minutes)
    taken_s = time.monotonic() - begun_s
    print(f"{head.seq + 1:,} entries in {taken_s:.1f} s ({(head.seq + 1) / taken_s:,.0f}/s)")


if __name__ == "__main__":
    main()
