"""Causes in words: what made a run, why a run was skipped, why instants passed unwatched, and who did it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

import msgspec

from scheduler import vocabulary as v
from scheduler.entry_members import IN_TURN, Claims, LockWait, MisfireReason, SkipReason, Trigger
from scheduler.wording.quantities import show_duration


class MisfireWording(msgspec.Struct, frozen=True):
    """Why instants passed unwatched, in words.

    Attributes:
        cause: what had happened: `the machine slept`.
        when: the same as part of a sentence about the instants: missed `while the machine slept`.
    """

    cause: str
    when: str


MISFIRE_WORDINGS: Final[dict[MisfireReason, MisfireWording]] = {
    "scheduler_down": MisfireWording("no scheduler was running", "while no scheduler was running"),
    "suspend": MisfireWording("the machine slept", "while the machine slept"),
    "clock_step": MisfireWording("the clock was set ahead", "while the clock jumped"),
    "stall": MisfireWording("the scheduler was held up", "while the scheduler was held up"),
    "ledger_unavailable": MisfireWording(
        "the ledger could not be written", "while the ledger could not be written"
    ),
    "overload": MisfireWording("the scheduler was too busy", "while the scheduler was too busy"),
    "replaced": MisfireWording("its schedule was replaced", "unwatched, before its schedule was changed"),
    "disabled": MisfireWording("it was disabled", "unwatched, before it was disabled"),
    "removed": MisfireWording("it was removed", "unwatched, before it left the config"),
    "paused": MisfireWording("it was disabled", "while it was disabled"),
}
SKIP_WORDS: Final[dict[SkipReason, str]] = {
    "overlap": "another run of it was still going",
    "queue_full": "too many were waiting",
    "disabled": "it was disabled",
    "removed": "it was removed from the config",
    "cancelled": "it was cancelled before it started",
    "catch_up": "its catch-up policy does not want it after the restart",
    "deadline": "it could not start in time",
    "superseded": "a newer run of it took its place",
    "upstream": "a job before it had not succeeded",
}
TRIGGER_WORDS: Final[dict[Trigger, str]] = {
    "schedule": "schedule",
    "catch_up": "catch-up",
    "manual": "by hand",
    "backfill": "backfill",
    "after": "after others",
}
_ACTORS: Final = {v.CONFIG: "the config", v.SCHEDULER: "the scheduler"}
_LATE_FROM_MS: Final = 1_000


def skip_words(
    reason: SkipReason,
    because_of: int | None = None,
    slots: Sequence[int] | None = None,
    lock: LockWait | None = None,
) -> str:
    """Why a run was skipped: `another run of it was still going`, or `run 7 was still going` where that is known.

    Args:
        reason: why.
        because_of: the run that was in the way.
        slots: numbers of the runs that held all slots; None if the caller does not know whether some did.
        lock: what kept it, or the run in the way, from starting.
    """
    words = SKIP_WORDS[reason]
    if reason == "overlap" and because_of is not None:
        how = "not over" if slots is None else "still waiting to start" if slots or lock else "still going"
        words = f"run {because_of} was {how}"
    if reason == "superseded" and because_of is not None:
        words = f"run {because_of} took its place"
    if lock is not None:
        return f"{words}, for {lock_clause(lock)}"
    return f"{words}, for {slots_clause(slots)}" if slots else words


def lock_clause(lock: LockWait) -> str:
    """Why a lock could not be had, as a clause: `the lock database was held by run 8`."""
    if lock.behind is not None:
        return f"run {lock.behind}, which is older, waited for the lock {lock.name}"
    return f"the lock {lock.name} was held by run {', '.join(map(str, lock.holders))}"


def slots_clause(slots: Sequence[int]) -> str:
    """Why no slot could be had, as a clause: `all slots were taken, by run 7, 8`."""
    return f"all slots were taken, by run {', '.join(map(str, slots))}"


def waits_clause(start: v.RunStarted | v.RunAssigned) -> str:
    """For what a run had waited that starts, as a clause, one after another; empty if its start names nothing."""
    told = [] if start.waited_behind is None else [f"run {start.waited_behind} of its job came before it"]
    told += [] if start.waited_for is None else [lock_clause(start.waited_for)]
    told += [slots_clause(start.slots)] if start.slots else []
    return "; ".join(told)


def actor_words(actor: str) -> str:
    """Who did something: `the config`, `the scheduler`, `user:ann@web1`."""
    return _ACTORS.get(actor, actor)


def claimed_actor_words(actor: str, claims: Claims | None) -> str:
    """Who did something, and who they say they are: `user:svc@web1, says ann through sudo`."""
    words = actor_words(actor)
    if claims is None:
        return words
    said = []
    if claims.sudo:
        said.append(f"{claims.sudo} through sudo")
    if claims.login and claims.login != claims.sudo:
        said.append(f"{claims.login} by login")
    if claims.proxy:
        said.append(f"{claims.proxy} through a proxy")
    if said:
        words += f", says {', '.join(said)}"
    return words if claims.run is None else f"{words}, in run {claims.run}"


def because(reason: str | None) -> str:
    """A reason as the end of a sentence: `: disk maintenance`; empty if there is no reason."""
    return f": {reason}" if reason else ""


def parameter_words(params: Mapping[str, str]) -> str:
    """Values of parameters as the end of a sentence: ` with region=us, full=true`; empty if there are none."""
    return f" with {', '.join(f'{name}={value}' for name, value in params.items())}" if params else ""


def spelled(name: str, between: str = " ") -> str:
    """A name of the vocabulary as the logs write it: `scheduler down`."""
    return name.replace("_", between)


def is_on_time(late_ms: int) -> bool:
    """Whether this lateness counts as on time: the instants of cron are whole seconds, so less than one is."""
    return late_ms < _LATE_FROM_MS


def lateness_words(late_ms: int, trigger: Trigger = "schedule") -> str:
    """How late something is: `on time`, `3.1 s late`; what is made up for is always called late."""
    if is_on_time(late_ms) and trigger not in IN_TURN:
        return "on time"
    return f"{show_duration(late_ms)} late"
