"""Groups that import a command only when it is used, and that suggest the nearest for a mistyped one.

Every command that is reached through them takes `--home`.
"""

# ruff: noqa: ARG002 - signatures are those of click

from __future__ import annotations

import importlib
from collections.abc import Mapping
from typing import Any

import click

from cli.app.home_option import with_home
from cli.terminal.printable import printable


class LazyGroup(click.Group):
    """A group whose commands are named as `module:attribute` with their one-line help.

    The line stands here so that `--help` of the group imports none of them.
    """

    def __init__(self, *args: Any, lazy: Mapping[str, tuple[str, str]] | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.lazy = dict(lazy or {})

    def list_commands(self, ctx: click.Context) -> list[str]:
        """All names, in the order in which they are declared."""
        return [*self.lazy, *self.commands]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import and return the command."""
        if cmd_name not in self.lazy:
            known = super().get_command(ctx, cmd_name)
            return None if known is None else with_home(known)
        module, _, attribute = self.lazy[cmd_name][0].partition(":")
        command = getattr(importlib.import_module(module), attribute)
        assert isinstance(command, click.Command)
        return with_home(command)

    def lines(self) -> list[tuple[str, str]]:
        """Each command with its line of help."""
        groups = [
            (name, command.get_short_help_str(80))
            for name, command in self.commands.items()
            if not command.hidden
        ]
        return [*((name, line) for name, (_, line) in self.lazy.items()), *groups]

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find the command; a mistyped one is answered with the nearest."""
        name = args[0]
        if name in self.lazy or name in self.commands or name.startswith("-"):
            return super().resolve_command(ctx, args)
        import difflib

        near = difflib.get_close_matches(name, self.list_commands(ctx), n=2)
        meant = f": did you mean {' or '.join(near)}?" if near else ""
        raise click.UsageError(f"there is no command {printable(name)!r}{meant}", ctx)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The list of commands in `--help`, from the declared lines."""
        if lines := self.lines():
            with formatter.section("Commands"):
                formatter.write_dl(lines)

    def shell_complete(self, ctx: click.Context, incomplete: str) -> list[Any]:
        """Names of commands, with their lines, without importing any; and the group's own options."""
        from click.shell_completion import CompletionItem

        found = [
            CompletionItem(name, help=line) for name, line in self.lines() if name.startswith(incomplete)
        ]
        return found + click.Command.shell_complete(self, ctx, incomplete)
