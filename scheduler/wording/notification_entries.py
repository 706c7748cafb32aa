"""How entries about what people were told are worded."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from scheduler import vocabulary as v
from scheduler.entry_members import NotificationKind
from scheduler.wording.quantities import show_count
from scheduler.wording.signs import EntryWording, Signs

KIND_WORDS: Final[dict[str, tuple[str, str]]] = {
    "failure": ("failure", "failures"),
    "recovery": ("recovery", "recoveries"),
    "late": ("late", "late"),
    "missed": ("missed", "missed"),
    "lost": ("lost run", "lost runs"),
    "skipped": ("skipped run", "skipped runs"),
    "finished": ("finished run", "finished runs"),
    "started": ("started run", "started runs"),
}
"""One of each kind of news, and several."""
_OTHER: Final = ("other", "others")


def kinds_words(kinds: Mapping[str, int] | Mapping[NotificationKind, int]) -> str:
    """How many of each kind there are: `12 failures, 1 recovery`."""
    return ", ".join(show_count(count, *KIND_WORDS.get(kind, _OTHER)) for kind, count in kinds.items())


def about_words(data: v.NotificationSent | v.NotificationFailed) -> str:
    """Which entries were told of: `entry 41`, `entries 41 to 977`."""
    return f"entry {data.first}" if data.count == 1 else f"entries {data.first} to {data.last}"


def _told(data: v.NotificationSent | v.NotificationFailed) -> str:
    return f"{kinds_words(data.kinds)} ({about_words(data)})"


def _tries(tries: int) -> str:
    return f" at try {tries}" if tries > 1 else ""


def _sent(data: v.NotificationSent) -> str:
    again = "; an earlier try may have arrived too" if data.repeated else ""
    return f"{data.channel} told of {_told(data)}{_tries(data.tries)}{again}"


def _failed(data: v.NotificationFailed) -> str:
    tries = f" after {show_count(data.tries, 'try', 'tries')}" if data.tries else ""
    return f"{data.channel} could not be told of {_told(data)}{tries}: {data.error}"


NOTIFICATION_WORDINGS: Final[dict[str, EntryWording]] = {
    v.NotificationSent.TYPE: EntryWording(
        Signs("dim", "note"),
        lambda entry, data, zone: _sent(data),
        lambda entry, data: f"notification sent: {_sent(data)}",
        is_quiet=True,
    ),
    v.NotificationFailed.TYPE: EntryWording(
        Signs("bad", "warning", "error"),
        lambda entry, data, zone: _failed(data),
        lambda entry, data: f"notification failed: {_failed(data)}",
    ),
}
"""Types of entries about notifications."""
