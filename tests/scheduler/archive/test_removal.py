"""Removing what is archived, and having it back: in this order, durable, and finished after a kill."""

from __future__ import annotations

import os
import shutil
from contextlib import closing
from pathlib import Path

import pytest

from eventstore.archive.errors import BadVolume
from eventstore.archive.marker import read_marker, write_marker
from eventstore.durable import REAL
from eventstore.errors import Archived, Corrupt
from eventstore.segment import segment_name
from scheduler import vocabulary as v
from scheduler.archive.errors import StateNotKept, UnknownEntry, VolumeMissing
from scheduler.archive.reattaching import reattach
from scheduler.home import Home
from scheduler.ledger.open import open_ledger_to_read
from scheduler.ledger.past import Past
from scheduler.rules.laws.ledger_laws import illegal_entries
from scheduler.store import open_store
from tests.support.archived_home import ENTRIES, archived, grown, is_sound, local, manifests, more, recorded
from tests.support.disks import FastDisk, PowerDisk, PowerFailure
from tests.support.home import entries_of
from tests.support.journal import snapshot
from tests.support.ledger import Writer


def _grow(home: Home, days: int, after: int = 500) -> None:
    """Some more of the same, so many days from the beginning on."""
    writer = Writer(home.root, ENTRIES)
    writer.wait(days=after)
    more(writer, days)


def test_what_is_removed_is_recorded_and_read_from_its_volume(home: Home, place: Path) -> None:
    """All entries are there as before, one that says so is new; the first segment stays."""
    before = entries_of(home.root)
    done = archived(home, place, remove_local=True)
    assert local(home) == [0, 6, 7]
    (entry,) = recorded(home)
    assert (entry.local, entry.first, entry.last) == ("removed", 0, 47)
    assert (done.volumes[0].removed, done.volumes[0].seq) == (5, entries_of(home.root)[-1].seq - 1)
    assert entries_of(home.root)[: len(before)] == before
    assert is_sound(home)
    assert not list(illegal_entries(entries_of(home.root)))


def test_a_home_opens_without_the_volume(home: Home, place: Path) -> None:
    """The state behind what is removed is kept before: the volume is needed for the past alone."""
    archived(home, place, remove_local=True)
    place.rename(place.with_name("away"))
    ledger = open_ledger_to_read(home)
    with closing(ledger.store):
        assert list(ledger.state.jobs) == ["nightly"]
        with pytest.raises(Archived):
            list(ledger.store.read(ENTRIES, ENTRIES))
    assert is_sound(home)


def test_without_room_for_the_state_nothing_is_removed(home: Home, place: Path) -> None:
    """Else each start would read the whole volume."""
    shutil.rmtree(home.snapshots, ignore_errors=True)
    home.snapshots.write_text("no folder")
    with pytest.raises(StateNotKept):
        archived(home, place, remove_local=True)
    assert local(home) == list(range(8))


def test_files_that_stayed_are_removed_by_a_later_archiving(home: Home, place: Path) -> None:
    """It verifies the volume again, and records that they go."""
    archived(home, place, days=8)
    assert [entry.local for entry in recorded(home)] == ["kept"]
    before = snapshot(place)
    done = archived(home, place, days=8, remove_local=True)
    assert [each.is_new for each in done.volumes] == [False]
    assert local(home) == [0, 3, 4, 5, 6, 7]
    assert [entry.local for entry in recorded(home)] == ["kept", "removed"]
    assert snapshot(place) == before
    assert not archived(home, place, days=8, remove_local=True).volumes


def test_only_what_a_sound_volume_holds_is_removed(home: Home, place: Path) -> None:
    """A volume that was damaged since, or is gone, keeps the local files."""
    archived(home, place)
    (volume,) = place.iterdir()
    path = volume / f"{segment_name(ENTRIES)}.zst"
    raw = path.read_bytes()
    path.write_bytes(raw[:-1] + bytes([raw[-1] ^ 1]))
    with pytest.raises(BadVolume):
        archived(home, place, remove_local=True)
    shutil.rmtree(volume)
    with pytest.raises(VolumeMissing):
        archived(home, place, remove_local=True)
    assert local(home) == list(range(8))
    assert [entry.local for entry in recorded(home)] == ["kept"]


def test_a_local_segment_that_was_altered_is_not_removed(home: Home, place: Path) -> None:
    """It is what shows the damage; the volume is not what makes it good."""
    archived(home, place)
    path = home.ledger / segment_name(2 * ENTRIES)
    raw = bytearray(path.read_bytes())
    raw[100] ^= 1
    path.write_bytes(raw)
    with pytest.raises((Corrupt, BadVolume)):
        archived(home, place, remove_local=True)
    assert local(home) == list(range(8))


def test_what_holds_archives_is_recorded_again_before_it_leaves(home: Home, place: Path) -> None:
    """No marker names an entry that is not here, however many archivings follow one another."""
    archived(home, place, remove_local=True)
    for number in range(1, 4):
        _grow(home, 12, 500 * number)
        archived(home, place, days=5_000, remove_local=True)
        markers = [
            read_marker(home.ledger, first) for first in range(ENTRIES, ENTRIES * local(home)[1], ENTRIES)
        ]
        here = set(local(home))
        assert all(marker is not None and marker.entry // ENTRIES in here for marker in markers)
        assert is_sound(home)
    assert any(entry.repeats is not None for entry in recorded(home))
    assert not list(illegal_entries(entries_of(home.root)))
    place.rename(place.with_name("away"))
    assert is_sound(home)


def test_a_marker_that_names_no_archive_is_refused(home: Home, place: Path) -> None:
    """Anybody may have written it; nothing is removed then."""
    archived(home, place, remove_local=True)
    _grow(home, 12)
    marker = read_marker(home.ledger, ENTRIES)
    assert marker is not None
    members = {name: getattr(marker, name) for name in marker.__struct_fields__}
    write_marker(REAL, home.ledger, type(marker)(**{**members, "entry": marker.entry + 3}))
    with pytest.raises((UnknownEntry, Corrupt)):
        archived(home, place, days=5_000, remove_local=True)


def test_after_a_kill_at_any_call_the_ledger_is_sound_and_removal_is_finished(
    home: Home, tmp_path: Path, hunt: bool
) -> None:
    """Whatever was done: the next archiving ends where an undisturbed one does."""
    counted = Home(Path(shutil.copytree(home.root, tmp_path / "counted")))
    archived(counted, tmp_path / "once", days=8)
    place, counting = tmp_path / "once", PowerDisk()
    archived(counted, place, days=8, remove_local=True, disk=counting)
    for call in range(1, counting.total + 1, 1 if hunt else 3):
        killed = Home(Path(shutil.copytree(home.root, tmp_path / f"killed{call}")))
        own = tmp_path / f"worm{call}"
        archived(killed, own, days=8)
        before = entries_of(killed.root)
        with pytest.raises(PowerFailure):
            archived(killed, own, days=8, remove_local=True, disk=PowerDisk(call))
        assert is_sound(killed), call
        assert entries_of(killed.root)[: len(before)] == before
        archived(killed, own, days=8, remove_local=True)
        assert local(killed) == [0, 3, 4, 5, 6, 7]
        assert recorded(killed)[-1].local == "removed"
        assert is_sound(killed)
        for folder in (killed.root, own):
            shutil.rmtree(folder)


def test_a_volume_that_moved_is_found_again(home: Home, place: Path, tmp_path: Path) -> None:
    """It is checked against the seals, and markers name the new place from then on."""
    archived(home, place, days=8, remove_local=True)
    archived(home, place, remove_local=True)
    entries = entries_of(home.root)
    away = place.rename(tmp_path / "away")
    done = reattach(home, away, disk=FastDisk())
    assert [(each.segments, each.moved, each.copied) for each in done.volumes] == [(2, 2, 0), (3, 3, 0)]
    assert done.elsewhere == 0
    assert entries_of(home.root) == entries
    again = reattach(home, done.volumes[1].folder, disk=FastDisk())
    assert [(each.segments, each.moved) for each in again.volumes] == [(3, 0)]
    assert again.elsewhere == 2


def test_segments_come_back_beside_the_ledger(home: Home, made: Path, place: Path) -> None:
    """Byte for byte, and the volume is not needed any more; then they may be removed again."""
    before = {path.name: path.read_bytes() for path in (made / "var" / "ledger").glob("*.jsonl")}
    archived(home, place, remove_local=True)
    done = reattach(home, place, copy=True, disk=FastDisk())
    assert [each.copied for each in done.volumes] == [5]
    assert local(home) == list(range(8))
    assert all(
        (home.ledger / segment_name(at * ENTRIES)).read_bytes() == before[segment_name(at * ENTRIES)]
        for at in range(7)
    )
    assert not list(home.ledger.glob("*.archived"))
    assert not list(home.ledger.glob(".*"))
    place.rename(place.with_name("away"))
    assert is_sound(home)
    archived(home, place.with_name("away"), remove_local=True)
    assert local(home)[:2] == [0, 6]
    assert is_sound(home)


def test_after_a_kill_while_they_come_back_the_ledger_is_sound(
    home: Home, tmp_path: Path, place: Path, hunt: bool
) -> None:
    """At each call; putting them back again finishes it."""
    archived(home, place, days=8, remove_local=True)
    wanted = entries_of(home.root)
    counting = PowerDisk()
    counted = Home(Path(shutil.copytree(home.root, tmp_path / "counted")))
    reattach(counted, place, copy=True, disk=counting)
    for call in range(1, counting.total + 1, 1 if hunt else 3):
        killed = Home(Path(shutil.copytree(home.root, tmp_path / f"killed{call}")))
        with pytest.raises(PowerFailure):
            reattach(killed, place, copy=True, disk=PowerDisk(call))
        assert is_sound(killed)
        assert entries_of(killed.root) == wanted
        reattach(killed, place, copy=True, disk=FastDisk())
        assert local(killed) == list(range(8))
        shutil.rmtree(killed.root)


def test_a_damaged_or_foreign_volume_is_not_attached(home: Home, place: Path, tmp_path: Path) -> None:
    """Markers stay as they were."""
    archived(home, place, remove_local=True)
    (read,) = manifests(place)
    before = snapshot(home.ledger)
    away = place.rename(tmp_path / "away")
    path = away / read.manifest.name / f"{segment_name(ENTRIES)}.zst"
    raw = path.read_bytes()
    os.truncate(path, len(raw) - 1)
    with pytest.raises(BadVolume):
        reattach(home, away)
    path.write_bytes(raw)
    other = grown(tmp_path / "other")
    archived(other, tmp_path / "others")
    with pytest.raises(VolumeMissing):
        reattach(home, tmp_path / "others")
    with pytest.raises(BadVolume):
        reattach(home, next((tmp_path / "others").iterdir()))
    assert snapshot(home.ledger) == before


def test_another_volume_of_the_same_segments_changes_nothing(home: Home, place: Path, tmp_path: Path) -> None:
    """Markers name a volume by the digest of its manifest; one with other segments is another one."""
    fork = Home(Path(shutil.copytree(home.root, tmp_path / "fork")))
    archived(fork, tmp_path / "forks", days=8)
    archived(home, place, remove_local=True)
    before = snapshot(home.ledger)
    done = reattach(home, tmp_path / "forks", disk=FastDisk())
    assert [each.segments for each in done.volumes] == [0]
    assert snapshot(home.ledger) == before


def test_the_vocabulary_tells_it(home: Home, place: Path) -> None:
    """The state knows how much is archived, and up to where local files were removed."""
    archived(home, place, days=8)
    archived(home, place, remove_local=True)
    ledger = open_ledger_to_read(home)
    with closing(ledger.store):
        known = ledger.state.archive
    assert known is not None
    assert (known.entries, known.removed) == (48, 48)
    assert [entry.type for entry in entries_of(home.root)].count(v.LedgerArchived.TYPE) == 3


def test_the_past_behind_it_is_told_without_the_volume(tmp_path: Path, place: Path) -> None:
    """States are kept at the ends of segments before the first one leaves, whoever did not keep them before."""
    writer = Writer(tmp_path / "home", ENTRIES)
    writer.define("nightly")
    more(writer, 19)
    home = writer.home
    archived(home, place, remove_local=True)
    first = local(home)[1] * ENTRIES
    place.rename(place.with_name("away"))
    with closing(open_store(home)) as store:
        past = Past.of(home, store)
        for seq in range(first, store.head().seq + 1):
            assert past.state_at(seq).head.seq == seq
        with pytest.raises(Archived):
            past.state_at(first - 2)
