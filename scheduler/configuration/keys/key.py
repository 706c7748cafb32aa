"""What is said of one key of a config, all of it in one place."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec

from scheduler.configuration.keys.values import Reader
from scheduler.configuration.settings.setting import Setting


class Key(msgspec.Struct, frozen=True, kw_only=True):
    """A key, what its value becomes, and how people are told about it.

    Attributes:
        setting: Which member it sets, and how the value is shown.
        read: What turns the node into the member's value.
        takes: What is written there, in words: "a duration such as 90s".
        default: What applies if the key is left out, in words, as `show` has it.
        meaning: What it does, in sentences.
        example: Lines of YAML that the starter config shows.
        comment: What the starter config says behind the first of these lines; a line break goes on below.
        shared: Whether `defaults:` may set it for all jobs.
        merge: Makes the member's value of what was read of the job and of `defaults:` (None: nothing). May raise
            `InvalidValue`.
        fill: Gives the value that is filled in, when a config without the key is read, in place of the member's own
            default: because it depends on the machine, or is there for some jobs only.
        synonyms: Words that other schedulers use for it, with which a person probably means it.
    """

    setting: Setting
    read: Reader[Any]
    takes: str
    default: str
    meaning: str
    example: str
    comment: str = ""
    shared: bool = False
    merge: Callable[[Any, Any], Any] | None = None
    fill: Callable[[], Any] | None = None
    synonyms: tuple[str, ...] = ()

    @property
    def member(self) -> str:
        """Name of the member that it sets."""
        return self.setting.member

    @property
    def only(self) -> tuple[str, ...]:
        """The registered jobs that take it; every job may have it if there are none."""
        return self.setting.only
