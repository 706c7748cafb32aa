"""`witness serve`: a witness over HTTP."""

from __future__ import annotations

import signal
import socket
from collections.abc import Callable
from pathlib import Path

import click

from cli.app.failures import ExitCode, Failure
from cli.terminal.console import out
from cli.terminal.printable import printable, show_count
from cli.witness.folder import opened_witness, state_option, witness_folder


@click.command(epilog="Example: cronledger witness serve --state /srv/witness --listen 127.0.0.1:8770")
@click.option(
    "--listen",
    "address",
    metavar="HOST:PORT",
    default="127.0.0.1:8770",
    show_default=True,
    help="Where to listen; port 0 takes one that is free.",
)
@state_option
def serve(address: str, state: Path) -> None:
    """Cosign the checkpoints of other ledgers, over HTTP, until Ctrl-C or SIGTERM.

    A log sends each checkpoint with the proof that it extends the one that was cosigned last. It is cosigned only
    then, and kept before the answer goes out, so that no log can go back or tell two stories. The protocol is C2SP
    tlog-witness; any log that speaks it can be witnessed. docs/anchors.md says how a witness is set up.

    There is no TLS here, and nobody signs in: what the log has signed is what counts. Put a proxy before it that
    has TLS, and limits. A line tells of each checkpoint.

    Exit code 2 if there is no key, or it cannot listen there.
    """
    from scheduler.evidence.witness.application import WitnessApplication
    from scheduler.evidence.witness.server import listen

    with witness_folder(state) as folder:
        witness = opened_witness(folder)
        known = folder.logs()
    listening = _socket(address)
    host, port = listening.getsockname()[:2]
    shown = f"[{host}]" if ":" in host else host
    out(f"witness of {show_count(len(known), 'log')}, listening on http://{shown}:{port}")
    listen(WitnessApplication(witness, folder, lambda told: out(printable(told))), listening, _on_signals)


def _on_signals(stop: Callable[[], None]) -> None:
    """Both signals end the server, which gives them on to these handlers when it has ended."""
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop())


def _socket(address: str) -> socket.socket:
    host, _, port = address.rpartition(":")
    if not host or not port.isascii() or not port.isdigit() or int(port) > 65_535:
        raise click.BadParameter(f"{printable(address)!r} is not written as HOST:PORT", param_hint="--listen")
    host = host.removeprefix("[").removesuffix("]")
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host, int(port)), family=family)
    except OSError as problem:
        raise Failure(
            f"cannot listen on {printable(address)}: {problem.strerror or problem}", exit_code=ExitCode.USAGE
        ) from None
