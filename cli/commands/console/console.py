"""`cronledger console`: pages about a home, for a browser."""

from __future__ import annotations

import signal
from collections.abc import Callable

import click

from cli.app.lazy_group import LazyGroup
from cli.home.as_of import as_of_option
from cli.terminal.console import out
from cli.times.show import MACHINES_ZONE, local_zone, utc_option
from scheduler.home import Home

_CONSOLE: dict[str, tuple[str, str]] = {}


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
@as_of_option
@utc_option(MACHINES_ZONE)
@click.pass_context
def console(ctx: click.Context, address: str | None, as_of: str | None, utc: bool) -> None:
    """Show the home in a browser: what runs, what failed, every job, every run, the ledger itself.

    The console is a process of its own that reads the ledger; the scheduler does not notice it. It goes on until
    Ctrl-C or SIGTERM. From another machine: ssh -L 8800:/PATH/OF/THE/HOME/var/console.sock HOST, then
    http://localhost:8800/.
    """
    if ctx.invoked_subcommand is not None:
        return
    home = ctx.obj
    assert isinstance(home, Home), "set by the group"
    from cli.console.listening import UNIX, bound_socket, shown_address

    listening = bound_socket(address or f"{UNIX}{home.var / 'console.sock'}")
    from cli.console.application import console_application
    from cli.console.server import listen
    from cli.console.site import Site

    site = Site(home, "UTC" if utc else local_zone(), as_of)
    try:
        with site.look():
            pass  # a home that cannot be read is told here, rather than on the first page
        out(f"console of {home.root}, listening on {shown_address(listening)}")
        listen(console_application(site), listening, _on_signals, site.live.end)
    finally:
        site.close()


def _on_signals(stop: Callable[[], None]) -> None:
    """Both signals end the server, which gives them on to these handlers when it has ended."""
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop())
