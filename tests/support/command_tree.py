"""Every command that there is, by its whole path."""

from __future__ import annotations

import click

from cli.main import CONTEXT, cronledger


def commands() -> dict[str, tuple[click.Command, click.Context]]:
    """Every command by its whole path, without the groups that do nothing by themselves."""
    found: dict[str, tuple[click.Command, click.Context]] = {}

    def walk(command: click.Command, name: str, parent: click.Context | None) -> None:
        context = click.Context(command, info_name=name, parent=parent, **CONTEXT)  # type: ignore[arg-type]
        if not isinstance(command, click.Group) or (command.invoke_without_command and parent is not None):
            found[context.command_path] = (command, context)
        if isinstance(command, click.Group):
            for each in command.list_commands(context):
                inner = command.get_command(context, each)
                assert inner is not None
                walk(inner, each, context)

    walk(cronledger, "cronledger", None)
    return found


COMMANDS = commands()
DOCUMENTED = [path for path in COMMANDS if not path.startswith(("cronledger infra ", "cronledger core "))]
"""Those that are described, without the longer paths to them."""
