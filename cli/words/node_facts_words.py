"""A node in words and as JSON, for the list of all and for one in full."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from cli.terminal.console import Tone
from cli.terminal.printable import printable, show_count
from cli.terminal.tables import Cell, Value
from cli.times.show import show_moment
from scheduler.nodes.node_facts import Doing, NodeFacts
from scheduler.rules.nodes.nodes_state import ALL_JOBS
from scheduler.rules.state import Run, State

TONES: dict[Doing, Tone] = {
    "leads": "good",
    "ready": "good",
    "drained": "warn",
    "silent": "bad",
    "left": "dim",
    "lost": "bad",
}
_SHOWN_MAX = 10


def doing_words(facts: NodeFacts) -> str:
    """`leads`, `ready`, `drained`; a leader that is more than that too: `leads, drained`."""
    return f"leads, {facts.doing}" if facts.leads and facts.doing != "leads" else facts.doing


def since_when(facts: NodeFacts) -> tuple[datetime, int]:
    """Since when it is as it is, and the entry that says so."""
    node = facts.node
    if node.lost is not None and node.lost_seq is not None:
        return node.lost, node.lost_seq
    if node.left is not None and node.left_seq is not None:
        return node.left, node.left_seq
    if facts.doing == "drained" and node.drained is not None and node.drained_seq is not None:
        return node.drained, node.drained_seq
    return node.joined, node.joined_seq


def node_document(facts: NodeFacts, state: State) -> dict[str, Any]:
    """A node as `nodes list --json` and `nodes why --json` have it."""
    node = facts.node
    since, entry = since_when(facts)
    return {
        "name": node.name,
        "state": facts.doing,
        "leads": facts.leads,
        "term": state.term if facts.leads else None,
        "takes_new": facts.takes_new,
        "since": since,
        "entry": entry,
        "joined": node.joined,
        "host": node.host,
        "pid": node.pid,
        "labels": node.labels,
        "max_parallel": node.max_parallel,
        "runs": [_run_document(run) for run in facts.runs],
        "assigned": [_run_document(run) for run in facts.assigned],
        "unfit": facts.unfit,
        "elsewhere": facts.elsewhere,
        "drained": None
        if node.drained_seq is None
        else {
            "time": node.drained,
            "by": node.drained_by,
            "reason": node.drained_reason or None,
            "entry": node.drained_seq,
        },
        "left_reason": node.left_reason,
        "silent_since": node.silent_since,
        "version": node.versions.get("cronledger"),
    }


def _run_document(run: Run) -> dict[str, Any]:
    return {"run": run.number, "job": run.job, "attempt": run.attempt, "started": run.started}


def why_facts(facts: NodeFacts, state: State, zone: str, now: datetime) -> Iterator[tuple[str, Value]]:
    """Why a node takes nothing, or what it may take: lines with the entries that say so."""
    node = facts.node
    yield "node", printable(node.name)
    yield "takes runs", _verdict(facts, state, zone, now)
    if facts.leads and state.leader is not None:
        since = show_moment(state.leader.time, zone, now)
        yield "leads", f"since {since}, term {state.leader.term}, entry {state.leader.seq}"
    joined = show_moment(node.joined, zone, now)
    version = f", version {node.versions['cronledger']}" if "cronledger" in node.versions else ""
    yield (
        "process",
        f"pid {node.pid} on {printable(node.host)}, joined {joined}, entry {node.joined_seq}{version}",
    )
    yield "labels", ", ".join(map(printable, node.labels)) or "none but its name"
    if node.drained is not None and facts.doing != "drained":
        drained = show_moment(node.drained, zone, now)
        yield "drained", f"by {printable(node.drained_by or '')}, {drained}, entry {node.drained_seq}"
    taken = len(facts.runs) + len(facts.assigned)
    yield "slots", [f"{taken} of {node.max_parallel} taken", *_run_lines(facts)]
    if facts.unfit:
        yield "cannot run", list(_unfit_lines(facts))
    if facts.elsewhere:
        named = ", ".join(map(printable, facts.elsewhere[:_SHOWN_MAX]))
        yield "run elsewhere", f"{named}{_more(len(facts.elsewhere))}, by their runs_on"


def _verdict(facts: NodeFacts, state: State, zone: str, now: datetime) -> Value:
    node = facts.node
    since, entry = since_when(facts)
    when = f"since {show_moment(since, zone, now)}, entry {entry}"
    match facts.doing:
        case "lost":
            silent = "" if node.silent_since is None else show_moment(node.silent_since, zone, now)
            told = f"no: it is lost {when}" + (f"; it had been silent since {silent}" if silent else "")
            if node.left is not None:
                given_up, stopped = show_moment(since, zone, now), show_moment(node.left, zone, now)
                told = f"no: it was given up {given_up}, entry {entry}; it had stopped {stopped}"
            return [Cell(told, "bad"), "`cronledger serve` on that machine brings it back"]
        case "left":
            at = show_moment(since, zone, now)
            told = f"no: it stopped ({printable(node.left_reason or '')}) {at}, entry {entry}"
            lines: list[Cell | str] = [Cell(told, "warn")]
            if facts.runs:
                count = show_count(len(facts.runs), "run")
                lines.append(f"{count} went on there: the node tells how they end once it serves again")
                lines.append(
                    f"`cronledger nodes forget {printable(node.name)}` gives them up, if it never will"
                )
            lines.append("`cronledger serve` on that machine brings it back")
            return lines
        case "silent":
            return [
                Cell("no: it is silent; the database hears nothing of it", "bad"),
                "what it was to start goes elsewhere; what runs there is lost if it stays silent for `lost_after`",
            ]
        case "drained":
            because = f": {printable(node.drained_reason)}" if node.drained_reason else ""
            return [
                Cell(f"no: drained by {printable(node.drained_by or '')} {when}{because}", "warn"),
                f"`cronledger nodes resume {printable(node.name)}` lets it take runs again",
            ]
    if (reason := node.unfit.get(ALL_JOBS)) is not None:
        return Cell(f"no: {printable(reason)}", "bad")
    if facts.free == 0:
        return Cell("not now: all its slots are taken", "warn")
    if state.leader is None:
        return Cell("not now: nobody leads, and so nothing is assigned", "bad")
    return Cell(f"yes, {show_count(facts.free, 'more run')}", "good")


def _run_lines(facts: NodeFacts) -> list[str]:
    told = [f"run {run.number} of {printable(run.job)}" for run in facts.runs]
    told += [f"run {run.number} of {printable(run.job)}, not started yet" for run in facts.assigned]
    return told[:_SHOWN_MAX] + ([f"and {len(told) - _SHOWN_MAX:,} more"] if len(told) > _SHOWN_MAX else [])


def _unfit_lines(facts: NodeFacts) -> Iterator[Cell | str]:
    for name, reason in list(facts.unfit.items())[:_SHOWN_MAX]:
        yield Cell(f"{printable(name)}: {printable(reason)}", "warn")
    if len(facts.unfit) > _SHOWN_MAX:
        yield f"and {len(facts.unfit) - _SHOWN_MAX:,} more"


def _more(count: int) -> str:
    return f" and {count - _SHOWN_MAX:,} more" if count > _SHOWN_MAX else ""
