"""`cronledger console token`: who may use the console over a network."""

from __future__ import annotations

import click

from cli.app.lazy_group import LazyGroup

_TOKEN = {
    "create": ("cli.commands.console.token_create:create", "make a token, and show it once"),
    "list": ("cli.commands.console.token_list:list_", "who has one, and what it is good for"),
    "revoke": ("cli.commands.console.token_revoke:revoke", "have a token be good no more"),
}


token: click.Group = LazyGroup("token", lazy=_TOKEN, help="Who may use the console over a network.")
