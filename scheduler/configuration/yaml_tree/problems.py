"""Collecting every mistake of a config before any is reported."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import NamedTuple, Protocol

import msgspec

from scheduler.configuration.errors import COUNTED_MAX, LISTED_MAX
from scheduler.configuration.files.part_names import is_part_path
from scheduler.entry_members import ConfigError
from scheduler.shortening import MESSAGE_MAX_CHARS, bounded_message


class Mark(Protocol):
    """A place in the text, as the YAML parser gives it: line and column count from 0; `name` says in which file."""

    name: str
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


def file_of(where: Placed) -> str:
    """The file in which a part of a config stands, as `ConfigFile` names it."""
    name = where.mark.name
    return name if is_part_path(name) else ""


class Problems:
    """The mistakes found so far.

    Attributes:
        noted: How often one was noted, those that an alias repeats included.
        file: The file that is being read, of which lines are meant that come without one.
    """

    def __init__(self) -> None:
        self.noted = 0
        self.file = ""
        self._found: dict[tuple[str, int, int, str], ConfigError] = {}

    def __bool__(self) -> bool:
        return bool(self._found)

    def add_at(
        self,
        line: int,
        column: int,
        message: str,
        *,
        key: str = "",
        suggestion: str = "",
        file: str | None = None,
    ) -> None:
        """Note a mistake at a line and column that count from 1; what an alias repeats is noted once.

        Without a file, it is the one that is being read.

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
            file=self.file if file is None else file,
        )
        self._found.setdefault((error.file, line, column, error.message), error)
        if len(self._found) >= COUNTED_MAX:
            raise TooManyMistakes

    def add(
        self, where: Placed, message: str, *, key: str = "", suggestion: str = "", offset: int = 0
    ) -> None:
        """Note a mistake where a part of the text begins, or `offset` characters later."""
        mark, file = where.mark, file_of(where)
        self.add_at(
            mark.line + 1, mark.column + 1 + offset, message, key=key, suggestion=suggestion, file=file
        )

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

    def listed(self, texts: Mapping[str, str]) -> list[ConfigError]:
        """The first `LISTED_MAX`, in the order of the files; what the parser places behind an end is placed there.

        Args:
            texts: Of the files, by their names.
        """
        found = [self._found[place] for place in sorted(self._found)[:LISTED_MAX]]
        ends = {name: _end(texts[name]) for name in {error.file for error in found}}
        return [
            error
            if error.line <= ends[error.file][0]
            else msgspec.structs.replace(error, line=ends[error.file][0], column=ends[error.file][1])
            for error in found
        ]


def _end(text: str) -> tuple[int, int]:
    """Line and column behind the last character."""
    return text.count("\n") + 1, len(text) - text.rfind("\n")
