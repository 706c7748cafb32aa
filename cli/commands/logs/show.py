"""`logs show`: what a run printed, byte for byte but for the secrets of its job, as long as it is kept."""

from __future__ import annotations

import os
import sys
from functools import partial
from typing import TYPE_CHECKING

import click

from cli.app.failures import ExitCode, complain
from cli.app.options import WholeNumber, raw_option
from cli.home.run_numbers import no_run
from cli.logs.output_secrets import masking, output_secrets, secrets_environ
from cli.logs.run_output import (
    CapturedAttempt,
    CopyResult,
    RecordedStream,
    copy_output,
    find_attempt,
    open_output,
)
from cli.terminal.console import note, writing_output
from cli.terminal.job_output import shown_output
from cli.terminal.printable import printable, show_count
from cli.times.show import show_size
from cli.times.zones import local_zone
from cli.words.entry_lines import sentence
from eventstore.store import EventStore
from scheduler.definition import JobDefinition
from scheduler.explanation.deleted_output import deleted_by
from scheduler.home import Home

if TYPE_CHECKING:
    from scheduler.logs.collection.masked_output import KnownSecrets, MaskedOutput


@click.command(epilog="Example: cronledger logs show 41 --stream stderr")
@click.argument("run", metavar="RUN", type=WholeNumber(0))
@click.option("--stream", type=click.Choice(("stdout", "stderr")), help="Only this one. Default: both.")
@click.option(
    "--attempt", type=WholeNumber(1), metavar="N", help="This attempt of the run. Default: the last one."
)
@raw_option
@click.pass_obj
def show(home: Home, run: int, stream: str | None, attempt: int | None, raw: bool) -> None:
    """Show what a run printed, byte for byte: its standard output on ours, its standard error on ours.

    What is shown is what was captured, and nothing is left out. Only *** stands for secrets that the job names, and
    at a terminal what it would obey is escaped; to a pipe or a file all other bytes go as they are. What was captured
    is checked against the digest in the ledger.
    Exit code 1 if it is not what the run wrote, or if it is no longer there; the entry of the retention that
    deleted it is named. Where several machines share the ledger, output stays on the node that made the run, and
    another one says where that is. What was added after the run had ended is not shown; it is said how much.
    """
    from cli.home.open import to_read

    with to_read(home, quiet=True) as view:
        if view.ledger is None:
            raise no_run(None, run)
        store = view.ledger.store
        found = find_attempt(store, run, attempt)
        wanted = [each for each in found.streams if stream is None or each.stream == stream]
        job = view.state.jobs.get(found.job)
        secrets = None if job is None else _secrets_of(home, job.definition)
        sound = [_show(home, store, found, recorded, masking(secrets), raw=raw) for recorded in wanted]
    if found.finished is None:
        note(f"run {run} of {found.job} is still going; `cronledger logs view --run {run} -f` follows it")
    if not all(sound):
        sys.exit(ExitCode.FAILED)


def _secrets_of(home: Home, definition: JobDefinition) -> KnownSecrets | None:
    """What is masked in the output of a job: its secrets as they are now."""
    known = output_secrets(home, definition, partial(secrets_environ, home))
    if known is not None:
        for why in known.unknown:
            note(f"{why}; so it is not masked if the job printed it")
    return known


def _show(
    home: Home,
    store: EventStore,
    attempt: CapturedAttempt,
    recorded: RecordedStream,
    masked: MaskedOutput | None,
    *,
    raw: bool,
) -> bool:
    """Show one stream; whether it is what the run wrote."""
    what = f"{recorded.stream} of run {attempt.run} of {attempt.job}"
    output = open_output(home, attempt, recorded.stream)
    if output is None:
        if recorded.size_bytes is None and attempt.finished is not None:
            return True  # it printed nothing
        if attempt.is_elsewhere:
            complain(f"{what} {_elsewhere(home, attempt, recorded)}")
            return False
        if recorded.size_bytes is None:
            return True
        complain(f"{what} ({show_size(recorded.size_bytes)}) is gone: {_why(store, attempt)}")
        return False
    fd = 1 if recorded.stream == "stdout" else 2
    (sys.stdout if fd == 1 else sys.stderr).flush()
    last, shown = b"", shown_output(fd, raw=raw)

    def put(chunk: bytes, *, end: bool = False) -> None:
        nonlocal last
        if masked is not None:
            chunk = masked.masked(chunk, last=end)
        last = chunk[-1:] or last
        _write(fd, chunk if shown is None else shown.shown(chunk, last=end))

    try:
        copied = copy_output(output, recorded, put)
        put(b"", end=True)
    finally:
        output.close()
    # Our own words come next, on standard error: on a line of their own, unless what is there is data.
    in_line = last not in (b"", b"\n")
    hidden = 0 if masked is None else masked.count
    remarks = _remarks(copied, attempt, str(output.path))
    if (
        in_line
        and (remarks or hidden or attempt.finished is None)
        and os.path.samestat(os.fstat(fd), os.fstat(2))
    ):
        _write(2, b"\n")
    for remark in remarks:
        complain(f"{what}{remark}")
    if hidden:
        note(f"in {what}, *** stands for {show_count(hidden, 'secret')}; {output.path} has it as it was")
    return not copied.wrong


def _remarks(copied: CopyResult, attempt: CapturedAttempt, path: str) -> list[str]:
    """What is to be said about an output that was shown, after its name."""
    remarks = []
    if copied.wrong:
        remarks.append(f" is not what the run wrote: {copied.wrong}")
    if copied.later_bytes:
        count = show_count(copied.later_bytes, "byte")
        were = "was" if copied.later_bytes == 1 else "were"
        remarks.append(
            f": {count} more {were} added after the run had ended, by a process that outlived it or by someone else;"
            f" not shown, see {path}"
        )
    if copied.unrecorded_bytes and attempt.finished is not None:
        remarks.append(f": the ledger has no digest of it, so that it could not be checked; see {path}")
    return remarks


def _write(fd: int, chunk: bytes) -> None:
    with writing_output():
        while chunk:
            chunk = chunk[os.write(fd, chunk) :]


def _elsewhere(home: Home, attempt: CapturedAttempt, recorded: RecordedStream) -> str:
    """Where an output is that another node has, and what shows it there."""
    size = "" if recorded.size_bytes is None else f" ({show_size(recorded.size_bytes)})"
    path = home.output(attempt.run, attempt.number, attempt.started, recorded.stream).relative_to(home.root)
    where = f"node {printable(attempt.node or '')}, host {printable(attempt.host)}"
    told = f"{size} is on {where}, in the home there: {path}".strip()
    return f"{told}\n`cronledger logs show {attempt.run}` there shows it"


def _why(store: EventStore, attempt: CapturedAttempt) -> str:
    assert attempt.finished is not None, "of a run that goes on nothing is recorded yet"
    entry = deleted_by(store, attempt.finished)
    if entry is None:
        return "it was deleted, and no entry of the ledger says by whom"
    return f"deleted by retention, entry {entry.seq}: {sentence(entry, local_zone())}"
