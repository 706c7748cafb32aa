"""Options that several commands have: a choice of words, whole numbers, how many are shown, a reason.

Numbers are read as people type them: digits, a sign at most. Python's own reading also takes `1_000` and others.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, TypeVar

import click

from cli.terminal.printable import printable


class Choice(click.Choice[str]):
    """One of some words.

    Attributes:
        noun: what they are, for the message: `format`, `view`.
    """

    def __init__(self, choices: tuple[str, ...], noun: str) -> None:
        super().__init__(choices)
        self.noun = noun

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """The word, if it is one of them."""
        if value in self.choices:
            return str(value)
        from difflib import get_close_matches

        typed = str(value)
        near = get_close_matches(typed.casefold(), self.choices, n=1)
        meant = f": did you mean {near[0]}?" if near else f": there are {', '.join(self.choices)}"
        raise click.BadParameter(f"there is no {self.noun} {printable(typed)!r}{meant}", ctx, param)


Command = TypeVar("Command", bound=Callable[..., Any])


def count_option(
    name: str, default: int, meaning: str, *, least: int = 1, most: int | None = None
) -> Callable[[Command], Command]:
    """Give a command `-n`; it arrives as the argument `count`, a number within the bounds.

    Args:
        name: its long form: `--limit` for what was, `--count` for what is to come, `--lines` for lines.
        default: how many if nothing is said.
        meaning: its help.
        least: the least number that is taken.
        most: the greatest; None if none is too great.
    """
    return click.option(
        "-n",
        name,
        "count",
        type=WholeNumber(least, most),
        metavar="N",
        default=default,
        show_default=True,
        help=meaning,
    )


REASON_MAX_CHARS = 2_000
"""A reason is a sentence or two; an entry of the ledger is one line of bounded length."""


def _bounded(_context: click.Context, _option: click.Parameter, reason: str) -> str:
    """The reason, if it can stand in the ledger."""
    if len(reason) > REASON_MAX_CHARS:
        raise click.BadParameter(
            f"at most {REASON_MAX_CHARS:,} characters are recorded; this one has {len(reason):,}"
        )
    return reason


reason_option = click.option(
    "--reason", default="", metavar="TEXT", callback=_bounded, help="Why; it stands in the ledger."
)
"""For every command that records what a person wants."""


_DIGITS = re.compile(r"[+-]?[0-9]+", re.ASCII)
_DIGITS_MAX = 18
_GREATEST = 10**_DIGITS_MAX - 1
"""No number of an entry, and no count of anything, comes near it; one more digit would not fit everywhere."""


class WholeNumber(click.ParamType[int]):
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


raw_option = click.option(
    "--raw", is_flag=True, help="Escape nothing at a terminal either: it obeys what jobs print."
)
