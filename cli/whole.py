"""Whole numbers as people type them: digits, a sign at most. Python's own reading also takes `1_000` and others."""

from __future__ import annotations

import re

import click

_DIGITS = re.compile(r"[+-]?[0-9]+", re.ASCII)
_DIGITS_MAX = 18
_GREATEST = 10**_DIGITS_MAX - 1
"""No number of an entry, and no count of anything, comes near it; one more digit would not fit everywhere."""


class Whole(click.ParamType[int]):
    """A whole number within bounds, both included; None does not bound."""

    name = "integer"

    def __init__(self, least: int | None = None, most: int | None = None) -> None:
        self.least, self.most = least, most

    def convert(self, value: str | int, param: click.Parameter | None, ctx: click.Context | None) -> int:
        """The number, if it is one and within bounds."""
        if isinstance(value, str) and not _DIGITS.fullmatch(value):
            self.fail(f"{value!r} is not a whole number", param, ctx)
        if isinstance(value, str) and len(value.lstrip("+-0")) > _DIGITS_MAX:
            self.fail(self._beyond(value), param, ctx)
        number = int(value)
        if (self.least is not None and number < self.least) or (self.most is not None and number > self.most):
            self.fail(f"{number} is not {self._bounds()}", param, ctx)
        return number

    def _bounds(self) -> str:
        if self.most is None:
            return f"{self.least} or more"
        return f"{self.most} or less" if self.least is None else f"from {self.least} to {self.most}"

    def _beyond(self, value: str) -> str:
        """What to say of a number with more digits than any that is taken."""
        if self.least is not None and self.most is not None:
            return f"{_shortened(value)} is not {self._bounds()}"
        least = -_GREATEST if self.least is None else self.least
        most = _GREATEST if self.most is None else self.most
        size = "small" if value.startswith("-") else "large"
        return f"{_shortened(value)} is too {size}: it may be from {least:,} to {most:,}"


def _shortened(digits: str) -> str:
    return (
        digits
        if len(digits) <= 2 * _DIGITS_MAX
        else f"{digits[:_DIGITS_MAX]}... ({len(digits):,} characters)"
    )
