"""A channel that sends JSON by HTTP, as Standard Webhooks has it."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Final

from scheduler.home import Home
from scheduler.notifications.channels import http_exchange, signature
from scheduler.notifications.channels.document import document
from scheduler.notifications.channels.source import Source
from scheduler.notifications.message import Message
from scheduler.notifications.settings import Channel
from scheduler.notifications.transport import NotDelivered

_PERMANENT: Final = frozenset({400, 410, 413, 415, 422})
"""The receiver will not take this message however often it comes, or wants none any more."""


class Webhook:
    """Sends each message by POST; any 2xx says that it has arrived."""

    def __init__(self, channel: Channel, home: Home, environ: Mapping[str, str]) -> None:
        self._channel, self._source = channel, Source(home, environ)

    def send(self, message: Message) -> None:
        """Deliver a message; see `Transport`."""
        body = document(message)
        url = self._source.url(self._channel.url)
        beside = self._source.headers(self._channel.headers)
        own = signature.headers(self._keys(), message.id, int(time.time()), body)
        headers = {"Content-Type": "application/json", **own, **beside}
        http_exchange.post(url, body, headers, self._channel.timeout_ms / 1_000, _PERMANENT)

    def _keys(self) -> list[bytes]:
        if self._channel.secret is None:
            return []
        try:
            return signature.signing_keys(self._source.value(self._channel.secret, "its secret"))
        except signature.InvalidSecret as problem:
            raise NotDelivered(str(problem)) from None
