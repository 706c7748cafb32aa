"""A channel that tells a monitoring service of each run: that it starts, succeeded or failed.

The service says it when nothing comes. The addresses are those of healthchecks.io and of services like it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final
from urllib.parse import urlsplit

from scheduler.home import Home
from scheduler.notifications.channels import http_exchange
from scheduler.notifications.channels.source import Source
from scheduler.notifications.message import Message, Notice
from scheduler.notifications.settings import Channel

BODY_BYTES_MAX: Final = 10_000
"""So much of the end of the output is sent: services keep that much or more."""
_PERMANENT: Final = frozenset({410})
"""The service has no such address any more."""
_START, _SUCCESS, _FAIL = "/start", "", "/fail"


class Ping:
    """Asks for one address a message."""

    def __init__(self, channel: Channel, home: Home, environ: Mapping[str, str]) -> None:
        self._channel, self._source = channel, Source(home, environ)

    def send(self, message: Message) -> None:
        """Deliver a message; see `Transport`."""
        path, notice = state(message.notices)
        url = _below(self._source.url(self._channel.url), path)
        headers = {"Content-Type": "text/plain; charset=utf-8"}
        http_exchange.post(url, _body(notice), headers, self._channel.timeout_ms / 1_000, _PERMANENT)


def state(notices: Sequence[Notice]) -> tuple[str, Notice]:
    """What is to be told, as what comes behind the address, and by which notice.

    Of each job its last end counts, a start only where there is none; a failure comes before a success.
    """
    last: dict[str | None, tuple[str, Notice]] = {}
    for notice in notices:
        path = _path(notice)
        if path != _START or notice.job not in last:
            last[notice.job] = (path, notice)
    return min(last.values(), key=lambda each: (_FAIL, _SUCCESS, _START).index(each[0]))


def _path(notice: Notice) -> str:
    if notice.kind == "started":
        return _START
    return _SUCCESS if notice.outcome == "succeeded" else _FAIL


def _body(notice: Notice) -> bytes:
    told = f"{notice.summary}\n\n{notice.output_end}" if notice.output_end else notice.summary
    return told.encode(errors="replace")[-BODY_BYTES_MAX:]


def _below(url: str, path: str) -> str:
    """An address below another one; what it asks behind `?` stays."""
    parts = urlsplit(url)
    return parts._replace(path=f"{parts.path.rstrip('/')}{path}" if path else parts.path).geturl()
