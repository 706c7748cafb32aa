"""How entries about nodes are worded: who serves a ledger together, who leads, and where a run goes."""

# ruff: noqa: ARG001 - every type is worded by functions of the same arguments

from __future__ import annotations

from typing import Final

from eventstore.store import Entry
from scheduler import vocabulary as v
from scheduler.wording.causes import because, claimed_actor_words, waits_clause
from scheduler.wording.instants import show_clock
from scheduler.wording.outcomes import OUTCOME_WORDINGS, ending_words, error_words
from scheduler.wording.quantities import show_count, show_duration
from scheduler.wording.signs import EntryWording, Signs


def _joined(entry: Entry, data: v.NodeJoined, zone: str) -> str:
    version = data.versions.get("cronledger", "")
    text = f"node {data.node} serves on {data.host}, pid {data.pid}, at most {show_count(data.max_parallel, 'run')}"
    text += f", labels {', '.join(data.labels)}" if data.labels else ""
    text += f", version {version}" if version else ""
    return text + (f"; {_unfit(data)}" if data.unfit else "")


def _unfit(data: v.NodeJoined) -> str:
    """Which jobs the node cannot run, and why the first of them."""
    first = min(data.unfit)
    others = f" and {show_count(len(data.unfit) - 1, 'other job')}" if len(data.unfit) > 1 else ""
    return f"it cannot run {first}{others}: {data.unfit[first]}"


def _joined_message(entry: Entry, data: v.NodeJoined) -> str:
    text = f"node joined: {data.node} on {data.host}, pid {data.pid}"
    return text + (f"; {_unfit(data)}" if data.unfit else "")


def _joined_signs(data: v.NodeJoined) -> Signs:
    return Signs("warn", "warning", "warning") if data.unfit else Signs("strong", "note")


def _left(entry: Entry, data: v.NodeLeft, zone: str) -> str:
    stopped = f", {show_count(data.runs_stopped, 'run')} stopped with it" if data.runs_stopped else ""
    left = f", {show_count(data.runs_left, 'run')} left going" if data.runs_left else ""
    return f"node {data.node} stopped: {data.reason}{stopped}{left}"


def _lost(entry: Entry, data: v.NodeLost, zone: str) -> str:
    since = show_clock(data.silent_since, zone, beside=entry.time)
    if entry.actor != v.SCHEDULER:
        who = claimed_actor_words(entry.actor, data.claims)
        return f"node {data.node} is given up by {who}, silent since {since}{because(data.reason)}"
    return f"node {data.node} is lost: it was silent for {show_duration(data.silent_ms)}, since {since}"


def _lost_message(entry: Entry, data: v.NodeLost) -> str:
    if entry.actor != v.SCHEDULER:
        return f"node lost: {data.node}, given up by {entry.actor}{because(data.reason)}"
    return f"node lost: {data.node}, silent for {data.silent_ms / 1000:g} s"


def _drained(entry: Entry, data: v.NodeDrained, zone: str) -> str:
    who = claimed_actor_words(entry.actor, data.claims)
    return f"node {data.node} takes nothing new: drained by {who}{because(data.reason)}"


def _resumed(entry: Entry, data: v.NodeResumed, zone: str) -> str:
    who = claimed_actor_words(entry.actor, data.claims)
    return f"node {data.node} takes runs again: resumed by {who}{because(data.reason)}"


def _elected(entry: Entry, data: v.LeaderElected, zone: str) -> str:
    silent = "" if data.silent_since is None else show_clock(data.silent_since, zone, beside=entry.time)
    return f"node {data.node} leads, term {data.term}{_after_whom(data, silent)}"


def _after_whom(data: v.LeaderElected, silent_since: str) -> str:
    """What became of the leader before, as the end of a sentence; nothing if there was none."""
    if data.former is None or data.reason == "first":
        return ""
    if data.reason == "silent":
        return f": {data.former} was silent" + (f" since {silent_since}" if silent_since else "")
    return f": {data.former} had {'stopped' if data.reason == 'left' else 'restarted'}"


def _elected_message(entry: Entry, data: v.LeaderElected) -> str:
    silent = "" if data.silent_since is None else f"{data.silent_since:%Y-%m-%dT%H:%M:%SZ}"
    return f"leader elected: {data.node}, term {data.term}{_after_whom(data, silent)}"


def _elected_signs(data: v.LeaderElected) -> Signs:
    return Signs("warn", "warning", "warning") if data.reason == "silent" else Signs("strong", "note")


def _run(entry: Entry) -> str:
    return f"run {entry.run} of {entry.job or '?'}"


def _assigned(entry: Entry, data: v.RunAssigned, zone: str) -> str:
    attempt = f", attempt {data.attempt}" if data.attempt > 1 else ""
    instead = f", for {data.instead_of} is silent" if data.instead_of else ""
    waits = waits_clause(data)
    told = f"{_run(entry)}{attempt} goes to node {data.node}{instead}"
    return told + (f", after a wait: {waits}" if waits else "")


def _assigned_message(entry: Entry, data: v.RunAssigned) -> str:
    attempt = f", attempt {data.attempt}" if data.attempt > 1 else ""
    instead = f", instead of {data.instead_of}" if data.instead_of else ""
    return f"job assigned: {entry.job or '?'}, run {entry.run}{attempt}, to {data.node}{instead}"


def _assigned_signs(data: v.RunAssigned) -> Signs:
    return Signs("warn", "warning", "warning") if data.instead_of else Signs("dim", "note", "debug")


def _reported(entry: Entry, data: v.RunReported, zone: str) -> str:
    took = "" if data.duration_ms is None else f" after {show_duration(data.duration_ms)}"
    return (
        f"node {data.node} tells of attempt {data.attempt} of {_run(entry)}, which is lost on record: it "
        f"{OUTCOME_WORDINGS[data.outcome].clause}{ending_words(data.outcome, data.exit_code, data.signal)}{took}"
        f"{error_words(data.outcome, data.error)}"
    )


def _reported_message(entry: Entry, data: v.RunReported) -> str:
    how = ending_words(data.outcome, data.exit_code, data.signal)
    return (
        f"lost attempt reported: {entry.job or '?'}, run {entry.run}, attempt {data.attempt}, by {data.node}: "
        f"{OUTCOME_WORDINGS[data.outcome].clause}{how}"
    )


NODE_WORDINGS: Final[dict[str, EntryWording]] = {
    v.NodeJoined.TYPE: EntryWording(Signs("strong", "note"), _joined, _joined_message, _joined_signs),
    v.NodeLeft.TYPE: EntryWording(
        Signs("strong", "note"), _left, lambda entry, data: f"node stopped: {data.node}, {data.reason}"
    ),
    v.NodeLost.TYPE: EntryWording(
        Signs("bad", "warning", "error"),
        _lost,
        _lost_message,
    ),
    v.NodeDrained.TYPE: EntryWording(
        Signs("warn", "warning"),
        _drained,
        lambda entry, data: f"node drained: {data.node}, says {entry.actor}{because(data.reason)}",
    ),
    v.NodeResumed.TYPE: EntryWording(
        Signs("good", "note"),
        _resumed,
        lambda entry, data: f"node resumed: {data.node}, says {entry.actor}{because(data.reason)}",
    ),
    v.LeaderElected.TYPE: EntryWording(Signs("strong", "note"), _elected, _elected_message, _elected_signs),
    v.RunAssigned.TYPE: EntryWording(
        Signs("dim", "note", "debug"), _assigned, _assigned_message, _assigned_signs, is_quiet=True
    ),
    v.RunReported.TYPE: EntryWording(Signs("warn", "warning", "warning"), _reported, _reported_message),
}
"""Types of entries about nodes."""
