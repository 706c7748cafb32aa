"""A channel that is a command: it gets JSON on its standard input, and has told it when it ends well."""

from __future__ import annotations

from collections.abc import Mapping

from scheduler.configuration.variables.environment import INHERITED
from scheduler.evidence.program import ProgramCutOff, ProgramFailed, run
from scheduler.home import Home
from scheduler.notifications.channels.document import document
from scheduler.notifications.message import Message
from scheduler.notifications.settings import Channel
from scheduler.notifications.transport import NotDelivered


class Command:
    """Runs a program for each message, in the folder of the home."""

    def __init__(self, channel: Channel, home: Home, environ: Mapping[str, str]) -> None:
        self._channel, self._root = channel, home.root
        self._env = {name: environ[name] for name in INHERITED if name in environ}
        self._env |= {"CRONLEDGER_HOME": str(home.root), "CRONLEDGER_CHANNEL": channel.name}

    def send(self, message: Message) -> None:
        """Deliver a message; see `Transport`."""
        env = {**self._env, "CRONLEDGER_MESSAGE": message.id}
        try:
            run(
                self._channel.command,
                document(message) + b"\n",
                self._root,
                self._channel.timeout_ms / 1_000,
                env=env,
            )
        except ProgramCutOff as problem:
            raise NotDelivered(str(problem), uncertain=True) from None
        except (ProgramFailed, OSError) as problem:
            raise NotDelivered(str(problem)) from None
