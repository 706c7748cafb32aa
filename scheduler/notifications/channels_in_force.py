"""The channels of the config in force, as far as it can be read."""

from __future__ import annotations

from collections.abc import Mapping

from scheduler.configuration.reading.followed_config import FollowedConfig
from scheduler.home import Home
from scheduler.notifications.settings import Channel
from scheduler.rules.notifications.audience import DIGEST_MS_DEFAULT, Receiver


class ChannelsInForce:
    """Follows the config of a home; an edit that cannot be used changes nothing.

    Attributes:
        settings: the channels by name.
        receivers: the same, as far as that decides what is told there.
        are_known: whether any config could be read.
    """

    def __init__(self, home: Home) -> None:
        self._config = FollowedConfig(home)
        self.settings: Mapping[str, Channel] = {}
        self.receivers: Mapping[str, Receiver] = {}
        self.are_known = False

    def refresh(self) -> bool:
        """Take up an edited config; whether the channels are others than before."""
        config = self._config.refresh()
        if config is None:
            return False
        changed = not self.are_known or config.channels != self.settings
        self.settings, self.are_known = dict(config.channels), True
        self.receivers = {name: receiver_of(each) for name, each in config.channels.items()}
        return changed


def receiver_of(channel: Channel) -> Receiver:
    """What decides what is told to a channel."""
    each_run = channel.kind == "ping"
    digest_ms = DIGEST_MS_DEFAULT if channel.digest_ms is None else channel.digest_ms
    return Receiver(
        name=channel.name,
        tags=channel.tags,
        when=channel.when,
        threshold=channel.threshold,
        digest_ms=0 if each_run else digest_ms,
        each_run=each_run,
    )
