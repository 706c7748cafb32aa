"""The ways in which a message gets to people, one file a kind. None of them raises anything but `NotDelivered`."""

from __future__ import annotations

import os
from collections.abc import Mapping

from scheduler.home import Home
from scheduler.notifications.settings import Channel
from scheduler.notifications.transport import Transport


def open_channel(channel: Channel, home: Home, environ: Mapping[str, str] = os.environ) -> Transport:
    """The way to whoever a channel tells. Nothing is connected to before a message is sent.

    Args:
        channel: as the config has it.
        home: where files with secrets are looked for, and where a command stands.
        environ: where variables with secrets are looked for.
    """
    # Each kind is imported when it is used: most homes have one.
    match channel.kind:
        case "webhook":
            from scheduler.notifications.channels.webhook import Webhook

            return Webhook(channel, home, environ)
        case "email":
            from scheduler.notifications.channels.email import Email

            return Email(channel, home, environ)
        case "command":
            from scheduler.notifications.channels.command import Command

            return Command(channel, home, environ)
        case "ping":
            from scheduler.notifications.channels.ping import Ping

            return Ping(channel, home, environ)
