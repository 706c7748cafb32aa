"""The one error of this package: a schedule that cannot be accepted, in words for the person who wrote it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence


class ScheduleError(ValueError):
    """A schedule, duration or time zone that is refused.

    Attributes:
        reason: What is wrong, as a sentence without a full stop.
        suggestion: What was probably meant, ready to be written instead, or None.
        field: The cron field that is wrong (`"minute"`, `"hour"`, `"day of month"`, `"month"`,
            `"day of week"`), or None where the mistake is not inside one.
        token: The characters that are wrong, or None.
        column: Offset of `token` inside the text that was refused, counted from 0.
        others: What else is wrong with the same text, from left to right.
    """

    def __init__(
        self,
        reason: str,
        suggestion: str | None = None,
        *,
        field: str | None = None,
        token: str | None = None,
        column: int = 0,
        others: Sequence[ScheduleError] = (),
    ) -> None:
        super().__init__(reason if suggestion is None else f"{reason}; did you mean '{suggestion}'?")
        self.reason = reason
        self.suggestion = suggestion
        self.field = field
        self.token = token
        self.column = column
        self.others = tuple(others)


def nearest(word: str, known: Iterable[str], cutoff: float = 0.6) -> str | None:
    """The known word most like `word`, whatever its case, or None when nothing comes close.

    >>> nearest("MUN", ["MON", "TUE"])
    'MON'
    """
    import difflib

    folded = word.casefold()
    by_folded = {candidate.casefold(): candidate for candidate in known}
    found = difflib.get_close_matches(folded, by_folded, n=3, cutoff=cutoff)
    # The first letter is the one least often mistyped: MUN is MON rather than SUN.
    found.sort(key=lambda near: near[:1] != folded[:1])
    return by_folded[found[0]] if found else None
