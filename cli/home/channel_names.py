"""Names of channels that people type, with the nearest for a mistyped one and completion for the shell."""

# ruff: noqa: ARG002 - signatures are those of click

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from cli.app.failures import Failure
from cli.app.home_option import home_of
from cli.home.job_names import nearest_names
from cli.terminal.printable import printable
from scheduler.home import Home

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem

    from scheduler.configuration import Config
    from scheduler.notifications.settings import Channel


class ChannelName(click.ParamType[str]):
    """The name of a channel; which exist is looked up by `find_channel`, once the config is read."""

    name = "channel"

    def shell_complete(
        self, ctx: click.Context, param: click.Parameter, incomplete: str
    ) -> list[CompletionItem]:
        """Names of the config's channels."""
        from click.shell_completion import CompletionItem

        return [CompletionItem(name) for name in _known(home_of(ctx)) if name.startswith(incomplete)]


CHANNEL = ChannelName()


def find_channel(config: Config, name: str) -> Channel:
    """The channel of that name.

    Raises:
        Failure: there is none; the message names the nearest.
    """
    if (channel := config.channels.get(name)) is not None:
        return channel
    shown = printable(name)
    if not config.channels:
        raise Failure(
            f'no channel "{shown}": the config has none', "docs/notifications.md tells which there are."
        )
    if meant := nearest_names(name, config.channels):
        raise Failure(f'no channel "{shown}": did you mean {meant}?')
    raise Failure(f'no channel "{shown}"', f"The config has {', '.join(config.channels)}.")


def _known(home: Home) -> list[str]:
    from scheduler.ledger.view import read_config

    try:
        config, _ = read_config(home)
    except Exception:  # noqa: BLE001 - a message in the middle of a command line that is being typed helps nobody
        return []
    return [] if config is None else list(config.channels)
