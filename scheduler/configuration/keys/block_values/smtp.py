"""`smtp` of a channel: the server that takes its mail."""

from __future__ import annotations

import re
from typing import Final

from scheduler.configuration.keys import written_form
from scheduler.configuration.keys.block_values.blocks import Reader, block, member
from scheduler.configuration.keys.block_values.channels import address
from scheduler.configuration.keys.block_values.secrets import one_secret
from scheduler.configuration.keys.values import one_of, text, whole_number
from scheduler.configuration.keys.written_form import of_form
from scheduler.configuration.yaml_tree.problems import InvalidValue
from scheduler.configuration.yaml_tree.tree import Node
from scheduler.notifications.settings import Smtp

TAKES: Final = "a mapping such as {host: mail.example.org, user: cronledger, password: {file: PATH}}"
_HOST: Final = re.compile(r"[A-Za-z0-9]([A-Za-z0-9.-]{0,251}[A-Za-z0-9])?\.?|[0-9A-Fa-f:.]{2,45}")


@of_form(lambda: written_form.block_of(_KEYS))
def smtp(node: Node) -> Smtp:
    """The server, how it is spoken to, and as whom."""
    members = block(node, "smtp", TAKES, _KEYS, _SYNONYMS)
    if members is None:
        raise InvalidValue(f"this takes {TAKES}, not 'none'")
    found = Smtp(**members)
    if (found.user is None) != (found.password is None):
        raise InvalidValue("user and password belong together: the password is {file: PATH} or {env: NAME}")
    if found.user is not None and found.effective_tls == "none" and not found.is_local:
        raise InvalidValue("without TLS the password would cross the network as it is: take tls: starttls")
    return found


def shown(value: Smtp) -> str:
    """The server for people: `localhost, port 25, no TLS`."""
    tls = {"starttls": "STARTTLS", "implicit": "TLS", "none": "no TLS"}[value.effective_tls]
    user = f", user {value.user}" if value.user is not None else ""
    return f"{value.host}, port {value.effective_port}, {tls}{user}"


@of_form(written_form.TEXT)
def _host(node: Node) -> str:
    wanted = "the name or address of a host, such as mail.example.org"
    written = text(node, wanted, literal=True)
    if not _HOST.fullmatch(written):
        name, _, port = written.rpartition(":")
        near = f"{name}, port: {port}" if _HOST.fullmatch(name) and port.isdigit() else ""
        raise InvalidValue(f"this takes {wanted}, not {written!r}", near)
    return written


@of_form(written_form.TEXT)
def _user(node: Node) -> str:
    return text(node, "the name of a user", literal=True)


_KEYS: Final[dict[str, Reader]] = {
    "host": member("host", _host),
    "port": member("port", whole_number(1, 65_535)),
    "tls": member("tls", one_of("starttls", "implicit", "none")),
    "user": member("user", _user),
    "password": member("password", one_secret),
    "from": member("sender", address),
}
_SYNONYMS: Final = {
    "server": "host", "hostname": "host", "username": "user", "login": "user", "pass": "password",
    "ssl": "tls", "starttls": "tls", "sender": "from", "mail_from": "from",
}  # fmt: skip
