"""`projections status`: how the files are that answers come from."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import click
import msgspec

from cli.app.failures import ExitCode
from cli.app.json_output import json_option, show_json
from cli.home.views import check_home
from cli.projections.build_progress import build_progress
from cli.terminal.console import exit_code_counts
from cli.terminal.printable import show_count
from cli.terminal.progress import progress
from cli.terminal.tables import Cell, Value, details
from cli.times.show import show_size
from scheduler.home import Home

if TYPE_CHECKING:
    from projections.build.maintenance import ProjectionStatus
    from scheduler.ledger.state_verification import StateVerification

_DAMAGED_SHOWN_MAX = 20
_MERGED_BY = (
    "made by a scheduler at its start and at each full segment, or now by `cronledger projections rebuild`"
)


@click.command(epilog="Example: cronledger projections status --verify")
@click.option(
    "--verify", is_flag=True, help="Derive all of it anew from the entries, and compare every file with that."
)
@json_option
@click.pass_obj
@exit_code_counts()
def status(home: Home, verify: bool, as_json: bool) -> None:
    """Show how the projections are: how much of the ledger they hold, their files, and what is due.

    What is missing, cut or altered costs no answer: the next question makes it anew. Exit code 1 if a file is; 3
    if the ledger itself is damaged where the projections end. Nothing is written, but --verify removes the files
    that it finds altered: by their length and times alone the next question might take them for whole.

    Files, their digests and their times can be altered together by whoever can write the folder. --verify trusts none
    of them; it takes as long as a rebuild, and its room in the folder for temporary files. It also folds the ledger
    anew, and compares the snapshots and the states at the ends of segments, from which jobs list, jobs why and
    --as-of go on.
    """
    from projections.build.maintenance import status as status_of

    check_home(home)
    with build_progress(shown=not as_json) as steps:
        found = status_of(home, verify=verify, steps=steps)
    states = _verified_states(home, shown=not as_json) if verify and not found.refused else None
    if as_json:
        show_json({**msgspec.structs.asdict(found), "states": None if states is None else states._asdict()})
    else:
        details(_facts(found, states))
    if found.refused:
        sys.exit(ExitCode.LEDGER)
    sys.exit(ExitCode.FAILED if found.damaged or (states and states.contradicted) else ExitCode.DONE)


def _verified_states(home: Home, *, shown: bool) -> StateVerification:
    """What is left of the kept states once they were compared with the entries."""
    from scheduler.ledger.state_verification import verify_home

    with progress("folding anew, entries", shown=shown) as seen:
        return verify_home(home, lambda done, total: seen.update(done, total=total))


def _facts(found: ProjectionStatus, states: StateVerification | None) -> list[tuple[str, Value]]:
    facts: list[tuple[str, Value]] = [
        ("folder", found.folder),
        (
            "ledger",
            f"{show_count(found.entries, 'entry', 'entries')}, {show_count(found.segments, 'full segment')}",
        ),
        ("projected", _projected(found)),
    ]
    facts += [
        (kind, f"{show_count(files.files, 'file')}, {show_size(files.bytes)}")
        for kind, files in found.kinds.items()
    ]
    if states is not None:
        not_used = f", {len(states.unused)} of them not used: no entry records them" if states.unused else ""
        facts.append(("states", f"{show_count(states.files, 'file')}{not_used}"))
    if found.superseded.files:
        superseded = f"{show_count(found.superseded.files, 'file')}, {show_size(found.superseded.bytes)}"
        facts.append(("superseded", f"{superseded}, kept for a day for those who still read them"))
    if found.merges_due:
        facts.append(("due", f"{show_count(found.merges_due, 'merge')}: {_MERGED_BY}"))
    damaged = found.damaged + ([] if states is None else states.contradicted)
    if damaged:
        facts.append(("damaged", [Cell(path, "bad") for path in damaged[:_DAMAGED_SHOWN_MAX]]))
    return [*facts, ("verdict", _verdict(found, states))]


def _verdict(found: ProjectionStatus, states: StateVerification | None) -> Cell:
    if found.refused:
        return Cell("the ledger is damaged: `cronledger ledger verify` shows the extent", "bad")
    if found.damaged:
        removed = "removed, " if found.discarded else ""
        return Cell(f"damaged: {removed}the next question makes them anew", "bad")
    if states is not None and states.contradicted:
        removed = "; they were removed" if states.discarded else ""
        return Cell(f"states are not what the entries add up to{removed}", "bad")
    if found.touched:
        files = show_count(found.touched, "file")
        return Cell(f"{files} touched or copied since: the next question compares their digests", "warn")
    if found.verified:
        return Cell("all files hold what the entries say: they were derived anew and compared", "good")
    return Cell(
        "all files are there and as long as they were; --verify derives them anew and compares", "good"
    )


def _projected(found: ProjectionStatus) -> Cell:
    missing = show_count(found.segments - found.projected, "segment")
    recent = f"the last {found.recent_entries:,} entries are read from the ledger itself"
    if found.refused:
        return Cell(f"{missing} not: no question is answered, for {found.refused}", "bad")
    if not found.current:
        return Cell("by another version, or never; the next question makes them", "warn")
    if found.projected < found.segments:
        return Cell(f"{missing} to be looked at, and projected if need be, by the next question", "warn")
    return Cell(f"all full segments; {recent}")
