"""`ledger reattach`: a volume is in another place now, or comes back."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from cli.app.failures import complain
from cli.app.json_output import json_option, show_json
from cli.app.ledger_wait import patience_explained
from cli.ledger.archive.failures import archive_explained
from cli.ledger.archive.place import place_of_volumes
from cli.ledger.archive.words import show_step
from cli.terminal.console import note, tell
from cli.terminal.printable import printable, show_count
from cli.terminal.progress import progress
from cli.terminal.tables import Value, details
from cli.times.show import show_size
from scheduler.home import Home

if TYPE_CHECKING:
    from scheduler.archive.reattaching import Reattached, ReattachedVolume


@click.command(epilog="Example: cronledger ledger reattach /mnt/worm2")
@click.argument("place", metavar="DIR", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option(
    "--copy", is_flag=True, help="Put the segments back beside the ledger: it needs the volume no more."
)
@json_option
@click.pass_obj
def reattach(home: Home, place: Path, copy: bool, as_json: bool) -> None:
    """Have the ledger read archived segments from DIR: that of a volume, or one in which volumes of this ledger are.

    Each volume is read as a whole, and held against the ledger's seals. What it says is not recorded: it changes
    nothing of what the ledger holds.

    Exit code 1 if a volume is damaged, or holds other entries than the ledger's seals say; 2 if there is none of this
    ledger; 3 if the ledger is damaged or cannot be written.
    """
    from scheduler.archive.reattaching import reattach as reattach_volumes

    target = place_of_volumes(place, home)
    with (
        patience_explained(home.ledger),
        archive_explained(),
        progress("reading the volume", shown=not as_json) as seen,
    ):
        done = reattach_volumes(home, target, copy=copy, told=lambda step: show_step(seen, step))
    if as_json:
        show_json(_document(done))
        return
    for number, volume in enumerate(done.volumes):
        if number:
            tell("")
        details(_facts(volume, copy=copy))
    if done.elsewhere:
        note(f"{show_count(done.elsewhere, 'segment')} more are archived elsewhere.")
    if not any(volume.segments for volume in done.volumes):
        complain("no segment of this ledger is looked for in these volumes: nothing was changed")


def _facts(volume: ReattachedVolume, *, copy: bool) -> list[tuple[str, Value]]:
    manifest = volume.read.manifest
    read = f"{show_count(volume.segments, 'segment')} from there" if volume.segments else "nothing from there"
    moved = f", {volume.moved:,} of them from elsewhere before" if volume.moved else ""
    return [
        ("volume", printable(str(volume.folder))),
        ("entries", f"{manifest.first:,} to {manifest.last:,}"),
        ("verified", "every byte, against the ledger's seals"),
        (
            ("put back", f"{show_count(volume.copied, 'segment')}, {show_size(volume.copied_bytes)}")
            if copy
            else ("reads", read + moved)
        ),
    ]


def _document(done: Reattached) -> dict[str, Any]:
    return {
        "volumes": [
            {
                "folder": str(volume.folder),
                "first": volume.read.manifest.first,
                "last": volume.read.manifest.last,
                "manifest_sha256": volume.read.sha256,
                "segments": volume.segments,
                "moved_segments": volume.moved,
                "copied_segments": volume.copied,
                "copied_bytes": volume.copied_bytes,
            }
            for volume in done.volumes
        ],
        "segments_elsewhere": done.elsewhere,
    }
