"""How the scheduler, the config and the ledger are, a line or some for each thing; the jobs are told elsewhere."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import msgspec

from cli.status.findings import (
    approvals_awaited,
    edits_rejected,
    ledger_size_bytes,
    left_going,
    mistake_count,
    mistakes,
    not_stopped,
    replaced_parts,
)
from cli.terminal.printable import printable, show_count
from cli.terminal.tables import Cell, Value
from cli.times.show import show_duration, show_moment, show_size
from cli.words.entry_lines import sentence
from scheduler.ownership.home_identity import is_copy
from scheduler.rules.requests.upcoming import jobs_settled_ahead
from scheduler.wording.entries import signs_of

if TYPE_CHECKING:
    from scheduler.home import Home
    from scheduler.ledger.view import View
    from scheduler.rules.state import Rejection

_SHOWN_MAX = 10
"""So many mistakes and processes are shown; of the others, how many there are."""


def watching_facts(view: View, zone: str) -> list[tuple[str, Value]]:
    """The home, who watches the schedules, and by which config."""
    home: tuple[str, Value] = ("home", _home(view.home))
    if view.on_database:
        from cli.status.cluster import applied_lines, cluster_facts

        return [home, *cluster_facts(view, zone), ("config", applied_lines(view))]
    return [home, ("scheduler", _scheduler(view, zone)), ("config", _config(view, zone))]


def keeping_facts(view: View, zone: str) -> list[tuple[str, Value]]:
    """The ledger, who vouches for it, and what tells others of all this."""
    facts: list[tuple[str, Value]] = [
        ("ledger", _ledger(view, zone)),
        *_evidence(view, zone),
        *_told(view, zone),
    ]
    if clock := _clock(view, zone):
        facts.append(("clock", clock))
    return facts


def _evidence(view: View, zone: str) -> list[tuple[str, Value]]:
    """Who vouches for the ledger, if it has a key."""
    if view.state.evidence is None:
        return []
    from cli.status.evidence import anchor_lines, signed_lines

    return [("signed", signed_lines(view, zone)), ("anchors", anchor_lines(view, zone))]


def _told(view: View, zone: str) -> list[tuple[str, Value]]:
    """What tells others: each thing that the home has."""
    blocks = view.blocks
    facts: list[tuple[str, Value]] = []
    if blocks is not None and blocks.heartbeat is not None:
        from cli.status.heartbeat import heartbeat_lines

        facts.append(("heartbeat", heartbeat_lines(view, zone)))
    if blocks is not None and blocks.sends_telemetry:
        from cli.status.telemetry import telemetry_lines

        facts.append(("telemetry", telemetry_lines(view, zone)))
    if (blocks is not None and blocks.channels) or view.home.notifications.exists():
        from cli.status.notifications import summary_lines

        facts.append(("channels", summary_lines(view)))
    return [fact for fact in facts if fact[1]]


def left_running_lines(view: View) -> list[Cell | str]:
    """Processes of runs that have ended which could not be stopped and live."""
    living = not_stopped(view)
    lines: list[Cell | str] = [
        Cell(
            f"pid {process.pid} ({printable(process.program)}, uid {process.uid}),"
            f" left by run {run} of {printable(job)}",
            "bad",
        )
        for run, job, process in living[:_SHOWN_MAX]
    ]
    lines += more_lines(len(living))
    return lines


def more_lines(count: int) -> list[str]:
    """How many are not shown, if not all of them are."""
    return [f"and {count - _SHOWN_MAX:,} more"] if count > _SHOWN_MAX else []


def _home(home: Home) -> list[Cell | str]:
    if not is_copy(home):
        return [str(home.root)]
    from cli.home.copied import adoption

    return [
        str(home.root),
        Cell("it is a copy of another home, or was restored: nothing runs until it is adopted", "bad"),
        f"`{adoption(home)}` lets it go on by itself",
    ]


def _scheduler(view: View, zone: str) -> list[Cell | str]:
    watch, holder = view.state.scheduler, view.holder
    if holder is None:
        lines: list[Cell | str] = [_not_running(view, zone)]
        if left := left_going(view):
            from cli.words.scheduler_words import left_going_words

            lines.append(Cell(left_going_words(left), "warn"))
        return lines
    who = (
        f": pid {holder.pid} on {holder.host}, since {show_moment(holder.since, zone, view.now)}"
        if holder.pid
        else ""
    )
    lines = [Cell(f"running{who}", "good")]
    if (hindrance := view.hindrance) is not None and hindrance.kind == "suspended":
        told = "a signal (SIGSTOP) has stopped it: it does nothing, and nothing is run"
        lines = [
            Cell(f"stands still{who}", "bad"),
            Cell(told, "bad"),
            f"`kill -CONT {holder.pid}` lets it go on",
        ]
    if watch is not None and watch.paused is not None:
        from cli.words.job_words import PAUSE_ENDS, paused_words

        lines += [Cell(paused_words(watch, view.now, zone), "bad"), PAUSE_ENDS]
    if outdated := replaced_parts(view):
        from cli.words.scheduler_words import upgraded_words

        lines.append(Cell(upgraded_words(outdated), "warn"))
    return lines


def _not_running(view: View, zone: str) -> Cell:
    watch = view.state.scheduler
    if watch is None:
        store = None if view.blocks is None else view.blocks.store
        joins = "" if store is None else f"; `serve` joins {printable(store)}, which the config names"
        return Cell(f"not running: it never ran here{joins}", "warn")
    if watch.stopped is not None:
        when = show_moment(watch.stopped, zone, view.now)
        return Cell(f"not running: stopped {when} ({watch.stop_reason})", "warn")
    began = show_moment(watch.time, zone, view.now)
    return Cell(f"not running: it died, killed or with its machine; pid {watch.pid}, started {began}", "bad")


def _config(view: View, zone: str) -> list[Cell | str]:
    path, state = str(view.home.config), view.config_state
    if state == "in force":
        if approvals_awaited(view):
            return [Cell(f"{path}, in force but for what waits for approval", "warn")]
        if edits_rejected(view):
            return [Cell(f"{path}, in force but for what was rejected", "warn")]
        return [Cell(f"{path}, in force", "good")]
    if state == "pending":
        when = (
            "the scheduler takes it up within seconds" if view.holder else "it comes into force with `serve`"
        )
        if not view.holder and view.blocks is not None and view.blocks.store is not None:
            when = (
                "with `serve` this home has what was applied there; `config apply` brings a file into force"
            )
        return [Cell(f"{path}, not in force yet: {when}", "warn")]
    in_force = "the last good one stays in force" if view.state.config else "no config is in force"
    lines: list[Cell | str] = [Cell(f"{path}, {state}: {in_force}", "bad")]
    if found := mistakes(view):
        from scheduler.wording.config_places import place_words

        lines += [f"{place_words(error)}: {error.message}" for error in found[:_SHOWN_MAX]]
    if state == "missing" and view.home.config_in_force.exists():
        lines.append(f"a copy of the last good one is {view.home.config_in_force}")
    elif not found and view.problem is not None:
        lines.append(str(view.problem))
    if (more := mistake_count(view) - _SHOWN_MAX) > 0:
        lines.append(f"and {show_count(more, 'more mistake')}")
    rejection = view.state.rejection
    if rejection is not None:
        # Without a file there is no digest of it.
        how = "recorded as rejected" if rejection.config else "recorded"
        if not _is_recorded(view, rejection):
            how = f"an earlier edit was {how}"
        lines.append(
            Cell(f"{how} {show_moment(rejection.time, zone, view.now)}, entry {rejection.seq}", "dim")
        )
    return lines


def _is_recorded(view: View, rejection: Rejection) -> bool:
    """Whether a rejection on record is of the config as it is written now."""
    from scheduler.service.config_in_force import rejection as event_of

    if view.problem is None:
        return False
    now = event_of(view.problem).data
    return msgspec.structs.astuple(now) == (rejection.config, rejection.errors, rejection.error_count)


def _ledger(view: View, zone: str) -> list[Cell | str]:
    last = view.last_entry
    if last is None:
        return ["none yet"]
    lines: list[Cell | str] = [
        f"{show_count(last.seq + 1, 'entry', 'entries')}, {show_size(ledger_size_bytes(view.home))}",
        f"last {show_moment(last.time, zone, view.now)}:",
        Cell(sentence(last, zone), signs_of(last).tone),
    ]
    archive = view.state.archive
    if archive is not None:
        lines.append(f"archived up to entry {archive.entries - 1:,}, last in {printable(archive.place)}")
    if archive is not None and archive.removed:
        lines.append(f"only there: what stands behind the first segment and before entry {archive.removed:,}")
    if getattr(view.ledger and view.ledger.store, "torn", None) is not None:
        lines.append(
            Cell("an unfinished write is at its end, as a crash leaves it: it will be set aside", "warn")
        )
    return lines


def _clock(view: View, zone: str) -> list[Cell | str]:
    """What looks as if the clock had been set back: what it is, what follows from it, what can be done."""
    lines: list[Cell | str] = []
    if (behind := view.clock_behind) is not None:
        lines.append(Cell(f"behind the ledger's last entry by {_span(behind)}: was it set back?", "bad"))
    ahead = jobs_settled_ahead(view.state, view.now)
    if not ahead:
        return lines
    from cli.words.scheduler_words import clock_was_ahead_words

    it, runs = ("it", "runs") if len(ahead) == 1 else ("they", "run")
    remedy = (
        f"no time is settled twice: {it} {runs} by schedule again after that; `jobs settle NAME --reopen` opens"
        " what is to come"
    )
    lines.append(Cell(clock_was_ahead_words(ahead, zone), "bad"))
    lines.append(f"{remedy}; `jobs run` works at any time")
    return lines


def _span(duration: timedelta) -> str:
    return show_duration(duration // timedelta(milliseconds=1))
