"""Types of entries as people name them to filter by: `run.finished`, or `run.*` for all that begin so."""

# ruff: noqa: ARG002 - signatures are those of click

from __future__ import annotations

from difflib import get_close_matches
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

import click

from cli.terminal.printable import printable

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem


class EntryType(click.ParamType[str]):
    """A type of the vocabulary, or a pattern that some of them match."""

    name = "type"

    def convert(self, value: str, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """The same, if there is such a type."""
        known = _types()
        if any(fnmatchcase(kind, value) for kind in known):
            return value
        raise click.BadParameter(
            f"there is no type of entry {printable(value)!r}: {_meant(value, known)}", ctx, param
        )

    def shell_complete(
        self, ctx: click.Context, param: click.Parameter, incomplete: str
    ) -> list[CompletionItem]:  # fmt: skip
        """All types that begin so."""
        from click.shell_completion import CompletionItem

        return [CompletionItem(kind) for kind in _types() if kind.startswith(incomplete)]


def _types() -> list[str]:
    from scheduler.vocabulary import PAYLOADS

    return list(PAYLOADS)


def _meant(value: str, known: list[str]) -> str:
    """What was probably meant: the nearest type, all of the nearest group, or else all groups."""
    typed = value.casefold()
    near = get_close_matches(typed, known, n=1)
    if near:
        return f"did you mean {near[0]}?"
    groups = list(dict.fromkeys(kind.partition(".")[0] for kind in known))
    group = get_close_matches(typed.partition(".")[0], groups, n=1)
    if group:
        return f"there are {', '.join(kind for kind in known if kind.startswith(f'{group[0]}.'))}"
    return f"there are {', '.join(f'{group}.*' for group in groups)}"


ENTRY_TYPE = EntryType()
