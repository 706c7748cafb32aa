"""Names of channels that people type, with the nearest for a mistyped one and completion for the shell."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cli.app.failures import Failure
from cli.home.home_name import HomeName
from cli.home.job_names import nearest_names
from cli.terminal.printable import printable
from scheduler.home import Home

if TYPE_CHECKING:
    from scheduler.configuration.model import Config
    from scheduler.notifications.settings import Channel


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
    from scheduler.configuration.reading.current_config import read_config

    config, _ = read_config(home)
    return [] if config is None else list(config.channels)


CHANNEL = HomeName("channel", _known)
