"""The built-in jobs as a program: `python -I -m scheduler.builtin NAME …`.

Exit codes: 0 done; 1 something could not be deleted, or nothing was because the clock is in doubt; 2 usage;
3 the ledger cannot be trusted or written.
"""

from __future__ import annotations

import argparse
import io
import os
import signal
import sys
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Final, NoReturn

import msgspec

from eventstore import EventStore, LedgerError
from eventstore.nesting import decode
from scheduler.builtin import REGISTERED
from scheduler.builtin.cleanup import clean
from scheduler.builtin.folders import ResolvedDirectory
from scheduler.builtin.protected_paths import output_in_use
from scheduler.builtin.retention import pattern_problem
from scheduler.builtin.retention_report import RetentionTally
from scheduler.builtin.summary import summary
from scheduler.definition import RETENTION_MAX, Directory
from scheduler.home import Home
from scheduler.ledger import snapshot
from scheduler.ledger.ledger import Ledger
from scheduler.processes.recognition import identity
from scheduler.processes.recognition.tree import LEDGER, RUN
from scheduler.rules.clock_trust import why_not_delete
from scheduler.rules.state import ClockMark
from scheduler.store import open_store_to_append
from scheduler.system_clock import SystemClock
from scheduler.vocabulary import SCHEDULER, RetentionApplied, event

DONE: Final = 0
INCOMPLETE: Final = 1
USAGE: Final = 2
LEDGER_TROUBLE: Final = 3


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        print(f"{self.prog}: {message}", file=sys.stderr)
        raise SystemExit(USAGE)


def main(
    argv: Sequence[str],
    environ: Mapping[str, str],
    now: Callable[[], datetime],
    boot: Callable[[], tuple[str, int]] = lambda: (identity.boot_id(), _boottime_ms()),
) -> int:
    """Run a built-in job and return the exit code.

    The ledger is opened before anything is deleted: where nothing can be recorded, nothing is done. Where what is on
    record contradicts the clock, nothing is deleted either, and what would have been is said.

    Args:
        argv: the options.
        environ: which run this is.
        now: the wall clock.
        boot: the id of this boot, and the milliseconds since it.
    """
    options = parse(argv)
    home = Home(options.home)
    applied: RetentionApplied | None = None
    try:
        # Once something is deleted, that is recorded, however long it takes.
        with closing(open_store_to_append(home, SCHEDULER, create=False, patience_s=None)) as store:
            run = _run(environ, store.ledger_id)
            moment = now()
            refused = None
            if not (options.dry_run or options.trust_clock):
                refused = _doubt(home, store, run, ClockMark(moment, *boot()))
            applied = _clean(options, home, store.ledger_id, moment, refused)
            store.append([event(applied, _actor(store, run), job=options.job, run=run)])
    except LedgerError as error:
        if applied is None:
            print(f"{options.job}: {error}; nothing was deleted", file=sys.stderr)
        else:
            print(summary(options.job, applied))
            print(f"{options.job}: {error}; what was done is not in the ledger", file=sys.stderr)
        return LEDGER_TROUBLE
    print(summary(options.job, applied))
    return INCOMPLETE if applied.failed or applied.refused is not None else DONE


def _doubt(home: Home, store: EventStore, run: int | None, now: ClockMark) -> str | None:
    """Why nothing may be deleted by this clock; None if nothing on record contradicts it."""
    ledger = Ledger(store, snapshot.newest(home.snapshots, store))
    ledger.refresh()
    # What belongs to this run was recorded by the clock that is in question.
    before = ledger.state.head.seq if run is None else min(run - 1, ledger.state.head.seq)
    newest = next((entry.time for entry in store.read(before, before)), now.time)
    return why_not_delete(ledger.state.clock, newest, now)


def _boottime_ms() -> int:
    return round(SystemClock().read().boottime_s * 1000)


def _clean(
    options: argparse.Namespace, home: Home, ledger_id: str, now: datetime, refused: str | None
) -> RetentionApplied:
    """Do the work, or only count it where it is refused.

    A signal to stop ends it early, and what was done until then is still recorded.
    """
    signals: list[int] = []
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda number, _: signals.append(number))
    tally = RetentionTally(lambda: bool(signals))
    keep = output_in_use(ledger_id)
    job = REGISTERED[options.job]
    dry_run = options.dry_run or refused is not None
    applied = clean(job, home, options.directory, options.retention, now, keep, tally, dry_run=dry_run)
    if not signals:
        return msgspec.structs.replace(applied, refused=refused)
    tally.failed(str(home.root), f"stopped by {signal.Signals(signals[0]).name} before the end")
    return tally.applied(applied.kind, applied.cutoff, dry_run=dry_run, refused=refused)


def _run(environ: Mapping[str, str], ledger_id: str) -> int | None:
    """The run that this process is, where it is one of this ledger."""
    number = environ.get(RUN, "")
    # A home that was adopted adds a mark of its own to the ledger's id.
    is_ours = environ.get(LEDGER, "").partition(".")[0] == ledger_id
    return int(number) if is_ours and number.isdecimal() else None


def _actor(store: EventStore, run: int | None) -> str:
    """The actor that this run was made for: a run has the number of the entry that caused it."""
    for cause in store.read(run, run) if run is not None else ():
        return cause.actor
    return SCHEDULER


def parse(argv: Sequence[str]) -> argparse.Namespace:
    """The options of a command line, whose `job` says which built-in job it names; exits where it is none."""
    parser = _Parser(prog="scheduler.builtin", description=__doc__, allow_abbrev=False)
    jobs = parser.add_subparsers(dest="job", required=True, parser_class=_Parser, metavar="NAME")
    for job in REGISTERED.values():
        each = jobs.add_parser(
            job.name, help=job.description, description=job.description, allow_abbrev=False
        )
        each.add_argument("--home", type=_folder, required=True, help="the home folder, absolute")
        each.add_argument(
            f"--{job.unit}",
            dest="retention",
            type=_whole(1, RETENTION_MAX[job.unit]),
            default=job.default_retention,
            metavar="N",
            help="how long files are kept after their last change",
        )
        each.add_argument(
            "--directory",
            type=_directory,
            action="append",
            default=[],
            metavar='{"path": …, "pattern": …}',
            help="a further folder, as JSON",
        )
        each.add_argument(
            "--dry-run", action=argparse.BooleanOptionalAction, default=False, help="only count"
        )
        each.add_argument(
            "--trust-clock", action="store_true", help="delete though what is on record contradicts the clock"
        )
    return parser.parse_args(argv)


def _whole(least: int, most: int) -> Callable[[str], int]:
    def parse(text: str) -> int:
        if not (text.isascii() and text.isdecimal() and len(text) < 10 and least <= int(text) <= most):
            raise argparse.ArgumentTypeError(f"a whole number from {least} to {most} is needed, not {text!r}")
        return int(text)

    return parse


def _folder(text: str) -> Path:
    path = Path(text)
    if not path.is_absolute():
        raise argparse.ArgumentTypeError(f"an absolute path is needed, not {text!r}")
    return path


def _directory(text: str) -> Directory:
    try:
        directory = decode(os.fsencode(text), ResolvedDirectory)
    except msgspec.MsgspecError as error:
        raise argparse.ArgumentTypeError(f"{text!r} is no folder to clean: {error}") from error
    problem = pattern_problem(directory.pattern)
    if problem is not None:
        raise argparse.ArgumentTypeError(problem)
    if not directory.real:
        return Directory(path=directory.path, pattern=directory.pattern)
    return directory


if __name__ == "__main__":
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):  # whatever the locale: names of files can be anything
            stream.reconfigure(encoding="utf-8", errors="backslashreplace")
    raise SystemExit(main(sys.argv[1:], os.environ, lambda: datetime.now(UTC)))
