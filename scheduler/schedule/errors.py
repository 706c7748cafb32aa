"""The only error of this package: a schedule that cannot be accepted, in words for the person who wrote it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence


class ScheduleError(ValueError):
    """A schedule, duration or time zone that is refused.

    Attributes:
        reason: What is wrong, as a sentence without a full stop.
        suggestion: What was probably meant, in a form that can be written instead, or None.
        field: The cron field that is wrong (`"minute"`, `"hour"`, `"day of month"`, `"month"`,
            `"day of week"`), or None if the mistake is not inside a field.
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


def mistyped(word: str, known: Iterable[str]) -> str | None:
    """The known word that differs from `word` by one typing mistake, upper and lower case ignored.

    A typing mistake is one letter too many, one letter missing, one wrong letter, or two neighbours exchanged. None
    if no known word is that close, or if several are, because then it is not known which was meant.

    >>> mistyped("MUN", ["MON", "TUE"])
    'MON'
    >>> mistyped("@biweekly", ["@weekly"])
    """
    folded = word.casefold()
    found = [candidate for candidate in known if _one_slip_apart(folded, candidate.casefold())]
    return found[0] if len(found) == 1 else None


def _one_slip_apart(left: str, right: str) -> bool:
    while left and right and left[0] == right[0]:
        left, right = left[1:], right[1:]
    while left and right and left[-1] == right[-1]:
        left, right = left[:-1], right[:-1]
    return (len(left) <= 1 and len(right) <= 1) or (len(left) == 2 and left == right[::-1])
