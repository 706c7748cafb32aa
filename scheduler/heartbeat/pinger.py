"""The pinger: asks for an address, again and again, for as long as the scheduler is seen to be healthy."""

from __future__ import annotations

import contextlib
import os
from datetime import UTC, datetime
from typing import Final

from scheduler.configuration.reading.followed_config import FollowedConfig
from scheduler.definition import Heartbeat
from scheduler.heartbeat.beat import FRESH_S, file_of, touched_ns
from scheduler.heartbeat.last_ping import LastPing, keep_last_ping
from scheduler.home import Home
from scheduler.notifications.channels import http_exchange
from scheduler.notifications.channels.source import Source
from scheduler.notifications.transport import NotDelivered

PATIENCE_S: Final = 10.0
AGAIN_S: Final = 10.0
"""So long after a ping that did not arrive the next try is made."""


class Freshness:
    """Whether a file is being touched, by the monotonic clock of who looks: clocks that are set change nothing."""

    def __init__(self) -> None:
        self._seen_ns: int | None = None
        self._since_s: float | None = None

    def look(self, touched: int | None, now_s: float) -> bool:
        """Whether it was touched lately. The first look shows nothing: the touch may be of another life.

        Args:
            touched: when it was touched, in nanoseconds, or None if it is not there.
            now_s: by the monotonic clock.
        """
        if touched is None:
            self._since_s = None
        elif touched != self._seen_ns:
            self._since_s = None if self._seen_ns is None else now_s
        self._seen_ns = touched
        return self._since_s is not None and now_s - self._since_s <= FRESH_S


class Pinger:
    """Pings as the config in force says.

    Args:
        home: the home.
    """

    def __init__(self, home: Home) -> None:
        self._home, self._source = home, Source(home, os.environ)
        self._config = FollowedConfig(home)
        self._settings: Heartbeat | None = None
        self._freshness = Freshness()
        self._at_s = 0.0

    def turn(self, now_s: float) -> bool:
        """Ping if it is time, and the scheduler is healthy; False if the config names no address."""
        self._follow_config()
        settings = self._settings
        if settings is None or settings.url is None:
            return False
        fresh = self._freshness.look(touched_ns(file_of(self._home, settings.file)), now_s)
        if fresh and now_s >= self._at_s:
            error = self._ping(settings)
            wait_s = settings.interval_ms / 1_000
            self._at_s = now_s + (wait_s if not error else min(wait_s, AGAIN_S))
            with contextlib.suppress(OSError):
                keep_last_ping(self._home, LastPing(datetime.now(UTC), error))
        return True

    def _ping(self, settings: Heartbeat) -> str:
        """Ask for the address; why that did not arrive, without what may be secret, or nothing."""
        try:
            url = self._source.url(settings.url)
            http_exchange.post(url, b"", {}, PATIENCE_S)
        except NotDelivered as problem:
            return problem.reason
        return ""

    def _follow_config(self) -> None:
        """Take up an edited config; one that cannot be used changes nothing."""
        config = self._config.refresh()
        if config is not None and config.settings.heartbeat != self._settings:
            self._settings, self._freshness, self._at_s = config.settings.heartbeat, Freshness(), 0.0
