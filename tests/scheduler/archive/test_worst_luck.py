"""Archives where somebody lies about them, and where what was there a moment ago is gone."""

from __future__ import annotations

import os
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from eventstore.archive.errors import BadVolume
from eventstore.archive.marker import read_marker
from eventstore.errors import Corrupt
from eventstore.segment import segment_name
from scheduler import vocabulary as v
from scheduler.archive.archiving import archive
from scheduler.archive.errors import VolumeMissing
from scheduler.archive.reattaching import reattach
from scheduler.entry_members import ArchivedSegment
from scheduler.home import Home
from scheduler.ledger.open import open_ledger
from tests.support.archived_home import ENTRIES, archived, is_sound, local, plan, recorded
from tests.support.disks import CountingDisk, FastDisk

DIGEST = "0" * 64


def _claim(home: Home, **lies: Any) -> None:
    """Record by hand that three segments are archived."""
    members = {
        "manifest": DIGEST,
        "place": "/nowhere/volume",
        "first": 0,
        "last": 23,
        "count": 24,
        "bytes": 1,
        "segments": [ArchivedSegment(first=first, sha256=DIGEST, root=DIGEST) for first in (0, 8, 16)],
        "local": "removed",
    }
    ledger = open_ledger(home, v.SCHEDULER, fsync="never")
    with closing(ledger.store):
        ledger.decide(lambda _: [v.event(v.LedgerArchived(**{**members, **lies}), "user:eve@db1")])


@pytest.mark.parametrize(
    "lies",
    [{"last": 2**62}, {"last": 10**30}, {"first": -20, "last": -5}, {"first": 24, "last": 31}, {"first": 24}],
    ids=str,
)
def test_what_cannot_be_archived_is_not_looked_for(home: Home, place: Path, lies: dict[str, int]) -> None:
    """An entry that speaks of entries to come, of none, or leaves a gap changes nothing."""
    _claim(home, segments=[], **lies)
    done = archived(home, place, remove_local=True)
    assert done.volumes[0].read.manifest.first == 0
    assert local(home)[:2] == [0, 6]
    assert is_sound(home)


def test_an_end_within_a_segment_is_none(home: Home, place: Path) -> None:
    """Segments are archived as a whole: one of which that is said in part is archived."""
    _claim(home, last=20, local="kept")
    done = archived(home, place)
    assert done.volumes[0].read.manifest.first == 2 * ENTRIES


@pytest.mark.parametrize("named", ["relative/volume", "/no\0path/volume", ""])
def test_a_recorded_place_that_is_no_path_is_not_looked_into(home: Home, place: Path, named: str) -> None:
    """The volume is missed, in the folder that a person named."""
    _claim(home, place=named)
    with pytest.raises(VolumeMissing) as missed:
        archived(home, place, remove_local=True)
    assert missed.value.places == [place]
    assert local(home) == list(range(8))


class _Flushes(CountingDisk):
    """Remembers what was flushed before the first segment went."""

    def __init__(self) -> None:
        super().__init__()
        self.before: set[Path] = set()
        self._is_gone = False

    def flushed(self, fd: int) -> None:
        """One more."""
        if not self._is_gone:
            self.before.add(Path(os.readlink(f"/proc/self/fd/{fd}")))

    def unlink(self, path: Path) -> None:
        """From the first segment on nothing counts."""
        self._is_gone = self._is_gone or path.suffix == ".jsonl"
        super().unlink(path)


def test_a_volume_that_was_there_is_flushed_before_anything_is_removed(home: Home, place: Path) -> None:
    """It may have been copied there a moment ago: its files, its folders and its own name."""
    archived(home, place)
    (volume,) = place.iterdir()
    disk = _Flushes()
    archived(home, place, remove_local=True, disk=disk)
    assert local(home)[:2] == [0, 6]
    assert {place, volume, *volume.rglob("*")} <= disk.before


@pytest.mark.parametrize("what", ["away", "shorter", "another"])
def test_a_volume_that_goes_away_meanwhile_costs_nothing(home: Home, place: Path, what: str) -> None:
    """Its state is kept for minutes in a large ledger; the disk with the volume may be taken out."""

    def derive() -> None:
        (volume,) = place.iterdir()
        if what == "away":
            volume.rename(place.with_name("taken out"))
        elif what == "shorter":
            os.truncate(volume / f"{segment_name(ENTRIES)}.zst", 20)
        else:
            (volume / "manifest.json").write_bytes((volume / "manifest.json").read_bytes() + b"\n")

    place.mkdir()
    ledger = open_ledger(home, v.SCHEDULER, fsync="never")
    with closing(ledger.store), pytest.raises(BadVolume):
        archive(home, ledger, plan(place, remove_local=True)._replace(derive=derive))
    assert local(home) == list(range(8))
    assert is_sound(home)
    assert len(recorded(home)) == 1


def test_a_damaged_file_beside_the_ledger_keeps_its_marker(home: Home, place: Path) -> None:
    """As after a copy by hand that was interrupted: where the sound one is stays known."""
    archived(home, place, remove_local=True)
    whole = reattach(home, place, disk=FastDisk()).volumes[0].folder
    (home.ledger / segment_name(ENTRIES)).write_bytes(b"{")
    with pytest.raises(Corrupt):
        reattach(home, place, copy=True, disk=FastDisk())
    marker = read_marker(home.ledger, ENTRIES)
    assert marker is not None
    assert marker.folder == str(whole)
    (home.ledger / segment_name(ENTRIES)).unlink()
    reattach(home, place, copy=True, disk=FastDisk())
    assert local(home) == list(range(8))
