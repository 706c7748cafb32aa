"""A message as plain text: its subject, and its lines."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from scheduler.notifications.message import Message, Notice
from scheduler.wording.instants import show_time
from scheduler.wording.notification_entries import kinds_words
from scheduler.wording.outcomes import OUTCOME_WORDINGS

_SUBJECT_CHARACTERS_MAX: Final = 200


def subject(message: Message) -> str:
    """One line: `[web1] backup failed with exit code 3`, or how many of each kind there are."""
    first = message.notices[0]
    told = first.summary if len(message.notices) == 1 and not message.omitted else kinds_words(message.counts)
    repeated = " (repeated)" if message.repeated else ""
    return one_line(f"[{message.host}] {told}")[: _SUBJECT_CHARACTERS_MAX - len(repeated)] + repeated


def text(message: Message) -> str:
    """The whole message as lines for people; each ends with LF."""
    return "\n".join(_lines(message)) + "\n"


def _lines(message: Message) -> Iterator[str]:
    if message.repeated:
        yield "This may be a repetition: an earlier try ended without an answer."
        yield ""
    if len(message.notices) > 1 or message.omitted:
        yield f"{kinds_words(message.counts)}."
        yield ""
    for notice in message.notices:
        yield from _notice_lines(notice)
        yield ""
    if message.omitted:
        yield f"{message.omitted:,} more are left out here; the ledger has them all:"
        yield "  cronledger jobs history"
        yield ""
    yield f"-- cronledger on {message.host}, home {message.home}, message {message.id}"


def _notice_lines(notice: Notice) -> Iterator[str]:
    yield notice.summary
    for label, value in _members(notice):
        yield f"  {label:<9} {value}"
    if notice.output_end:
        yield "  output    (its end)"
        yield from (f"    | {line}" for line in notice.output_end.splitlines())
    if notice.command:
        yield f"  more      {notice.command}"


def _members(notice: Notice) -> Iterator[tuple[str, str]]:
    if notice.job is not None:
        yield "job", notice.job
    if notice.run is not None:
        yield "run", str(notice.run)
    if notice.scheduled_for is not None:
        yield "since" if notice.kind == "late" else "due", show_time(notice.scheduled_for, "UTC")
    if notice.outcome is not None:
        yield "outcome", OUTCOME_WORDINGS[notice.outcome].word
    if notice.seq >= 0:
        yield "recorded", f"{show_time(notice.time, 'UTC')}, entry {notice.seq}"


def one_line(told: str) -> str:
    """A text as one line of what can be printed: each character that cannot is a blank."""
    return "".join(char if char.isprintable() else " " for char in told)
