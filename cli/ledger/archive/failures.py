"""What can go wrong with archives, in words and exit codes."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from cli.app.failures import ExitCode, Failure
from cli.app.ledger_wait import process_named
from cli.evidence.chosen_checkpoint import other_ledger
from cli.terminal.printable import printable

if TYPE_CHECKING:
    from scheduler.archive.errors import ArchiveRefused


@contextmanager
def archive_explained() -> Iterator[None]:
    """Turn what is wrong with volumes, and why nothing is archived, into failures for people."""
    from eventstore.archive.errors import BadVolume
    from eventstore.archive.volume_writer import VolumeBusy
    from eventstore.proofs.errors import DamagedTiles
    from scheduler.archive.errors import ArchiveRefused

    try:
        yield
    except VolumeBusy as problem:
        raise Failure(
            f"another process writes this volume: {printable(str(problem.path))}",
            "It may be on another machine, or of a copy of this home. Let it come to its end, then try again.",
            ExitCode.FAILED,
        ) from None
    except BadVolume as problem:
        raise Failure(
            f"{printable(str(problem.path))} cannot be relied on: {printable(problem.why)}",
            "Nothing was removed. Take another copy of the volume, or move this folder away and archive again while "
            "the local files are there.",
            ExitCode.FAILED,
        ) from None
    except DamagedTiles as problem:
        raise other_ledger(problem) from None
    except ArchiveRefused as problem:
        raise _refused(problem) from None


def _refused(problem: ArchiveRefused) -> Failure:
    from scheduler.archive import errors

    if isinstance(problem, errors.ArchiveLocked):
        return Failure(
            f"another process archives this ledger or reattaches its volumes{process_named(problem.pid)}",
            "Let it come to its end, or end it, then try again: what is begun is finished then.",
            ExitCode.FAILED,
        )
    if isinstance(problem, errors.UnfitSegments):
        return Failure(
            f"this ledger cannot be archived: {problem}",
            "Only segments that are whole parts of the ledger's tree can be; those of 65,536 entries are.",
        )
    if isinstance(problem, errors.OtherVolume):
        return Failure(
            f"{printable(str(problem.path))} is there already: {problem.why}",
            "An archiving that was interrupted left it. Name a later day with --before, or another folder with --to.",
        )
    if isinstance(problem, errors.VolumeMissing):
        return Failure(
            printable(str(problem)),
            "Name the folder in which the volumes of this ledger are; `cronledger ledger tail --type "
            "ledger.archived` shows where they were written.",
        )
    if isinstance(problem, errors.StateNotKept):
        return Failure(
            f"{printable(str(problem))}: no local file was removed",
            "Without it each start would read what is archived. Make room or mend the permissions, then try again.",
            ExitCode.LEDGER,
        )
    return Failure(printable(str(problem)), "`cronledger ledger verify` says more.", ExitCode.LEDGER)
