"""Collecting every mistake of a config before any is reported."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple, Protocol

import msgspec

from scheduler.configuration.errors import COUNTED_MAX, LISTED_MAX
from scheduler.entry_members import ConfigError
from scheduler.shortening import MESSAGE_MAX_CHARS, bounded_message


class Mark(Protocol):
    """A place in the text, as the YAML parser gives it: line and column count from 0."""

    line: int
    column: int


class Placed(Protocol):
    """Anything that knows where in the text it begins."""

    @property
    def mark(self) -> Mark:
        """Where it begins."""


class Fault(NamedTuple):
    """What is wrong with one value.

    Attributes:
        message: What is wrong, in words for the person who wrote it.
        suggestion: What was probably meant, ready to be written instead.
        node: The part that is wrong, if it is not the whole value.
        offset: How many characters into that part the mistake is.
        below: Key of the part below the key of the whole value.
    """

    message: str
    suggestion: str = ""
    node: Placed | None = None
    offset: int = 0
    below: str = ""


class InvalidValue(Exception):
    """A value that cannot be accepted."""

    def __init__(
        self, message: str, suggestion: str = "", *, node: Placed | None = None, offset: int = 0
    ) -> None:
        super().__init__(message)
        self.faults = [Fault(message, suggestion, node, offset)]

    @classmethod
    def because(cls, faults: Iterable[Fault]) -> InvalidValue:
        """A value with several mistakes in it, at least one."""
        listed = list(faults)
        error = cls(listed[0].message)
        error.faults = listed
        return error


class TooManyMistakes(Exception):
    """There are so many mistakes that looking for more is of no use."""


class Problems:
    """The mistakes found so far.

    Attributes:
        noted: How often one was noted, those that an alias repeats included.
    """

    def __init__(self) -> None:
        self.noted = 0
        self._found: dict[tuple[int, int, str], ConfigError] = {}

    def __bool__(self) -> bool:
        return bool(self._found)

    def add_at(self, line: int, column: int, message: str, *, key: str = "", suggestion: str = "") -> None:
        """Note a mistake at a line and column that count from 1; what an alias repeats is noted once.

        Raises:
            TooManyMistakes: It is time to stop.
        """
        self.noted += 1
        error = ConfigError(
            line=line,
            column=column,
            message=bounded_message(message),
            key=bounded_message(key),
            suggestion=suggestion if len(suggestion) <= MESSAGE_MAX_CHARS else "",
        )
        self._found.setdefault((line, column, error.message), error)
        if len(self._found) >= COUNTED_MAX:
            raise TooManyMistakes

    def add(
        self, where: Placed, message: str, *, key: str = "", suggestion: str = "", offset: int = 0
    ) -> None:
        """Note a mistake where a part of the text begins, or `offset` characters later."""
        mark = where.mark
        self.add_at(mark.line + 1, mark.column + 1 + offset, message, key=key, suggestion=suggestion)

    def take(self, invalid: InvalidValue, where: Placed, key: str) -> None:
        """Note all that is wrong with the value of a key."""
        for fault in invalid.faults:
            full = f"{key}.{fault.below}" if fault.below else key
            place = fault.node or where
            self.add(place, fault.message, key=full, suggestion=fault.suggestion, offset=fault.offset)

    @property
    def count(self) -> int:
        """How many there are, those that an alias repeats left out; at most `COUNTED_MAX`."""
        return len(self._found)

    def listed(self, text: str) -> list[ConfigError]:
        """The first `LISTED_MAX`, in the order of the file; what the parser places behind its end is placed there."""
        line_last, column_last = text.count("\n") + 1, len(text) - text.rfind("\n")
        found = [self._found[place] for place in sorted(self._found)[:LISTED_MAX]]
        return [
            error
            if error.line <= line_last
            else msgspec.structs.replace(error, line=line_last, column=column_last)
            for error in found
        ]
