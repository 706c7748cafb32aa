"""`cronledger serve`: the scheduler in the foreground, printing each event as it happens."""

from __future__ import annotations

import contextlib
import gc
import os
import sys
from collections.abc import Mapping
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING, Final

import click

from cli.app.error_boundary import passing_failures
from cli.app.failures import Failure
from cli.app.invocation import invocation
from cli.app.ledger_wait import patience_explained
from cli.app.node_failures import refused_nodes
from cli.background.heartbeat_pinger import HeartbeatPinger
from cli.background.leader_programs import LeaderPrograms
from cli.background.log_collector import LogCollector
from cli.background.sealer import Sealer
from cli.home.copied import copied
from cli.home.open import to_read
from cli.terminal.console import fitted, paint, wants_colour
from cli.terminal.line_printer import LinePrinter, Text
from cli.terminal.printable import printable, show_count
from cli.times.show import MACHINES_ZONE, local_zone, show_relative, show_time, utc_option
from cli.words.entry_lines import EventLines
from cli.words.scheduler_words import clock_was_ahead_words, full_slots_words, upgraded_words
from eventstore.store import Entry
from scheduler.home import Home
from scheduler.ownership.home_identity import HomeCopied
from scheduler.rules.requests.upcoming import Outlook, UpcomingRun, jobs_settled_ahead
from scheduler.scheduler_lock import AlreadyRunning, Holder
from scheduler.service.announcements import (
    Announcement,
    AppliedNotUnderstood,
    CalendarsKept,
    CannotLeave,
    ChannelsNamed,
    ClockOff,
    ConfigNotUsed,
    ConfigUnended,
    DatabaseAway,
    DatabaseBack,
    Follows,
    FsyncEdited,
    Killing,
    Leads,
    Leaving,
    LockMadeAgain,
    NodeAnnouncement,
    NodeReady,
    NotApplied,
    NotForked,
    NothingApplied,
    PingsWanted,
    Ready,
    SlotsTaken,
    Stopping,
    TelemetryNamed,
    Upgraded,
)
from scheduler.vocabulary import ClockStepped, payload

if TYPE_CHECKING:
    from scheduler.service.serving import Serving

_AboutConfig = (
    ConfigNotUsed
    | CalendarsKept
    | ConfigUnended
    | FsyncEdited
    | NotApplied
    | NothingApplied
    | AppliedNotUnderstood
)

_SAYINGS: Final = {
    CannotLeave: "Note: this is process 1, which no run can outlive: at the end runs are stopped, not left going.",
    Killing: "Hurrying: runs are killed.",
    LockMadeAgain: "Note: somebody deleted var/scheduler.lock. It is there again; nothing else became of it.",
}
"""What is said in the same words each time."""


@click.command(epilog="Example: cronledger --home ~/jobs serve")
@click.option(
    "--adopt-home",
    is_flag=True,
    help="If the home is a copy of another one, let it go on by itself; see `cronledger home adopt`.",
)
@click.option(
    "--leave-runs",
    is_flag=True,
    help="Leave runs going when the scheduler stops, as `shutdown: leave` does; the next one takes them over.",
)
@utc_option(MACHINES_ZONE)
@click.pass_obj
def serve(home: Home, adopt_home: bool, leave_runs: bool, utc: bool) -> None:
    """Run the scheduler in the foreground, and print each event as it happens.

    What was missed while no scheduler ran is caught up as each job's `catch_up` says. An edited config is
    picked up by itself. Ctrl-C and SIGTERM stop it in an orderly way: nothing more is started, and `shutdown` in
    the config says what becomes of runs. With `stop` they get `shutdown_grace` to end, then they are stopped; with
    `wait` they are waited for; a second Ctrl-C kills them. With `leave` they go on, and the next scheduler takes
    them over: docs/restarts.md tells more. One scheduler serves a home at a time.

    Where the ledger is in a database, this is one node of several: all execute runs, and one of them leads. The node
    has the name in CRONLEDGER_NODE, else that of the host. What `config apply` recorded is in force, not the file.
    """
    from scheduler.service.serving import StoppedBeforeItServed, Unsupported

    console = _Console(home, "UTC" if utc else local_zone())
    gc.disable()  # nearly all that start-up makes stays; `Serving.run` enables it when all is there
    try:
        with passing_failures(), refused_nodes():
            _opened(home, console, adopt=adopt_home, leave_runs=leave_runs).run()
    except StoppedBeforeItServed:
        pass
    except HomeCopied:
        raise copied(home) from None
    except AlreadyRunning as problem:
        raise _already_served(home, problem.holder) from None
    except Unsupported as problem:
        raise Failure(
            str(problem), "The scheduler needs Linux 5.4 or later; all else works here too."
        ) from None
    finally:
        gc.enable()
        console.close()


def _opened(home: Home, console: _Console, *, adopt: bool, leave_runs: bool) -> Serving:
    """The scheduler of a home: where the ledger is in a database, as one node of several."""
    from scheduler.service.serving import OnDatabase
    from scheduler.store import is_on_database

    with contextlib.suppress(OnDatabase), patience_explained(home.ledger):
        if not is_on_database(home):
            from scheduler.service.service import Service

            return Service(
                home, console.show_entry, console.show_announcement, adopt=adopt, leave_runs=leave_runs
            )
    from scheduler.nodes.node_service import NodeService

    return NodeService(
        home, console.show_entry, console.show_announcement, adopt=adopt, leave_runs=leave_runs
    )


class _Console:
    """What the scheduler says, as lines on the terminal, or in the pipe or file in its place."""

    def __init__(self, home: Home, zone: str) -> None:
        self._home, self._zone = home, zone
        self._printer = LinePrinter()
        self._lines = EventLines(zone)
        self._sealer = Sealer(home)
        self._log_collector = LogCollector(home)
        self._leader_programs = LeaderPrograms(home)
        self._pinger = HeartbeatPinger(home)
        self._serves = False

    def show_entry(self, entry: Entry) -> None:
        """Print an entry."""
        self._sealer.notice(entry)
        self._leader_programs.notice(entry)
        text: Text = partial(self._lines.of, entry)
        if not self._serves:
            # Nothing waits for words yet, and an entry takes ten times as much room as its line. A start does not
            # fail for want of words.
            with contextlib.suppress(Exception):
                text = self._lines.of(entry)
        self._printer.put(text)
        if entry.type == ClockStepped.TYPE and payload(entry).by_ms < 0:
            self._say_if_ahead()

    def show_announcement(self, announcement: Announcement) -> None:
        """Print what is no entry; to standard error, where it does not mix with events."""
        match announcement:
            case Ready(outlook=outlook, has_key=has_key):
                self._log_collector.start()
                self._leader_programs.start(has_key=has_key)
                self._say_ready(outlook)
            case NodeReady() | Leads() | Follows() | DatabaseAway() | DatabaseBack() | ClockOff():
                self._show_node(announcement)
            case ChannelsNamed() | TelemetryNamed() | PingsWanted():
                self._want(announcement)
            case (
                ConfigNotUsed()
                | CalendarsKept()
                | ConfigUnended()
                | FsyncEdited()
                | NotApplied()
                | NothingApplied()
                | AppliedNotUnderstood()
            ):
                self._note(self._config_words(announcement))
            case Upgraded(replaced=replaced):
                self._note(f"Note: {upgraded_words(replaced)}.")
            case NotForked(reason=reason):
                self._note(
                    f"Note: jobs in Python are started like commands: their fork server is not there, {reason}."
                )
            case SlotsTaken(full=full):
                self._note(f"Note: {full_slots_words(full, datetime.now(UTC))}.")
            case Stopping(runs=runs, however_long=however_long):
                patience = ", however long that takes" if however_long else ""
                awaited = f"waiting for {show_count(runs, 'run')}{patience}"
                self._note(f"Stopping: {awaited}. Ctrl-C again stops them at once.")
            case Leaving(runs=runs):
                self._note(f"Stopping: {_left_words(runs)}.")
            case CannotLeave() | Killing() | LockMadeAgain():
                self._note(_SAYINGS[type(announcement)])

    def _want(self, named: ChannelsNamed | TelemetryNamed | PingsWanted) -> None:
        """What the config in force names is to be told, sent or pinged."""
        if isinstance(named, ChannelsNamed):
            self._leader_programs.want_notifier()
        elif isinstance(named, TelemetryNamed):
            self._leader_programs.want_tracer()
        else:
            self._pinger.want()

    def _show_node(self, announcement: NodeAnnouncement) -> None:
        """How this node stands; what runs beside the one scheduler that decides runs where that leads."""
        match announcement:
            case NodeReady(node=node, outlook=outlook):
                self._log_collector.start()
                self._say_ready(outlook, f" as node {printable(node)}")
                return
            case Leads(has_key=has_key):
                self._leader_programs.start(has_key=has_key)
            case Follows():
                self._leader_programs.kill()
            case _:
                pass
        # A home on one machine never gets here.
        from cli.words.node_announcements import node_announcement_words

        self._note(node_announcement_words(announcement))

    def close(self) -> None:
        """Have told, signed and collected what is there, and print what waits to be printed."""
        self._pinger.stop()
        self._leader_programs.stop()
        self._log_collector.stop()
        self._printer.close()

    def _note(self, text: str) -> None:
        self._printer.put(partial(_noted, text), "err")

    def _config_words(self, announcement: _AboutConfig) -> str:
        match announcement:
            case NotApplied() | NothingApplied() | AppliedNotUnderstood():
                from cli.words.applied_words import applied_words

                return f"Note: {applied_words(announcement, self._home)}"
            case ConfigNotUsed():
                return self._not_used()
            case CalendarsKept(names=names):
                return (
                    f"Note: the iCalendar files of the config cannot be used. The days on record stay in force, of "
                    f"{', '.join(names)}."
                )
            case ConfigUnended():
                return "The last line of the edited config has no end: it is taken up in 10 s if nothing is added."
            case FsyncEdited():
                return "`scheduler.fsync` was edited: it takes effect when the scheduler is started again."

    def _not_used(self) -> str:
        """What became of the config, and what to do."""
        path = self._home.config
        if not path.exists():
            return f"The config is gone: the last good one stays in force until {path} is back."
        if not os.access(path, os.R_OK):
            return f"The config cannot be read: the last good one stays in force until {path} can be."
        return f"The edited config is not used. `{invocation(self._home)} check` shows every mistake."

    def _say_if_ahead(self) -> None:
        """Say that the clock was ahead, where that leaves jobs with nothing due until a time that is far off."""
        with contextlib.suppress(Exception), to_read(self._home, quiet=True) as view:
            self._note_if_ahead(jobs_settled_ahead(view.state, view.now))

    def _note_if_ahead(self, ahead: Mapping[str, datetime]) -> None:
        if ahead:
            told = clock_was_ahead_words(ahead, self._zone)
            self._note(f"Note: {told}: until then nothing of that is due. `jobs run` works at any time.")

    def _say_ready(self, outlook: Outlook | None, how: str = "") -> None:
        """Say that it serves, what comes next and, if it was so, that the clock was ahead."""
        self._serves = True
        text = f"Serving {self._home.root}{how}"
        if outlook is not None:
            text += f": {show_count(outlook.jobs, 'job')}, {_next_words(outlook.first, self._zone)}"
        self._note(f"{text}. Ctrl-C stops.")
        if outlook is not None:
            self._note_if_ahead(outlook.settled_ahead)


def _noted(text: str) -> str:
    return paint(fitted(printable(text), sys.stderr), "strong", wants_colour(sys.stderr))


def _left_words(runs: int) -> str:
    one = runs == 1
    goes = "goes" if one else "go"
    return f"{show_count(runs, 'run')} {goes} on, and the next scheduler takes {'it' if one else 'them'} over"


def _next_words(first: UpcomingRun | None, zone: str) -> str:
    now = datetime.now(UTC)
    if first is None:
        return "none of them due"
    return f"next {first.job.name} {show_relative(first.instant, now)}, at {show_time(first.instant, zone)}"


def _already_served(home: Home, holder: Holder | None) -> Failure:
    command = invocation(home)
    hint = f"One scheduler serves a home at a time. `{command} status` shows how it is doing."
    if holder is None or not holder.pid:
        return Failure("another scheduler serves this home already", hint)
    since = f"since {show_time(holder.since, local_zone())}"
    who = f"pid {holder.pid} on {holder.host}, {since}"
    return Failure(f"another scheduler serves this home already: {who}", hint)
