"""A home with a ledger of small segments, and its archives, made by the code itself within the test's process."""

from __future__ import annotations

from contextlib import closing
from datetime import timedelta
from pathlib import Path

from eventstore.archive.manifest import ReadManifest, read_manifest
from eventstore.durable import Disk
from eventstore.proofs.kept_checkpoints import Kept
from eventstore.segment import list_segments
from eventstore.verify import verify
from scheduler import vocabulary as v
from scheduler.archive.archiving import Archived, Plan, archive
from scheduler.archive.records import Archivist
from scheduler.home import Home
from scheduler.ledger.open import open_ledger
from scheduler.ledger.segment_states import keep_all
from tests.support.disks import FastDisk
from tests.support.home import entries_of
from tests.support.ledger import START, Writer

ENTRIES = 8
"""So many has a segment."""
DAYS = 16
"""Seven full segments, the last of which stays: 58 entries with those about kept states."""
LATER = START + timedelta(days=1_000)


def grown(root: Path, days: int = DAYS) -> Home:
    """A home whose job has run once a day, three entries each; nothing is open, and states are kept."""
    writer = Writer(root, ENTRIES)
    writer.serve()
    writer.define("nightly")
    more(writer, days)
    # What is recorded of the first states fills one more segment.
    for _ in range(2):
        keep_all(writer.home)
    return writer.home


def more(writer: Writer, days: int) -> None:
    """So many more runs; the ledger is closed behind them."""
    for _ in range(days):
        writer.history("nightly", 1)
        writer.wait(days=1)
    writer.close()


def archived(
    home: Home,
    place: Path,
    *,
    days: int = 1_000,
    remove_local: bool = False,
    disk: Disk | None = None,
    signature: Kept | None = None,
) -> Archived:
    """Archive what is older than so many days from its beginning on."""
    place.mkdir(exist_ok=True)
    ledger = open_ledger(home, v.SCHEDULER, fsync="never")
    with closing(ledger.store):
        return archive(
            home, ledger, plan(place, days, remove_local=remove_local, disk=disk, signature=signature)
        )


def plan(
    place: Path,
    days: int = 1_000,
    *,
    remove_local: bool = False,
    disk: Disk | None = None,
    signature: Kept | None = None,
) -> Plan:
    """What is wanted, without tables."""
    return Plan(
        place=place,
        before=START + timedelta(days=days),
        remove_local=remove_local,
        archivist=Archivist("user:ann@db1", None),
        tables=lambda _folder, _firsts: None,
        signature=lambda _size: signature,
        disk=disk or FastDisk(),
    )


def local(home: Home) -> list[int]:
    """The segments beside the ledger, by their number."""
    return [first // ENTRIES for first in list_segments(home.ledger)]


def recorded(home: Home) -> list[v.LedgerArchived]:
    """What is on record of archives."""
    return [v.payload(entry) for entry in entries_of(home.root) if entry.type == v.LedgerArchived.TYPE]


def manifests(place: Path) -> list[ReadManifest]:
    """Of the volumes in a folder, in order."""
    return [read_manifest(path) for path in sorted(place.iterdir()) if not path.name.startswith(".")]


def is_sound(home: Home) -> bool:
    """Whether the ledger verifies, as it is."""
    return verify(home.ledger, digests=True, sizes=()).ok
