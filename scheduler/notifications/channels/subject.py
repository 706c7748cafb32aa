"""The subject of mail, as the config may have it: text with names of fields in braces."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from string import Formatter
from typing import Final

from scheduler.notifications.message import Message
from scheduler.notifications.text import one_line, subject
from scheduler.wording.notification_entries import kinds_words

SUBJECT_CHARS_MAX: Final = 200
SUBJECT_FIELDS: Final = ("subject", "host", "channel", "job", "run", "kind", "outcome", "counts")
"""What may stand in braces. `subject` is what it would be otherwise; `job`, `run`, `kind` and `outcome` are of the
notice, and of several notices what they have in common, else nothing; `counts` is how many there are of each kind."""


def fields_of(template: str) -> Iterator[str]:
    """The names in braces; what stands in them as it is, where that is more than a name.

    Raises:
        ValueError: a brace is alone.
    """
    for _, name, form, conversion in Formatter().parse(template):
        if name is not None:
            yield f"{name}{f'!{conversion}' if conversion else ''}{f':{form}' if form else ''}"


def subject_of(message: Message, template: str | None) -> str:
    """The subject of the mail that tells a message: one line."""
    if template is None:
        return subject(message)
    return one_line(Formatter().vformat(template, (), _fields(message)))[:SUBJECT_CHARS_MAX]


def _fields(message: Message) -> dict[str, str]:
    notices = () if message.omitted else message.notices
    return {
        "subject": subject(message),
        "host": message.host,
        "channel": message.channel,
        "job": _common(notice.job for notice in notices),
        "run": _common(notice.run for notice in notices),
        "kind": _common(message.counts),
        "outcome": _common(notice.outcome for notice in notices),
        "counts": kinds_words(message.counts),
    }


def _common(values: Iterable[object]) -> str:
    """What all of them are; nothing if that differs, or if there are none."""
    found = set(values)
    only = found.pop() if len(found) == 1 else None
    return "" if only is None else str(only)
