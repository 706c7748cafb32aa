"""What the scheduler and the fork server say to each other: datagrams of JSON, each one of these.

The scheduler sends a `ForkRequest` with three descriptors: standard output, standard error, and the end of a pipe on
which the process waits until it may begin (`GO`). A pipe that ends without that ends the process.
"""

from __future__ import annotations

import socket
from collections.abc import Mapping, Sequence
from typing import Final, Literal

import msgspec

SERVER: Final = "scheduler.python_jobs.forking.fork_server"
"""The module of the server, isolated as the process of a job is (`-I`)."""

PROTOCOL: Final = 1
"""Raised with each change of what is said here: a scheduler that was upgraded on disk may meet a newer server."""

REQUEST_BYTES_MAX: Final = 64 * 1024
REPLY_BYTES_MAX: Final = 512
DESCRIPTORS: Final = 3
GO: Final = b"g"

ROOM: Final = "CRONLEDGER_FORK_ROOM"
"""A variable of the server whose place in memory a forked process fills with what it is recognised by."""
ROOM_BYTES: Final = 1024

BEGUN: Final = "CRONLEDGER_BEGUN"
"""When the attempt began, in seconds since the boot: a forked process may have waited for it."""

SHOWN: Final = (
    "CRONLEDGER_LEDGER",
    "CRONLEDGER_RUN",
    "CRONLEDGER_ATTEMPT",
    "CRONLEDGER_SECRET",
    "CRONLEDGER_JOB",
    BEGUN,
)
"""The variables that `/proc/PID/environ` shows of a forked process, among those of the server."""

_READ_AT_START: Final = ("LANG", "LC_ALL", "LC_CTYPE", "LOCPATH", "GLIBC_TUNABLES")
_READ_AT_START_PREFIXES: Final = ("LD_", "MALLOC_", "OPENSSL_")


def read_at_start(env: Mapping[str, str]) -> dict[str, str]:
    """Those of the variables that the C library, OpenSSL or the interpreter reads once, when a program begins."""
    return {
        name: value
        for name, value in env.items()
        if name in _READ_AT_START or name.startswith(_READ_AT_START_PREFIXES)
    }


class ForkRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One process to be forked.

    Attributes:
        number: names it in the replies.
        argv: the command that it stands for, as `request.argv` makes it.
        env: its whole environment.
        working_directory: absolute.
    """

    number: int
    argv: list[str]
    env: dict[str, str]
    working_directory: str


class ForkReply(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True, kw_only=True):
    """What became of something.

    Attributes:
        what: `warm`: the server has imported what it needs. `ready`: the process, a child of the scheduler, stands
            and waits. `refused`: there is none, and will be none. `stale`: what the server has imported was replaced
            on disk, and it ends.
        number: of the request; pid: of the process.
        protocol: of a server that is warm.
    """

    what: Literal["warm", "ready", "refused", "stale"]
    number: int = 0
    pid: int = 0
    protocol: int = 0


def receive(connection: socket.socket) -> tuple[bytes, list[int]]:
    """The next request and its descriptors; empty if the other side has closed.

    Raises:
        OSError: it cannot be received.
    """
    raw, descriptors, _, _ = socket.recv_fds(
        connection, REQUEST_BYTES_MAX + 1, DESCRIPTORS, socket.MSG_CMSG_CLOEXEC
    )
    return raw, descriptors


def say(connection: socket.socket, reply: ForkReply) -> None:
    """Tell the scheduler.

    Raises:
        OSError: it cannot be told.
    """
    connection.send(msgspec.json.encode(reply))


def server_argv(python: str, parent: int) -> Sequence[str]:
    """The command of the server; `ps` shows in its place what a forked process is, so that it takes some room."""
    return [python, "-I", "-m", SERVER, str(parent), "cronledger's fork server for jobs in Python".ljust(200)]
