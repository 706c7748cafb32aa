"""What is said of one key of a config, all of it in one place."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec

from scheduler.configuration.keys.values import Reader


class Key(msgspec.Struct, frozen=True, kw_only=True):
    """A key, what its value becomes, and how people are told about it.

    Attributes:
        member: Name of the member of the definition (or of the scheduler's settings) that it sets.
        derived: Further members that follow from its value.
        read: What turns the node into the member's value.
        show: What turns the member's value, and those of the derived members, into text for people.
        takes: What is written there, in words: "a duration such as 90s".
        default: What applies if the key is left out, in words, as `show` has it.
        meaning: What it does, in sentences.
        example: Lines of YAML that the starter config shows.
        comment: What the starter config says behind the first of these lines; a line break goes on below.
        shared: Whether `defaults:` may set it for all jobs.
        only: The registered jobs that take it; every job may have it if there are none.
        merge: Makes the member's value of what was read of the job and of `defaults:` (None: nothing). May raise
            `InvalidValue`.
        fill: Gives the value that is filled in, when a config without the key is read, in place of the member's own
            default: because it depends on the machine, or is there for some jobs only.
        synonyms: Words that other schedulers use for it, with which a person probably means it.
    """

    member: str
    derived: tuple[str, ...] = ()
    read: Reader[Any]
    show: Callable[..., str]
    takes: str
    default: str
    meaning: str
    example: str
    comment: str = ""
    shared: bool = False
    only: tuple[str, ...] = ()
    merge: Callable[[Any, Any], Any] | None = None
    fill: Callable[[], Any] | None = None
    synonyms: tuple[str, ...] = ()

    def value(self, of: Any) -> Any:
        """The value in a definition, or in the scheduler's settings."""
        return getattr(of, self.member)

    def shown(self, of: Any) -> str:
        """The same for people."""
        return self.show(self.value(of), *(getattr(of, name) for name in self.derived))
