"""What the person who runs the console has decided about who may come in."""

from __future__ import annotations

from typing import Final, NamedTuple

from cli.console.visitor import Role

LOCAL_NAMES: Final = ("localhost", "127.0.0.1", "[::1]")


class Policy(NamedTuple):
    """Who may come in.

    Attributes:
        local: it listens on a Unix socket.
        hosts: by which names it may be asked, without a port: any other name may be that of a page of a stranger
            that a browser was led to look up here.
        owner: the uid that owns the home.
        proxies: the addresses of proxies that say who asks; nobody else's word counts.
        proxy_header: in which header they say it.
        proxy_roles: what those may do of whom they speak.
    """

    local: bool
    hosts: frozenset[str]
    owner: int
    proxies: frozenset[str] = frozenset()
    proxy_header: str = "x-forwarded-user"
    proxy_roles: frozenset[Role] = frozenset({"view"})

    def knows_host(self, header: str) -> bool:
        """Whether the header `Host` names this console."""
        name, _, port = header.rpartition(":")
        bare = name if name and port.isascii() and port.isdigit() else header
        return bare.lower() in self.hosts
