"""The option `--reason`: why somebody did something, in their own words, for the ledger."""

from __future__ import annotations

import click

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
