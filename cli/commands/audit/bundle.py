"""`audit bundle`: entries with all that is needed to check them elsewhere, in one file."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from cli.app.failures import ExitCode, Failure, complain
from cli.app.json_output import json_option, show_json
from cli.app.output_file import check_place, written_aside
from cli.home.job_names import JOB, check_past
from cli.ledger.options import ledger_option
from cli.terminal.console import note
from cli.terminal.printable import printable, show_count
from cli.terminal.progress import Progress, progress
from cli.terminal.tables import Value, details
from cli.times.parse import parse_time
from scheduler.home import Home
from scheduler.ownership.home_owner import is_foreign

if TYPE_CHECKING:
    from cli.evidence.bundle.first_page import BundleFacts
    from cli.evidence.bundle.make import Source
    from cli.evidence.bundle.scope import Asked


@click.command(epilog="Example: cronledger audit bundle --from 2026-10-01 --to 2026-10-31 -o october.zip")
@click.option(
    "--from",
    "begin",
    metavar="TIME",
    required=True,
    help="From this time on: 2026-10-01, yesterday, 30d (ago).",
)
@click.option(
    "--to", "end", metavar="TIME", default="now", show_default=True,
    help="Up to, not including, this time; a date stands for that whole day.",
)  # fmt: skip
@click.option("--job", metavar="NAME", type=JOB, help="Only the entries about this job.")
@click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path),
    required=True,
    metavar="FILE",
    help="Write to this file.",
)
@click.option("--force", is_flag=True, help="Let --output replace a file.")
@click.option("--no-captured-output", is_flag=True, help="Leave out what runs printed.")
@ledger_option
@json_option
@click.pass_obj
def bundle(
    home: Home,
    begin: str,
    end: str,
    job: str | None,
    output: Path,
    force: bool,
    no_captured_output: bool,
    folder: Path | None,
    as_json: bool,
) -> None:
    """Write an evidence bundle: a zip with the entries of a time, and all that is needed to check them elsewhere.

    It holds the entries as they stand in the ledger, proofs that lead from them to signed checkpoints, the
    checkpoints with their cosignatures and time stamps, public keys, what runs printed, with *** for the secrets
    of their jobs, and verify.py, which checks all that with Python alone. Its first page, README.txt, says what it
    proves and what not.

    Without --job it holds every entry of the time, so nothing can be left out unnoticed; with --job it shows that
    what it holds was recorded, and not that there is no more. If the ledger has a key and no checkpoint covers all
    that is asked for, one is signed first. The bundle is verified before it is given out.

    Exit code 3 if the ledger is damaged, or is not the one that was signed.
    """
    from cli.evidence.bundle.scope import Asked

    now = datetime.now(UTC)
    asked = Asked(parse_time(begin, "--from", now), parse_time(end, "--to", now, end=True), job)
    if asked.begin >= asked.end:
        raise click.BadParameter("--from must be before --to")
    check_place(output, home, force=force)
    with written_aside(output, home, force=force) as unfinished:
        facts = _write(home, folder, asked, unfinished.path, captured=not no_captured_output)
    document = {
        "file": str(output),
        "sha256": _sha256(output),
        "verify_py_sha256": facts.verifier_sha256,
        "entries": facts.held,
        "first": facts.first,
        "last": facts.last,
        "complete": facts.is_whole,
        "checkpoint": facts.bundled.covered or None,
        "uncovered": facts.uncovered,
        "keys": facts.bundled.keys,
    }
    if as_json:
        show_json(document)
    else:
        details(_told(facts, str(document["sha256"])))
    if facts.uncovered:
        uncovered = show_count(facts.uncovered, "entry", "entries")
        note(f"No signed checkpoint covers {uncovered} of it: of these it proves nothing to somebody else.")


def _write(home: Home, folder: Path | None, asked: Asked, path: Path, *, captured: bool) -> BundleFacts:
    """Write a bundle to a file, and have it verified."""
    from cli.evidence.bundle.bundle_zip import TooLarge
    from cli.evidence.bundle.make import DoesNotVerify, Wanted, check, is_covered, look, write_bundle
    from eventstore.proofs.errors import OtherTree
    from eventstore.proofs.kept_checkpoints import DamagedCheckpoint

    with ExitStack() as opened, path.open("w+b") as file, progress("making the tree") as seen:
        wanted, is_signed = Wanted(None, {}, (), ()), False
        if folder is None:
            from cli.home.open import to_read

            view = opened.enter_context(to_read(home, with_config=True, quiet=True))
            if asked.job is not None:
                check_past(view.state, asked.job)
            anchors = [] if view.config is None else view.config.ledger.anchors
            witnesses = [each.key for each in anchors if each.key]
            wanted = wanted._replace(
                home=home if captured else None, jobs=view.state.jobs, witness_keys=witnesses
            )
            is_signed = view.state.evidence is not None and not is_foreign(home)
        source = opened.enter_context(_source(home, folder, seen))
        scope = look(source, asked)
        if scope.chosen == [0]:
            raise Failure(f"nothing is recorded about a job {printable(str(asked.job))}", "", ExitCode.FAILED)
        if is_signed and not is_covered(source, scope):
            _sign(home)
        wanted = wanted._replace(reports=_reports(home, folder, asked, seen))
        try:
            facts = write_bundle(source, asked, scope, wanted, file)
            check(path)
        except (OtherTree, DamagedCheckpoint, DoesNotVerify) as problem:
            raise Failure(
                f"the ledger is damaged, or is not the one that was signed: {problem}",
                "`cronledger ledger verify` says more.",
                ExitCode.LEDGER,
            ) from None
        except TooLarge as problem:
            raise Failure(
                f"the bundle is too large for a zip: {problem}",
                "Ask for a shorter time, or leave out what runs printed: --no-captured-output.",
                ExitCode.FAILED,
            ) from None
    return facts


def _reports(home: Home, folder: Path | None, asked: Asked, seen: Progress) -> list[tuple[str, bytes]]:
    """The pages that are derived from the ledger."""
    from cli.evidence.bundle.reports import reports
    from scheduler.store import open_folder, open_store

    def told(done: int, total: int) -> None:
        seen.update(done, total=total, label=f"reading the ledger, {done:,} entries")

    with closing(open_store(home) if folder is None else open_folder(folder)) as store:
        return list(reports(home if folder is None else None, store, asked, told))


def _sign(home: Home) -> None:
    """Sign the ledger as it is, so that a checkpoint covers all of it; where the key cannot be used, that is said.

    Raises:
        Failure: the ledger does not go on from what was signed before.
    """
    from cli.evidence.settings import ledger_settings
    from cli.evidence.signing_failures import signing_explained
    from scheduler.evidence.keys.errors import KeyMissing, KeyUnusable
    from scheduler.evidence.outside import sign_now

    try:
        with signing_explained():
            sign_now(home, ledger_settings(home))
    except Failure as failure:
        if not isinstance(failure.__context__, KeyMissing | KeyUnusable):
            raise
        complain(f"nothing was signed, so the newest entries are covered by no checkpoint: {failure.message}")


@contextmanager
def _source(home: Home, folder: Path | None, seen: Progress) -> Iterator[Source]:
    """The ledger that the entries come from."""
    from cli.evidence.bundle.make import Source
    from cli.ledger.opened_tree import opened_tree
    from eventstore.genesis import read_creation

    with opened_tree(home, folder, shown=False) as tree:
        entries = tree.make().head.size
        created = read_creation(tree.leaves.folder)

        def told(done: int) -> None:
            seen.update(done, total=entries, label=f"looking for entries, {done:,}")

        yield Source(created.ledger if created else "", tree.leaves, tree, entries, told)


def _told(facts: BundleFacts, sha256: str) -> list[tuple[str, Value]]:
    """What is said to people about a bundle that was written."""
    covered = facts.bundled.covered
    held = "every one" if facts.is_whole else f"those about {facts.asked.job}"
    return [
        ("entries", f"{facts.held}, {held} from {facts.first} to {facts.last}"),
        ("checkpoint", f"of the entries 0 to {covered - 1}" if covered else "none"),
        ("sha256", sha256),
        ("verify.py", facts.verifier_sha256),
        ("keys", facts.bundled.keys),
    ]


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
