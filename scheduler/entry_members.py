"""What stands in payloads of entries.

These are words (what made a run, how it came out, why it was skipped or missed) and small records: a mistake in a
config, instants to be backfilled, a process that goes on, a cleaned folder, a claim.
"""

from datetime import datetime
from typing import Literal, get_args

import msgspec

Trigger = Literal["schedule", "catch_up", "manual", "backfill", "after"]
Outcome = Literal["succeeded", "failed", "timed_out", "cancelled", "lost", "unknown"]
OUTCOMES: tuple[Outcome, ...] = get_args(Outcome)
FAILURES: tuple[Outcome, ...] = ("failed", "timed_out", "lost")
"""Outcomes of runs that did not do what was wanted. Of `unknown` nobody can say; `cancelled` was wanted so."""
TRIGGERS: tuple[Trigger, ...] = get_args(Trigger)
ASKED_FOR: tuple[Trigger, ...] = ("manual", "backfill")
"""What a person asked for: no run for an instant of the schedule takes its place."""
FALLING_DUE: tuple[Trigger, ...] = ("schedule", "after")
"""What falls due while a scheduler watches: with `overlap: replace`, such a run takes the place of older ones."""
IN_TURN: tuple[Trigger, ...] = ("catch_up", "backfill")
"""What is made up for: such runs of a job start one after another, whatever its overlap policy says."""

TokenRole = Literal["view", "operate", "approve", "admin"]
"""What a token of the console is good for: to read; to run, cancel, enable, …; to approve changes; everything."""
TOKEN_ROLES: tuple[TokenRole, ...] = get_args(TokenRole)

MisfireReason = Literal[
    "scheduler_down", "suspend", "clock_step", "stall", "ledger_unavailable", "overload",
    "replaced", "disabled", "removed", "paused",
]  # fmt: skip
MISFIRE_REASONS: tuple[MisfireReason, ...] = get_args(MisfireReason)
CLOSING_REASONS: tuple[MisfireReason, ...] = ("disabled", "removed", "replaced")
"""Why a schedule is no longer in force: the reasons of misfires that do not tell why nobody watched."""

SkipReason = Literal[
    "overlap", "queue_full", "disabled", "removed", "cancelled", "catch_up", "deadline", "superseded",
    "upstream",
]  # fmt: skip
SKIP_REASONS: tuple[SkipReason, ...] = get_args(SkipReason)
SKIPPED_FOR_A_RUN: tuple[SkipReason, ...] = ("overlap", "queue_full")
"""Those of which another run of the job was the cause: it was in the way."""

NotificationKind = Literal["failure", "recovery", "late", "missed", "lost", "skipped", "finished", "started"]
NOTIFICATION_KINDS: tuple[NotificationKind, ...] = get_args(NotificationKind)
"""What people are told of, what matters most first; `started` is for monitoring services."""

Expectation = Literal["start_within", "finish_within", "success_every"]
EXPECTATIONS: tuple[Expectation, ...] = get_args(Expectation)
"""What can be expected of a job."""
BreachEnd = Literal["started", "finished", "succeeded", "skipped", "changed", "disabled", "removed"]
BREACH_ENDS: tuple[BreachEnd, ...] = get_args(BreachEnd)
"""By what a breach of an expectation ends: what became of the run, or of the job."""

Metrics = dict[str, int | float | bool | str]
"""What a Python job measured, by name."""


class BackfillPart(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    """Consecutive instants of a schedule that are to be backfilled, `count` of them, `first` to `last`.

    `replaces` has the entries that had disposed of them: none, one for all of them, or one for each. Such an entry is
    a `schedule.misfired` or `schedule.excluded`, or the tick of a run that was skipped.
    """

    first: datetime
    last: datetime
    count: int = 1
    replaces: list[int] = []


class ReopenedPart(msgspec.Struct, frozen=True, kw_only=True):
    """So many instants of what entry `entry` had settled are open again."""

    entry: int
    count: int


class ConfigError(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    """One mistake in a config: where (lines and columns count from 1), what, what was probably meant.

    `file` is empty for `config.yaml`; for a part its path from there, such as `config.d/backup.yaml`.
    """

    line: int
    column: int
    message: str
    key: str = ""
    suggestion: str = ""
    file: str = ""


class Survivor(msgspec.Struct, frozen=True, kw_only=True):
    """A process of a run that could not be stopped: its number, start (field 22 of its `stat`), user and program."""

    pid: int
    start_ticks: int
    uid: int
    program: str


class LockWait(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    """A lock that a run could not take: its `name`, and the runs that held it (`holders`), the 16 that came first.

    Without holders: `behind` is an older run that waited for it too, and comes first.
    """

    name: str
    holders: list[int] = []
    behind: int | None = None

    @property
    def key(self) -> tuple[str, tuple[int, ...], int | None]:
        """The same, as what can be in a set."""
        return self.name, tuple(self.holders), self.behind


class ArchivedSegment(msgspec.Struct, frozen=True, kw_only=True):
    """A segment in a volume: its first entry, the SHA-256 of its lines, and the root of the tree over them."""

    first: int
    sha256: str
    root: str


class RetentionTarget(msgspec.Struct, frozen=True, kw_only=True):
    """What was done in one folder."""

    path: str
    pattern: str
    examined: int
    deleted: int
    deleted_bytes: int


class RetentionFailure(msgspec.Struct, frozen=True, kw_only=True):
    """A file or folder that could not be dealt with, and why."""

    path: str
    error: str


class Claims(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    """What is said about the actor beside the name of the real user, and cannot be checked.

    `login` is the name of the login uid, `sudo` the name that sudo passed on, each where it is another one; `run` is
    the run in whose process it was typed; `proxy` is the name that a proxy before the console passed on. `login_uid`
    and `session` are the kernel's numbers of the login and of its audit session, where there are any; `uid`, which is
    no claim, is that of the real user.
    """

    login: str = ""
    sudo: str = ""
    run: int | None = None
    proxy: str = ""
    uid: int | None = None
    login_uid: int | None = None
    session: int | None = None


Vouching = Literal["uid", "login", "file", "token"]


class Person(msgspec.Struct, frozen=True, kw_only=True):
    """Who asked for a change or approved it, without a host, and what says so.

    `by` is `uid` (the real uid of the process), `login` (its login uid, which its user could not have set), `file`
    (the user who owns the config, and alone could write it) or `token` (of the console).
    """

    name: str
    by: Vouching
