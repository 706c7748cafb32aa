"""`notify test`: send a message that tells of nothing, now."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import click

from cli.app.failures import ExitCode, Failure
from cli.app.json_output import json_option, show_json
from cli.home.channel_names import CHANNEL, find_channel
from cli.terminal.console import exit_code_counts, tell
from cli.terminal.printable import printable
from scheduler.home import Home

if TYPE_CHECKING:
    from scheduler.notifications.settings import Channel
    from scheduler.notifications.transport import NotDelivered


@click.command(epilog="Example: cronledger notify test mail")
@click.argument("name", metavar="CHANNEL", type=CHANNEL)
@json_option
@click.pass_obj
@exit_code_counts()
def test(home: Home, name: str, as_json: bool) -> None:
    """Send a message that tells of nothing to a channel, now, and say what came of it.

    The config is taken as it is in the file, and secrets are read as they are now: variables from the environment of
    this command, which may not be that of the scheduler. Nothing is recorded. A ping tells the success of a run.

    Exit code 1 if it was not delivered, 2 if the config has no such channel.
    """
    from scheduler.configuration.home_config import load_config_in_force
    from scheduler.notifications.channels import open_channel
    from scheduler.notifications.channels.trial import trial_message
    from scheduler.notifications.transport import NotDelivered

    channel = find_channel(load_config_in_force(home), name)
    message = trial_message(channel.name, home)
    began_s, problem = time.monotonic(), None
    try:
        open_channel(channel, home).send(message)
    except NotDelivered as refused:
        problem = refused
    took_s = time.monotonic() - began_s
    if as_json:
        show_json(
            {
                "channel": channel.name,
                "kind": channel.kind,
                "message": message.id,
                "delivered": problem is None,
                "error": None if problem is None else problem.reason,
                "uncertain": problem is not None and problem.uncertain,
                "duration_ms": round(took_s * 1_000),
            }
        )
        raise click.exceptions.Exit(ExitCode.DONE if problem is None else ExitCode.FAILED)
    if problem is not None:
        raise Failure(
            f"the test message to {channel.name} was not delivered: {printable(problem.reason)}",
            _hint(problem),
            ExitCode.FAILED,
        )
    tell(f"{channel.name}: the test message was delivered in {took_s:.1f} s{_where(channel)}")


def _hint(problem: NotDelivered) -> str:
    return "It may have arrived all the same: no answer came." if problem.uncertain else ""


def _where(channel: Channel) -> str:
    """What is to be looked at, where delivered does not mean arrived."""
    if channel.kind != "email":
        return ""
    return f" to the mail server {channel.smtp.host}, which has it for {', '.join(channel.to)}"
