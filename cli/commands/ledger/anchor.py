"""`ledger anchor`: give the newest signed checkpoint to those who remember it, now."""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import click

from cli.app.failures import ExitCode, Failure
from cli.app.json_output import json_option, show_json
from cli.evidence.signing_failures import checkpoints_explained
from cli.home.open import to_write
from cli.terminal.console import exit_code_counts, tell
from cli.terminal.printable import printable, show_count
from cli.terminal.tables import Cell, Value, details
from scheduler.home import Home

if TYPE_CHECKING:
    from scheduler.evidence.anchors.anchoring import Anchored


@click.command(epilog="Example: cronledger ledger anchor")
@json_option
@click.pass_obj
@exit_code_counts()
def anchor(home: Home, as_json: bool) -> None:
    """Give the newest signed checkpoint to each anchor that does not have it yet, now.

    Anchors are those under `ledger: anchors:` in the config: docs/anchors.md tells of them. While a scheduler serves,
    this is done by itself, and one that failed is tried again by itself. What each took is recorded, and that one
    began to fail.

    Exit code 1 if one of them failed; 2 if there is none in the config, or nothing was signed yet.
    """
    from scheduler.configuration.home_config import load_config_in_force
    from scheduler.evidence.anchors.anchoring import anchor_pending
    from scheduler.ownership.actor import person

    anchors = load_config_in_force(home).ledger.anchors
    if not anchors:
        raise Failure("there are no anchors in the config", "docs/anchors.md tells which there are.")
    with to_write(home) as ledger, checkpoints_explained():
        evidence = ledger.state.evidence
        if evidence is None:
            raise Failure("no checkpoint was signed yet", "`cronledger ledger key generate` makes a key.")
        if evidence.signed is None:
            raise Failure("no checkpoint was signed yet", "`cronledger ledger checkpoint` signs one.")
        found = anchor_pending(home, ledger, anchors, datetime.now(UTC), at_once=True, actor=person())
    if found.busy:
        raise Failure(
            "another process gives checkpoints to the anchors right now",
            "Try again in a moment.",
            ExitCode.FAILED,
        )
    if as_json:
        show_json(_document(found))
    elif found.tried:
        details(_facts(found))
    else:
        tell(f"Each anchor has the newest checkpoint, {show_count(evidence.signed.size, 'entry', 'entries')}")
    if any(each.error for each in found.tried):
        sys.exit(ExitCode.FAILED)


def _document(found: Anchored) -> list[dict[str, object]]:
    return [{"anchor": each.anchor, "size": each.size, "error": each.error or None} for each in found.tried]


def _facts(found: Anchored) -> list[tuple[str, Value]]:
    return [
        (
            printable(each.anchor),
            Cell(printable(f"FAILED: {each.error}"), "bad")
            if each.error
            else Cell(f"has {show_count(each.size, 'entry', 'entries')}", "good"),
        )
        for each in found.tried
    ]
