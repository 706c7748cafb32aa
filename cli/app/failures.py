"""Failures as people see them: what happened, what to do, and the exit code that says which kind it was."""

from __future__ import annotations

import enum
import errno
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import click

from cli.terminal.console import OutputLost, Tone, fitted, paint, wants_colour
from cli.terminal.printable import printable

_ERROR = "error: "


class Exit(enum.IntEnum):
    """What the exit code of every command means."""

    DONE = 0
    FAILED = 1
    """The thing asked about failed: a run, a verification, a deletion."""
    USAGE = 2
    """The command or the configuration is wrong; nothing was done."""
    LEDGER = 3
    """The ledger cannot be trusted or cannot be written."""
    INTERRUPTED = 130
    """Ctrl-C."""


class Failure(Exception):
    """Something to tell a person: what happened, `hint` what to do about it, and how to exit."""

    def __init__(self, message: str, hint: str = "", exit_code: Exit = Exit.USAGE) -> None:
        self.message, self.hint, self.exit_code = message, hint, exit_code
        super().__init__(message)


def say(failure: Failure) -> None:
    """Print a failure to stderr."""
    _tell(_ERROR, "bad", failure.message)
    if failure.hint:
        margin = " " * len(_ERROR)
        click.echo(fitted(margin + printable(failure.hint), sys.stderr, hang=len(margin)), err=True)


def complain(message: str) -> None:
    """Print a warning to stderr; the command goes on."""
    _tell("warning: ", "warn", message)


def _tell(label: str, tone: Tone, message: str) -> None:
    colour = wants_colour(sys.stderr)
    lines = [printable(line) for line in message.split("\n")]
    text = ("\n" + " " * len(label)).join(lines)
    shown = fitted(paint(label, tone, colour) + text, sys.stderr, hang=len(label))
    click.echo(shown, err=True, color=colour)


@contextmanager
def failures_for_people() -> Iterator[None]:
    """Turn every typed error that can come up from below into its message and exit code."""
    try:
        yield
    except Failure as failure:
        say(failure)
        sys.exit(failure.exit_code)
    except BrokenPipeError:
        # The reader of our output left; that is its right. Python must not complain about it at exit either.
        silence(sys.stdout)
        sys.exit(Exit.DONE)
    except OutputLost as problem:
        silence(sys.stdout)
        say(Failure(f"standard output cannot be written: {problem}"))
        sys.exit(Exit.FAILED)
    except Exception as problem:
        code = _explain(problem)
        if code is None:
            raise
        sys.exit(code)


def silence(stream: object) -> None:
    """Send what is still buffered for a stream nowhere, so that flushing it at exit cannot fail."""
    try:
        fileno: int = stream.fileno()  # type: ignore[attr-defined]
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, fileno)
        os.close(nowhere)
    except (AttributeError, OSError, ValueError):
        return


def _explain(problem: Exception) -> Exit | None:
    """Say what a typed error from below means; None for one that should not have come up.

    The types are imported here: a command that succeeds does not need them.
    """
    import msgspec

    from eventstore.errors import LedgerError
    from scheduler.configuration.errors import ConfigInvalid, ConfigMissing, ConfigUnreadable

    if isinstance(problem, ConfigInvalid | ConfigMissing | ConfigUnreadable):
        from cli.app.config_errors import show_problem

        show_problem(problem)
        return Exit.USAGE
    if isinstance(problem, LedgerError):
        failure = _of_ledger(problem)
    elif isinstance(problem, msgspec.MsgspecError):
        failure = Failure(
            f"the ledger holds an entry that this version does not understand: {problem}",
            "Use the version of cronledger that wrote it, or a later one.",
            Exit.LEDGER,
        )
    elif isinstance(problem, OSError):
        failure = Failure(system_words(problem), _SYSTEM_HINTS.get(problem.errno or 0, ""), Exit.LEDGER)
    else:
        return None
    say(failure)
    return failure.exit_code


def _of_ledger(problem: Exception) -> Failure:
    from eventstore import errors as ledger

    said: dict[type[ledger.LedgerError], tuple[str, str]] = {
        ledger.NoLedger: ("", "`cronledger serve` begins one."),
        ledger.DamagedTail: (
            "the ledger is damaged: ",
            "Nothing was written. `cronledger ledger verify` shows the extent; restore it from a backup.",
        ),
        ledger.NewerFormat: ("", ""),  # says itself what to do
        ledger.Unavailable: (
            "the ledger cannot be used: ",
            "Nothing was recorded. Make room or mend the permissions, then try again.",
        ),
        ledger.Poisoned: ("", "What reached the disk is unknown. Check the disk, then start again."),
    }
    prefix, hint = next((words for kind, words in said.items() if isinstance(problem, kind)), ("", ""))
    return Failure(f"{prefix}{problem}", hint, Exit.LEDGER)


_SYSTEM_HINTS = {
    errno.EACCES: "Mend its permissions, or run this as the user whose home it is.",
    errno.EPERM: "Mend its permissions, or run this as the user whose home it is.",
    errno.EROFS: "Its disk is mounted to be read only.",
    errno.ENOSPC: "Make room on its disk, then try again.",
    errno.EDQUOT: "Make room on its disk, then try again.",
    errno.EMFILE: "Raise the limit of open files (`ulimit -n`), then try again.",
}


def system_words(problem: OSError) -> str:
    """What the system refused, in words: `cannot write /srv/jobs/var: permission denied`."""
    reason = problem.strerror or str(problem)
    if problem.filename is None:
        return reason
    path = os.fsdecode(problem.filename) if isinstance(problem.filename, str | bytes) else ""
    if not path:  # a descriptor
        return reason
    return f"cannot {_refused(problem.errno, path)} {path}: {reason[:1].lower()}{reason[1:]}"


def _refused(number: int | None, path: str) -> str:
    """What was probably tried with a file; the system does not tell."""
    if number in (errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EFBIG):
        return "write"
    if number not in (errno.EACCES, errno.EPERM):
        return "use"
    if os.path.exists(path):
        return "write" if os.access(path, os.R_OK) else "read"
    return "write" if os.access(os.path.dirname(path) or ".", os.R_OK | os.X_OK) else "read"
