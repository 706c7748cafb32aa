"""A socket at an address, as people write it."""

from __future__ import annotations

import socket

import click

from cli.app.failures import ExitCode, Failure
from cli.terminal.printable import printable


def tcp_socket(address: str, takes: str = "HOST:PORT") -> socket.socket:
    """A socket that listens at `HOST:PORT`; port 0 takes one that is free.

    Args:
        address: as it was typed.
        takes: how it may be written, in words.

    Raises:
        click.BadParameter: it is written otherwise.
        Failure: somebody else listens there, or the system does not allow it.
    """
    host, _, port = address.rpartition(":")
    if not host or not port.isascii() or not port.isdigit() or int(port) > 65_535:
        raise click.BadParameter(f"{printable(address)!r} is not written as {takes}", param_hint="--listen")
    host = host.removeprefix("[").removesuffix("]")
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host, int(port)), family=family)
    except OSError as problem:
        raise cannot_listen(address, problem) from None


def cannot_listen(address: str, problem: OSError) -> Failure:
    """What the system says against listening somewhere."""
    # Python adds the address once more, as a tuple.
    said = (problem.strerror or str(problem)).partition(" (while attempting")[0]
    return Failure(f"cannot listen on {printable(address)}: {said}", exit_code=ExitCode.USAGE)


def shown_url(listening: socket.socket) -> str:
    """Where such a socket listens, for a browser, without the last stroke."""
    host, port = listening.getsockname()[:2]
    return f"http://{f'[{host}]' if ':' in host else host}:{port}"
