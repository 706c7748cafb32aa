"""Names of what a home has, as people type them: the shell completes them, and the command looks them up."""

# ruff: noqa: ARG002 - signatures are those of click

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

import click

from cli.app.home_option import home_of
from scheduler.home import Home

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem


class HomeName(click.ParamType[str]):
    """A name of one kind; which exist is looked up once the home is open.

    Args:
        kind: of what, such as `job`.
        known: those that a home has; it may fail.
    """

    def __init__(self, kind: str, known: Callable[[Home], Iterable[str]]) -> None:
        self.name = kind
        self._known = known

    def known(self, home: Home) -> list[str]:
        """Those that a home has, for completion: whatever is wrong there, this answers, if only with nothing."""
        try:
            return list(self._known(home))
        except Exception:  # noqa: BLE001 - a message in the middle of a command line that is being typed helps nobody
            return []

    def shell_complete(
        self, ctx: click.Context, param: click.Parameter, incomplete: str
    ) -> list[CompletionItem]:
        """Those that begin so."""
        from click.shell_completion import CompletionItem

        return [CompletionItem(name) for name in self.known(home_of(ctx)) if name.startswith(incomplete)]
