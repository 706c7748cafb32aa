"""`cronledger console`: pages about a home, for a browser."""

from __future__ import annotations

import ipaddress
import os
from typing import TYPE_CHECKING

import click

from cli.app.failures import Failure
from cli.app.lazy_group import LazyGroup
from cli.home.as_of import as_of_option
from cli.terminal.console import out
from cli.terminal.printable import printable
from cli.times.show import MACHINES_ZONE, local_zone, utc_option
from scheduler.home import Home

if TYPE_CHECKING:
    import socket

    from cli.console.access.policy import Policy

_CONSOLE = {
    "token": ("cli.commands.console.token:token", "who may use the console over a network"),
}
_ROLES = ("view", "operate", "approve", "admin")


@click.group(
    cls=LazyGroup,
    lazy=_CONSOLE,
    invoke_without_command=True,
    epilog="Example: cronledger console --listen unix:/run/jobs/console.sock",
)
@click.option(
    "--listen",
    "address",
    metavar="unix:PATH|HOST:PORT",
    help="Where to listen; by default on var/console.sock in the home, which only its owner reaches.",
)
@click.option(
    "--host",
    "hosts",
    multiple=True,
    metavar="NAME",
    help="A name by which browsers may ask for it, beside localhost and --listen. May be given again.",
)
@click.option(
    "--proxy",
    "proxies",
    multiple=True,
    metavar="ADDRESS",
    help="With HOST:PORT: a proxy at this address says who asks. May be given again.",
)
@click.option(
    "--proxy-header",
    default="X-Forwarded-User",
    show_default=True,
    metavar="HEADER",
    help="In which header a proxy says it; it must take that header from everybody else.",
)
@click.option(
    "--proxy-role",
    "proxy_roles",
    type=click.Choice(_ROLES),
    multiple=True,
    default=("view",),
    show_default=True,
    help="What those may do of whom a proxy speaks. May be given again.",
)
@as_of_option
@utc_option(MACHINES_ZONE)
@click.pass_context
def console(
    ctx: click.Context,
    address: str | None,
    hosts: tuple[str, ...],
    proxies: tuple[str, ...],
    proxy_header: str,
    proxy_roles: tuple[str, ...],
    as_of: str | None,
    utc: bool,
) -> None:
    """Show the home in a browser: what runs, what failed, every job, every run, the ledger itself.

    The console is a process of its own that reads the ledger; the scheduler does not notice it. It goes on until
    Ctrl-C or SIGTERM. From another machine: ssh -L 8800:/PATH/OF/THE/HOME/var/console.sock HOST, then
    http://localhost:8800/.

    On HOST:PORT it asks for a token (`cronledger console token create`), or believes the proxy at the address of
    --proxy. There is no TLS here: listen on 127.0.0.1 and put a proxy that has it before. docs/console.md says more.
    """
    if ctx.invoked_subcommand is not None:
        return
    home = ctx.obj
    assert isinstance(home, Home), "set by the group"
    from cli.console.listening import UNIX, bound_socket, shown_address
    from cli.console.site import Site

    site = Site(home, "UTC" if utc else local_zone(), as_of)
    try:
        with site.look():
            pass  # a home that cannot be read is told here, rather than on the first page
        listening = bound_socket(address or f"{UNIX}{home.var / 'console.sock'}")
        with listening:
            policy = _policy(site, listening, hosts, (proxies, proxy_header, proxy_roles))
            from cli.console.application import console_application
            from cli.console.server import serve_console

            out(f"console of {home.root}, listening on {shown_address(listening)}")
            serve_console(console_application(site, policy), listening, site.end)
    finally:
        site.close()


def _policy(
    site: object,
    listening: socket.socket,
    hosts: tuple[str, ...],
    proxy: tuple[tuple[str, ...], str, tuple[str, ...]],
) -> Policy:
    """Who may come in.

    Raises:
        click.BadParameter: a proxy is named by something else than an address.
        Failure: nobody could come in.
    """
    import socket

    from cli.console.access.policy import LOCAL_NAMES, Policy
    from cli.console.site import Site
    from cli.console.visitor import ROLES
    from scheduler.ownership.home_owner import owner_of

    assert isinstance(site, Site), "what is served"
    proxies, header, roles = proxy
    owner = owner_of(site.home)
    names = {*LOCAL_NAMES, *(host.lower() for host in hosts)}
    own = os.geteuid() if owner is None else owner
    if listening.family == socket.AF_UNIX:
        if proxies:
            raise click.BadParameter(
                "a Unix socket has no addresses: it goes with HOST:PORT", param_hint="--proxy"
            )
        return Policy(local=True, hosts=frozenset(names), owner=own)
    if not proxies and not site.tokens():
        raise Failure(
            "nobody could sign in: there is no token, and no proxy is named",
            "`cronledger console token create NAME --scope view` makes a token; without HOST:PORT it listens on a "
            "socket of the owner.",
        )
    host = listening.getsockname()[0]
    names.add(f"[{host}]" if ":" in host else host)
    return Policy(
        local=False,
        hosts=frozenset(names),
        owner=own,
        proxies=frozenset(map(_address, proxies)),
        proxy_header=header.lower(),
        proxy_roles=frozenset(role for role in ROLES if role in roles),
    )


def _address(text: str) -> str:
    try:
        return str(ipaddress.ip_address(text))
    except ValueError:
        raise click.BadParameter(
            f"{printable(text)!r} is no address such as 127.0.0.1: of a name nobody knows who answers to it",
            param_hint="--proxy",
        ) from None
