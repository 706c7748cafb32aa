"""A choice of words, with the nearest for a mistyped one."""

from __future__ import annotations

from difflib import get_close_matches
from typing import Any

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
        typed = str(value)
        near = get_close_matches(typed.casefold(), self.choices, n=1)
        meant = f": did you mean {near[0]}?" if near else f": there are {', '.join(self.choices)}"
        raise click.BadParameter(f"there is no {self.noun} {printable(typed)!r}{meant}", ctx, param)
