"""Whole numbers as people type them: digits, a sign at most. Python's own reading also takes `1_000` and others."""

from __future__ import annotations

import re

import click

_DIGITS = re.compile(r"[+-]?[0-9]{1,18}", re.ASCII)


class Whole(click.ParamType[int]):
    """A whole number within bounds, both included; None does not bound."""

    name = "integer"

    def __init__(self, least: int | None = None, most: int | None = None) -> None:
        self.least, self.most = least, most

    def convert(self, value: str | int, param: click.Parameter | None, ctx: click.Context | None) -> int:
        """The number, if it is one and within bounds."""
        if isinstance(value, str) and not _DIGITS.fullmatch(value):
            self.fail(f"{value!r} is not a whole number", param, ctx)
        number = int(value)
        if (self.least is not None and number < self.least) or (self.most is not None and number > self.most):
            self.fail(f"{number} is not {self._bounds()}", param, ctx)
        return number

    def _bounds(self) -> str:
        if self.most is None:
            return f"{self.least} or more"
        return f"{self.most} or less" if self.least is None else f"from {self.least} to {self.most}"
