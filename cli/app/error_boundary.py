"""The boundary that every command runs inside: each known error from below becomes words and an exit code."""

from __future__ import annotations

import errno
import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, NoReturn

import click

from cli.app.failures import ExitCode, Failure, say
from cli.terminal.console import OutputLost, silence
from cli.terminal.printable import printable

if TYPE_CHECKING:
    from eventstore.errors import LedgerError

_YEAR_MAX = 9_000
"""From then on sums of times leave the calendar."""


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
        sys.exit(ExitCode.DONE)
    except OutputLost as problem:
        _say_that_output_is_lost(problem)
    except Exception as problem:
        if isinstance(problem, OSError) and _is_of_output(problem):
            _say_that_output_is_lost(problem.strerror or problem)
        code = _explain(problem)
        if code is None:
            raise
        sys.exit(code)


def _say_that_output_is_lost(why: object) -> NoReturn:
    silence(sys.stdout)
    say(Failure(f"standard output cannot be written: {why}"))
    sys.exit(ExitCode.FAILED)


def _is_of_output(problem: OSError) -> bool:
    """Whether click could not print something, as it prints help and versions."""
    place = problem.__traceback__
    while place is not None and place.tb_next is not None:
        place = place.tb_next
    return place is not None and place.tb_frame.f_code is click.echo.__code__


@contextmanager
def passing_failures() -> Iterator[None]:
    """What may be over by itself, a full disk, a lock that is held, a database that is away, is `ExitCode.LATER`.

    Who starts a scheduler again when it fails is to try again then, and not where a person has to do something first.

    Raises:
        Failure: one of these.
    """
    try:
        yield
    except Exception as problem:
        failure = failure_of(problem) if _may_pass(problem) else None
        if failure is None:
            raise
        raise Failure(failure.message, failure.hint, ExitCode.LATER) from problem


def _may_pass(problem: Exception) -> bool:
    from eventstore.errors import InDoubt, NoAnswer, Poisoned, Unavailable

    if isinstance(problem, OSError):
        return not isinstance(problem, BrokenPipeError) and problem.errno not in _NOT_BY_ITSELF
    if isinstance(problem, Unavailable) and isinstance(problem.__cause__, OSError):
        return problem.__cause__.errno not in _NOT_BY_ITSELF
    return isinstance(problem, Unavailable | NoAnswer | InDoubt | Poisoned)


def _explain(problem: Exception) -> ExitCode | None:
    """Say what a typed error from below means; None for one that should not have come up.

    The types are imported here: a command that succeeds does not need them.
    """
    from scheduler.configuration.errors import ConfigInvalid, ConfigMissing, ConfigUnreadable

    if isinstance(problem, ConfigInvalid | ConfigMissing | ConfigUnreadable):
        from cli.app.config_errors import show_problem

        show_problem(problem)
        return ExitCode.USAGE
    failure = failure_of(problem)
    if failure is None:
        return None
    say(failure)
    return failure.exit_code


def failure_of(problem: Exception) -> Failure | None:
    """What a typed error from below means to a person; None for one that should not have come up.

    Mistakes in a config are not among them: they are shown each with its place.
    """
    import msgspec

    from eventstore.errors import LedgerError
    from projections.errors import QueryError
    from scheduler.home import NoHome
    from scheduler.vocabulary.payload import UnfitPayload

    if isinstance(problem, NoHome):
        return Failure(
            f"there is no cronledger home in {printable(str(problem.root))}",
            "`cronledger init` makes one; `--home DIR` or CRONLEDGER_HOME names another folder.",
        )
    if isinstance(problem, LedgerError):
        return _of_ledger(problem)
    if isinstance(problem, UnfitPayload):
        return Failure(
            f"the ledger holds an entry that cannot be folded: {problem}",
            f"`cronledger ledger show {problem.seq}` shows it, `cronledger ledger verify` names all of them, and "
            "`cronledger export events` exports every entry. If a later version of cronledger recorded it, use that "
            "one; otherwise somebody else did: restore the ledger from a backup of before.",
            ExitCode.LEDGER,
        )
    if isinstance(problem, QueryError):
        return Failure(
            f"the projections cannot be asked: {problem}",
            "`cronledger projections status --verify` compares them with the entries, and removes what is altered.",
        )
    if isinstance(problem, msgspec.MsgspecError):
        return Failure(
            f"the home holds something that this version does not understand: {problem}",
            "Use the version of cronledger that wrote it, or a later one.",
            ExitCode.LEDGER,
        )
    if isinstance(problem, OSError):
        return Failure(system_words(problem), _SYSTEM_HINTS.get(problem.errno or 0, ""), ExitCode.LEDGER)
    if (year := time.gmtime().tm_year) >= _YEAR_MAX:
        return Failure(
            f"this machine's clock says that it is the year {year}, in which no schedule can be reckoned",
            "Set the clock, then try again.",
            ExitCode.FAILED,
        )
    return None


def _of_ledger(problem: LedgerError) -> Failure:
    from eventstore import errors as ledger

    if isinstance(problem, ledger.LockHeld):
        from cli.app.ledger_wait import process_named

        return Failure(
            f"the ledger is held by another process{process_named(problem.pid)}: gave up after "
            f"{problem.waited_s:g} s",
            "Nothing more was recorded. That process was stopped, or its disk hangs: let it go on, or end it, then "
            "try again.",
            ExitCode.LEDGER,
        )
    if isinstance(problem, ledger.Archived):
        place = printable(problem.place)
        state, remedy = "which cannot be read", "Mount the archive there; if it is elsewhere now,"
        if problem.damaged:
            state = "in which something else stands"
            remedy = "Put a sound copy of the archive there; if it is elsewhere,"
        return Failure(
            f"entries {problem.first:,} to {problem.last:,} are in an archive, {place}, {state}: "
            f"{printable(problem.why)}",
            f"Nothing of the ledger here is damaged. {remedy} `cronledger ledger reattach DIR` says where.",
            ExitCode.LEDGER,
        )
    from cli.app.database_failures import database_failure

    failure = database_failure(problem)
    if failure is not None:
        return failure
    said: dict[type[ledger.LedgerError], tuple[str, str]] = {
        ledger.NoLedger: ("", "`cronledger serve` begins one in a home, in its folder `var/ledger`."),
        ledger.DamagedTail: (
            "the ledger is damaged: ",
            "Nothing was written. `cronledger ledger verify` shows the extent; restore it from a backup.",
        ),
        ledger.NewerFormat: ("", ""),  # says itself what to do
        ledger.LedgerGone: (
            "the ledger is gone: ",
            "Nothing was recorded. Mount its disk, or restore a backup. To begin a new one, move all of `var` away.",
        ),
        ledger.Unavailable: (
            "the ledger cannot be used: ",
            "Nothing was recorded. Make room, mend the permissions or put back what was there, then try again.",
        ),
        ledger.Poisoned: ("", "What reached the disk is unknown. Check the disk, then start again."),
    }
    prefix, hint = next((words for kind, words in said.items() if isinstance(problem, kind)), ("", ""))
    return Failure(f"{prefix}{problem}", hint, ExitCode.LEDGER)


_NOT_BY_ITSELF = frozenset({errno.EACCES, errno.EPERM, errno.EROFS})
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
    if number in (errno.ENOSPC, errno.EDQUOT, errno.EROFS):
        return "write"
    if number not in (errno.EACCES, errno.EPERM):
        return "use"
    if os.path.exists(path):
        return "write" if os.access(path, os.R_OK) else "read"
    return "write" if os.access(os.path.dirname(path) or ".", os.R_OK | os.X_OK) else "read"
