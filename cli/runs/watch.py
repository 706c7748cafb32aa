"""The runs that a command waits for: what the ledger says about them, and what they print."""

from __future__ import annotations

import sys
from collections.abc import Iterable

import click

from cli.app.failures import complain
from cli.runs.live_output import OutputFollower
from cli.runs.settled_run import SettledRun, last_words
from cli.terminal.console import fitted, paint, wants_colour
from cli.terminal.printable import printable
from cli.times.show import show_past
from cli.words.entry_lines import sentence
from cli.words.words import actor_words
from eventstore.store import Entry
from scheduler import vocabulary as v
from scheduler.rules.runs.attempts import settles
from scheduler.rules.state import Run, State
from scheduler.wording.entries import signs_of

_LONG_S = 60.0


class WatchedRuns:
    """Runs from their request to the last byte that they printed.

    Args:
        follower: shows what they print; None: nothing is shown, not even how they end.
        state: the state that is folded from the entries.

    Attributes:
        settled: the runs that are settled and shown, in that order.
    """

    def __init__(self, follower: OutputFollower | None, state: State) -> None:
        self._follower, self._state = follower, state
        self._wanted: dict[int, str] = {}
        self._begun: set[int] = set()
        self._ending: dict[int, Entry] = {}
        self._attempts: dict[int, Entry] = {}
        self._obstacles: dict[int, Run] = {}
        self.settled: dict[int, SettledRun] = {}

    def want(self, run: int, job: str, so_far: Iterable[Entry] = ()) -> None:
        """Wait for one more run; `so_far` are the entries that were recorded about it before."""
        self._wanted[run] = job
        for entry in so_far:
            self.notice(entry)

    def notice(self, entry: Entry) -> None:
        """Note an entry; this must be called with each entry right after the entry is folded."""
        if entry.run is None or entry.run not in self._wanted:
            return
        if entry.type == v.RunStarted.TYPE:
            self._begun.add(entry.run)
            if self._follower is not None:
                self._show_attempt(entry.run)
                job = self._state.jobs.get(entry.job or "")
                self._follower.started(entry, None if job is None else job.definition)
        elif entry.type in v.ENDINGS and not settles(entry):
            if self._follower is not None:
                self._attempts[entry.run] = entry
                self._follower.finished(entry)
        elif entry.type in v.ENDINGS:
            self._ending[entry.run] = entry
            if self._follower is not None:
                self._follower.finished(entry)
            if entry.type == v.RunSkipped.TYPE:
                other = self._state.runs.get(v.payload(entry).because_of or -1)
                if other is not None:
                    self._obstacles[entry.run] = other

    def pump(self) -> float:
        """Show new output and ends of runs; returns in how many seconds to call this again, at most."""
        wait_s = _LONG_S if self._follower is None else self._follower.pump()
        for run in list(self._attempts):
            if self._follower is None or self._follower.shown(run):
                self._show_attempt(run)
        for run, entry in list(self._ending.items()):
            if self._follower is None or self._follower.shown(run):
                del self._ending[run]
                self.settled[run] = SettledRun.of(entry)
                if self._follower is not None:
                    elsewhere = "" if self._follower.has_files(run) else elsewhere_words(entry)
                    self._follower.forget(run)
                    self._show_end(entry, elsewhere)
        return wait_s

    def open_runs(self) -> dict[int, str]:
        """The runs that are not settled, with their jobs."""
        return {
            run: job
            for run, job in self._wanted.items()
            if run not in self.settled and run not in self._ending
        }

    @property
    def done(self) -> bool:
        """Whether all runs are settled and shown."""
        return len(self.settled) == len(self._wanted)

    def skip_words(self, run: int) -> str:
        """Why a run was skipped, in words; empty if it was not."""
        entry = self._ending.get(run)
        return sentence(entry) if entry is not None and entry.type == v.RunSkipped.TYPE else ""

    def has_begun(self, run: int) -> bool:
        """Whether a run has started."""
        return run in self._begun

    def close(self) -> None:
        """Stop following; a complaint says if a part of the output could not be shown."""
        if self._follower is None:
            return
        problem = self._follower.problem
        self._follower.close()
        if problem is not None and not isinstance(problem, BrokenPipeError):
            complain(f"the output could not be shown: {problem.strerror}; it is kept under var/logs/output")

    def _show_attempt(self, run: int) -> None:
        """Say how an attempt ended that another one follows, if that has not been said."""
        entry = self._attempts.pop(run, None)
        if entry is not None and self._follower is not None:
            self._follower.forget(run)
            self._show_end(entry)

    def _show_end(self, entry: Entry, more: str = "") -> None:
        assert self._follower is not None, "nothing is shown without one"
        self._follower.end_line()
        colour = wants_colour(sys.stderr)
        text = fitted(last_words(entry), sys.stderr, hang=2)
        click.echo(paint(text, signs_of(entry).tone, colour), err=True, color=colour)
        if more:
            click.echo(fitted(f"  {more}", sys.stderr, hang=2), err=True)
        other = self._obstacles.get(-1 if entry.run is None else entry.run)
        if other is not None:
            click.echo(fitted(f"  {obstacle_words(other, entry)}", sys.stderr, hang=2), err=True)


def elsewhere_words(entry: Entry) -> str:
    """That what an attempt printed is on another node, given how it ended; empty if it printed nothing, or not so."""
    if entry.type != v.RunFinished.TYPE:
        return ""
    end = v.payload(entry)
    if end.node is None or not (end.stdout_bytes or end.stderr_bytes):
        return ""
    node = printable(end.node)
    return f"it ran on {node}, and what it printed is there: `cronledger logs show {entry.run}` on {node} shows it"


def obstacle_words(run: Run, seen: Entry) -> str:
    """Which run is in the way, since when and at whose request: the one to wait for or to cancel."""
    who = actor_words(run.actor) if run.trigger == "manual" else "its schedule"
    since = f"started {show_past(run.started, seen.time)}" if run.started else "not started yet"
    if run.waits_for_retry:
        since = f"waiting for its attempt {run.attempt + 1}"
    return f"run {run.number} is in the way: {since}, by {who}; `cronledger jobs cancel {run.number}` would stop it"
