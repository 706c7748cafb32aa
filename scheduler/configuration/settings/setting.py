"""What is shown of one key of a config: which member it sets, and how the value reads."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec


class Setting(msgspec.Struct, frozen=True):
    """A key as it is shown.

    Attributes:
        member: Name of the member of the definition (or of the scheduler's settings) that it sets.
        show: What turns the member's value, and those of the derived members, into text for people.
        derived: Further members that follow from its value.
        only: The registered jobs that take it; every job may have it if there are none.
    """

    member: str
    show: Callable[..., str]
    derived: tuple[str, ...] = ()
    only: tuple[str, ...] = ()

    def value(self, of: Any) -> Any:
        """The value in a definition, or in the scheduler's settings."""
        return getattr(of, self.member)

    def shown(self, of: Any) -> str:
        """The same for people."""
        return self.show(self.value(of), *(getattr(of, name) for name in self.derived))
