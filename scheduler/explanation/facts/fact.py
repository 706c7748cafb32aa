"""The base of all facts."""

from __future__ import annotations

import msgspec


class Fact(msgspec.Struct, frozen=True, kw_only=True, tag_field="kind"):
    """Base of all facts.

    Attributes:
        entries: the `seq` of each entry that proves the fact; none if the fact follows from a clock or a calendar.
    """

    entries: list[int] = []
