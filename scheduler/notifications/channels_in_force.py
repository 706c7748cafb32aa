"""The channels of the config in force, as far as it can be read."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping
from typing import Final

from scheduler.configuration import (
    WHATEVER_DAYS,
    ConfigInvalid,
    ConfigMissing,
    ConfigUnreadable,
    ConfigUntrusted,
)
from scheduler.configuration.home_config import (
    ConfigStamp,
    config_stamp,
    load_config,
    may_be_half_written,
)
from scheduler.home import Home
from scheduler.notifications.settings import Channel
from scheduler.rules.notifications.audience import DIGEST_MS_DEFAULT, Receiver

_NO_CONFIG: Final = (ConfigInvalid, ConfigMissing, ConfigUnreadable, ConfigUntrusted, OSError)


class ChannelsInForce:
    """Follows the config of a home; an edit that cannot be used changes nothing.

    Attributes:
        settings: the channels by name.
        receivers: the same, as far as that decides what is told there.
        are_known: whether any config could be read.
    """

    def __init__(self, home: Home) -> None:
        self._home = home
        self._stamp: ConfigStamp | None = None
        self._seen_stamp: ConfigStamp | None = None
        self.settings: Mapping[str, Channel] = {}
        self.receivers: Mapping[str, Receiver] = {}
        self.are_known = False

    def refresh(self) -> bool:
        """Take up an edited config once two looks find the same; whether the channels are others than before."""
        stamp = config_stamp(self._home)
        seen, self._seen_stamp = self._seen_stamp, stamp
        if stamp == self._stamp and self.are_known:
            return False
        # An editor may write in several steps, and a channel that is missing for a moment would be given up.
        if self.are_known and (stamp != seen or may_be_half_written(self._home)):
            return False
        self._stamp = stamp
        paths = [self._home.config] if self.are_known else [self._home.config, self._home.config_in_force]
        for path in paths:
            with contextlib.suppress(*_NO_CONFIG):
                found = load_config(self._home, path, WHATEVER_DAYS).channels
                changed = not self.are_known or found != self.settings
                self.settings, self.are_known = dict(found), True
                self.receivers = {name: receiver_of(each) for name, each in found.items()}
                return changed
        return False


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
