"""Running jobs without waiting for them, while no scheduler serves the home: a separate process executes them.

This process leaves the session of the command, so that neither Ctrl-C nor the end of the terminal reaches it. It
keeps standard error until the requests are durable, so that it can report errors before that. Later it writes only
to the ledger.
"""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable
from typing import NamedTuple, NoReturn

import msgspec

from cli.app.error_boundary import failures_for_people
from cli.app.failures import ExitCode


class DetachedRun(NamedTuple):
    """A run whose request is durable; `skipped` says why it was skipped, and is empty if it was not."""

    run: int
    job: str
    skipped: str = ""


OnDurable = Callable[[list[DetachedRun]], None]


def detach(execute: Callable[[OnDurable], object]) -> list[DetachedRun]:
    """Call `execute` in a separate process, and return what it reports; that process continues.

    No file of the ledger may be open in the caller, because the two processes must not share open files.

    Args:
        execute: it reports once, when all its requests are durable, and returns when the runs have ended.

    Raises:
        SystemExit: the process ended without a report; it has printed why.
    """
    sys.stdout.flush()
    sys.stderr.flush()
    read_fd, write_fd = os.pipe2(os.O_CLOEXEC)
    pid = os.fork()
    if pid == 0:
        os.close(read_fd)
        _child(execute, write_fd)
    os.close(write_fd)
    try:
        with open(read_fd, "rb") as reports:
            raw = reports.read()
    except KeyboardInterrupt:
        os.kill(pid, signal.SIGTERM)
        raise
    if raw:
        return msgspec.json.decode(raw, type=list[DetachedRun])
    _, status = os.waitpid(pid, 0)
    sys.exit(os.waitstatus_to_exitcode(status) if os.WIFEXITED(status) else ExitCode.FAILED)


def _child(execute: Callable[[OnDurable], object], write_fd: int) -> NoReturn:
    code: int = ExitCode.FAILED
    try:
        os.setsid()
        _redirect((0, 1))

        def report(requested: list[DetachedRun]) -> None:
            with open(write_fd, "wb") as reports:
                reports.write(msgspec.json.encode(requested))
            _redirect((2,))

        with failures_for_people():
            execute(report)
        code = ExitCode.DONE
    except SystemExit as left:
        code = left.code if isinstance(left.code, int) else ExitCode.FAILED
    finally:
        # Whatever happens here must not unwind into the code that called `detach`.
        os._exit(code)


def _redirect(descriptors: tuple[int, ...]) -> None:
    null = os.open(os.devnull, os.O_RDWR | os.O_CLOEXEC)
    for descriptor in descriptors:
        os.dup2(null, descriptor)
    os.close(null)
