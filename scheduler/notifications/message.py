"""What is delivered to a channel: a message, which holds one notice or several.

These are values and nothing else: no file, clock or environment is reached from here.
"""

from __future__ import annotations

import hashlib
from datetime import datetime
from typing import Final

import msgspec

from scheduler.entry_members import NotificationKind, Outcome

OUTPUT_END_CHARACTERS_MAX: Final = 4_000
"""So much of the end of the output stands in a notice that is alone; where there are several, they share it."""

TRIAL: Final = "test"
"""A detail of a notice that tells of nothing: it was sent to try the channel."""


class Notice(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    """One thing to tell: an entry of the ledger, and what a person wants to know of it.

    Attributes:
        seq: the entry; below 0 where there is none, as in a trial.
        kind: what it is told as. `started` is told to monitoring services alone.
        time: when the entry was recorded.
        summary: one sentence, without line ends: `backup failed with exit code 3: run 41 of 02:00:00`.
        job: its name.
        run: its number.
        scheduled_for: the instant for which the run was due, or since when something is late.
        outcome: how the run ended.
        output_end: the last lines of what it wrote, secrets masked; lines end with LF alone.
        command: the command that shows more, as it is typed in a shell.
        details: what else is known, by name: `exit_code`, `attempt`, `duration_ms`, `failures` (in a row), `count`.
    """

    seq: int
    kind: NotificationKind
    time: datetime
    summary: str
    job: str | None = None
    run: int | None = None
    scheduled_for: datetime | None = None
    outcome: Outcome | None = None
    output_end: str = ""
    command: str = ""
    details: dict[str, int | str] = {}


class Message(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    """What is delivered at once.

    Attributes:
        id: the same whenever the same is told again, so that a receiver can tell a repetition: `msg_` and 32 hex
            digits.
        ledger: the ledger's id.
        host: the name of the machine.
        home: the home folder.
        channel: the name of the channel in the config.
        notices: what is told, in the order of the ledger; at least one.
        counts: how many of each kind there are, those included that are left out.
        omitted: how many notices are left out.
        repeated: an earlier try may have reached the receiver, and nobody knows.
    """

    id: str
    ledger: str
    host: str
    home: str
    channel: str
    notices: tuple[Notice, ...]
    counts: dict[NotificationKind, int]
    omitted: int = 0
    repeated: bool = False


def message_id(last_hash: str, channel: str, first: int, last: int, count: int, home: str = "") -> str:
    """The id of the message that tells a channel of so many entries, from entry `first` to entry `last`.

    What is told to one channel is told in the order of the ledger and once, so these three say which entries it is.
    `last_hash`, of entry `last`, says in which ledger: one that was restored and goes on gives numbers a second time.
    A copy of a home begins with the same entries: there `home`, its mark, tells them apart.
    """
    text = f"{last_hash}{home}\n{channel}\n{first}\n{last}\n{count}"
    return f"msg_{hashlib.sha256(text.encode()).hexdigest()[:32]}"
