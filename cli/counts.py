"""`-n`: how many are shown, the same on every command that shows some of many."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import click

from cli.whole import Whole

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
        type=Whole(least, most),
        metavar="N",
        default=default,
        show_default=True,
        help=meaning,
    )
