"""`witness serve`: a witness over HTTP."""

from __future__ import annotations

from pathlib import Path

import click

from cli.http.tcp_socket import shown_url, tcp_socket
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
    from cli.http.server import Bounds, listen
    from scheduler.evidence.witness.application import WitnessApplication

    with witness_folder(state) as folder:
        witness = opened_witness(folder)
        known = folder.logs()
    listening = tcp_socket(address)
    out(f"witness of {show_count(len(known), 'log')}, listening on {shown_url(listening)}")
    bounds = Bounds(connections_max=200, headers_bytes_max=16 * 1024, idle_s=30, stop_s=5)
    listen(WitnessApplication(witness, folder, lambda told: out(printable(told))), listening, bounds)
