"""Where the console listens: a socket file that only its owner reaches, or an address."""

from __future__ import annotations

import os
import socket
import stat
from contextlib import suppress
from pathlib import Path
from typing import Final

from cli.app.failures import Failure
from cli.http.tcp_socket import cannot_listen, shown_url, tcp_socket
from cli.terminal.printable import printable

UNIX: Final = "unix:"
_PATH_BYTES_MAX: Final = 107
"""The kernel takes no longer ones (unix(7))."""


def bound_socket(address: str) -> socket.socket:
    """A socket that is bound to `unix:PATH` or `HOST:PORT`; port 0 takes one that is free.

    Raises:
        click.BadParameter: it is written otherwise.
        Failure: somebody else listens there, or the system does not allow it.
    """
    return (
        _unix(Path(address.removeprefix(UNIX)))
        if address.startswith(UNIX)
        else tcp_socket(address, "unix:PATH or HOST:PORT")
    )


def shown_address(listening: socket.socket) -> str:
    """Where it listens, as a person would type it."""
    if listening.family == socket.AF_UNIX:
        return f"{UNIX}{listening.getsockname()}"
    return f"{shown_url(listening)}/"


def _unix(path: Path) -> socket.socket:
    if len(os.fsencode(path)) > _PATH_BYTES_MAX:
        raise Failure(
            f"the path of the socket is too long: {printable(str(path))}",
            f"The kernel takes {_PATH_BYTES_MAX} bytes: give another one with --listen unix:PATH.",
        )
    _remove_dead(path)
    listening = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    before = os.umask(0o177)
    try:
        listening.bind(os.fspath(path))
    except OSError as problem:
        listening.close()
        raise cannot_listen(f"{UNIX}{path}", problem) from None
    finally:
        os.umask(before)
    return listening


def _remove_dead(path: Path) -> None:
    """Remove a socket on which nobody listens; whatever else stands there stays, and binding fails.

    Raises:
        Failure: somebody listens there.
    """
    with suppress(OSError):
        if not stat.S_ISSOCK(os.lstat(path).st_mode) or os.lstat(path).st_uid != os.geteuid():
            return
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as tried:
            tried.settimeout(1)
            try:
                tried.connect(os.fspath(path))
            except ConnectionRefusedError:
                path.unlink()
                return
            except OSError:
                return
        raise Failure(
            f"a console listens on {printable(str(path))} already", "Stop that one, or give another --listen."
        )
