"""Archiving without removal: which segments go, what is recorded, what an interruption leaves."""

from __future__ import annotations

import errno
import shutil
from contextlib import closing, suppress
from hashlib import sha256
from pathlib import Path

import pytest
from msgspec import structs

from eventstore.archive.errors import BadVolume
from eventstore.archive.manifest import Manifest, volume_name
from eventstore.archive.volume_check import check_volume
from eventstore.proofs.kept_checkpoints import Kept
from eventstore.proofs.leaves import LedgerLeaves
from eventstore.proofs.ledger_tree import LedgerTree
from eventstore.proofs.merkle_tree import WholeSubtree
from scheduler import vocabulary as v
from scheduler.archive.archiving import archive, archive_lock
from scheduler.archive.candidates import candidates
from scheduler.archive.errors import ArchiveLocked, OtherVolume, UnfitSegments
from scheduler.home import Home
from scheduler.ledger.open import open_ledger
from scheduler.rules.laws.ledger_laws import illegal_entries
from tests.support.archived_home import (
    ENTRIES,
    LATER,
    archived,
    grown,
    is_sound,
    local,
    manifests,
    plan,
    recorded,
)
from tests.support.disks import FaultyDisk, PowerDisk, PowerFailure
from tests.support.home import entries_of
from tests.support.keyed_home import KeyedHome
from tests.support.ledger import Writer
from tests.support.merkle_oracle import path
from tests.support.volumes import sums_of


def test_what_is_old_enough_goes_but_the_last_full_segment(home: Home, place: Path) -> None:
    """One volume, verified and recorded; all files stay, and the next archiving has nothing to do."""
    before = local(home)
    done = archived(home, place)
    ((read,), (entry,)) = manifests(place), recorded(home)
    manifest = read.manifest
    assert (manifest.first, manifest.last) == (0, 6 * ENTRIES - 1)
    assert done.candidates.held_back == "newest"
    assert (entry.first, entry.last, entry.count, entry.local) == (0, 47, 48, "kept")
    assert entry.manifest == read.sha256
    assert entry.place == str(place / manifest.name)
    assert [(s.first, s.sha256, s.root) for s in entry.segments] == [
        (s.first, s.sha256, s.root) for s in manifest.segments
    ]
    assert local(home) == before
    assert not list(illegal_entries(entries_of(home.root)))
    assert is_sound(home)
    assert not archived(home, place).volumes
    assert len(recorded(home)) == 1


def test_the_roots_are_those_of_the_ledgers_tree(home: Home, place: Path, tmp_path: Path) -> None:
    """Each is the hash of a whole subtree, as anybody computes it from the lines."""
    archived(home, place)
    entries = entries_of(home.root)
    tree = LedgerTree(LedgerLeaves(home.ledger, ENTRIES), tmp_path / "tree", lambda: len(entries))
    (entry,) = recorded(home)
    roots = tree.ask(
        lambda tiled: [tiled.subtree_hash(WholeSubtree(3, number)).hex() for number in range(6)]
    )[1]
    assert [segment.root for segment in entry.segments] == roots


def test_only_what_ended_before_the_day(home: Home, place: Path) -> None:
    """A segment whose last entry is younger stays, and so does all behind it; later days make further volumes."""
    done = archived(home, place, days=6)
    assert [each.read.manifest.last for each in done.volumes] == [15]
    assert done.candidates.held_back == "recent"
    assert not archived(home, place, days=6).volumes
    archived(home, place, days=12)
    assert [(read.manifest.first, read.manifest.last) for read in manifests(place)] == [(0, 15), (16, 31)]
    assert [(entry.first, entry.last) for entry in recorded(home)] == [(0, 15), (16, 31)]


def test_what_is_open_holds_its_segment_back(tmp_path: Path, place: Path) -> None:
    """A run that has not ended keeps its segment and all behind it."""
    writer = Writer(tmp_path / "home", ENTRIES)
    writer.define("nightly")
    writer.history("nightly", 5)
    run = writer.tick("nightly")
    writer.history("nightly", 10)
    writer.close()
    done = archived(writer.home, place)
    assert [each.read.manifest.last for each in done.volumes] == [15]
    assert (done.candidates.held_back, done.candidates.open_entry) == ("open", run)


def test_segments_that_are_no_subtrees_are_not_archived(tmp_path: Path, place: Path) -> None:
    """One of three entries is no part of a tree."""
    writer = Writer(tmp_path / "home", 3)
    writer.define("nightly")
    writer.history("nightly", 9)
    writer.close()
    with pytest.raises(UnfitSegments):
        archived(writer.home, place)


def test_a_young_ledger_has_nothing_to_archive(tmp_path: Path, place: Path) -> None:
    """Not even when it has one full segment."""
    writer = Writer(tmp_path / "home", ENTRIES)
    for _ in range(2 * ENTRIES):
        writer.serve()
        writer.journal.tick()
        if writer.journal.head().seq == 2 * ENTRIES - 1:
            break
        assert not archived(writer.home, place).volumes
    writer.close()


def test_the_checkpoint_goes_with_it(home: Home, place: Path) -> None:
    """Byte for byte, with the proof that each segment is in what was signed: the upper part of that of RFC 6962."""
    kept = _signed(home)
    done = archived(home, place, signature=kept)
    (read,) = manifests(place)
    assert read.manifest.checkpoint_size == kept.size
    assert (done.volumes[0].folder / "checkpoint").read_bytes() == kept.note.raw
    lines = [line for file in sorted(home.ledger.glob("*.jsonl")) for line in file.read_bytes().splitlines()]
    for segment in read.manifest.segments:
        whole = path(segment.first, lines[: kept.size])
        assert [each.hex() for each in whole[3:]] == segment.proof


def _signed(home: Home) -> Kept:
    keyed = KeyedHome(home.root)
    keyed.create_key()
    signed = keyed.sign()
    assert signed is not None
    return signed.kept


def test_a_checkpoint_that_is_of_other_entries_is_found(home: Home, place: Path) -> None:
    """Another proof, another root, another log: whoever has the volume sees it, and needs nothing else."""
    kept = _signed(home)
    (volume,) = archived(home, place, signature=kept).volumes
    note, sound = (volume.folder / "checkpoint").read_bytes(), volume.read.manifest
    lines = note.decode().split("\n")
    other_root = note.replace(lines[2].encode(), b"A" * 43 + b"=")
    first = sound.segments[0]
    forged = [structs.replace(first, proof=first.proof[::-1]), *sound.segments[1:]]
    for changed, raw in (
        (sound, other_root),
        (structs.replace(sound, origin="another"), note),
        (structs.replace(sound, checkpoint_size=kept.size + 1), note),
        (structs.replace(sound, checkpoint_size=None), note),
        (structs.replace(sound, segments=forged), note),
        (structs.replace(sound, segments=[structs.replace(first, proof=[]), *sound.segments[1:]]), note),
        (sound, b"no note"),
    ):
        _rewrite(volume.folder, changed, raw)
        with pytest.raises(BadVolume):
            check_volume(volume.folder, sound.ledger)
    _rewrite(volume.folder, sound, note)
    check_volume(volume.folder, sound.ledger)


def _rewrite(folder: Path, manifest: Manifest, note: bytes) -> None:
    """Another checkpoint and another manifest, with digests that fit."""
    (folder / "checkpoint").write_bytes(note)
    files = [
        structs.replace(file, bytes=len(note), sha256=sha256(note).hexdigest())
        if file.path == "checkpoint"
        else file
        for file in manifest.files
    ]
    changed = structs.replace(manifest, files=files)
    (folder / "manifest.json").write_bytes(changed.raw())
    (folder / "SHA256SUMS").write_bytes(sums_of(changed))


def test_very_many_segments_take_several_entries(tmp_path: Path, place: Path) -> None:
    """At most a hundred each, without a gap between them."""
    writer = Writer(tmp_path / "home", 1)
    writer.define("nightly")
    writer.append(*[v.event(v.ConfigAccepted(config="c", jobs=1), v.CONFIG)] * 230)
    writer.close()
    archived(writer.home, place)
    told = recorded(writer.home)
    assert [(entry.first, len(entry.segments)) for entry in told] == [(0, 100), (100, 100), (200, 31)]
    assert len({entry.manifest for entry in told}) == 1
    assert not list(illegal_entries(entries_of(writer.home.root)))


def test_a_volume_that_was_not_recorded_is_taken_as_it_is(home: Home, place: Path) -> None:
    """A kill between the two leaves it; it is verified again, and nothing is written twice."""
    other = Home(Path(shutil.copytree(home.root, home.root.with_name("other"))))
    archived(other, place)
    before = {path: path.stat().st_mtime_ns for path in place.rglob("*")}
    done = archived(home, place)
    assert [each.is_new for each in done.volumes] == [False]
    assert len(recorded(home)) == 1
    assert {path: path.stat().st_mtime_ns for path in place.rglob("*")} == before


def test_a_volume_of_more_than_may_go_is_not_taken(home: Home, place: Path) -> None:
    """An earlier day than that of the interrupted archiving: nothing is recorded."""
    other = Home(Path(shutil.copytree(home.root, home.root.with_name("other"))))
    archived(other, place)
    with pytest.raises(OtherVolume):
        archived(home, place, days=6)
    assert not recorded(home)


@pytest.mark.parametrize("what", ["seal", "zst", "manifest.json"])
def test_a_damaged_volume_is_not_recorded(home: Home, place: Path, what: str) -> None:
    """It is not written over either."""
    other = Home(Path(shutil.copytree(home.root, home.root.with_name("other"))))
    (volume,) = (each.folder for each in archived(other, place).volumes)
    path = next(path for path in sorted(volume.iterdir()) if path.name.endswith(what))
    raw = bytearray(path.read_bytes())
    raw[len(raw) // 2] ^= 1
    path.write_bytes(raw)
    with pytest.raises(BadVolume):
        archived(home, place)
    assert not recorded(home)


def test_a_volume_of_another_history_is_not_recorded(home: Home, tmp_path: Path, place: Path) -> None:
    """Whole in itself, of the same ledger by its name, and with other entries."""
    fork = Home(Path(shutil.copytree(home.root, tmp_path / "fork")))
    archived(fork, place)
    (read,) = manifests(place)
    other = grown(tmp_path / "another")
    archived(other, tmp_path / "elsewhere")
    (forged,) = manifests(tmp_path / "elsewhere")
    shutil.rmtree(place / read.manifest.name)
    folder = place / read.manifest.name
    shutil.copytree(tmp_path / "elsewhere" / forged.manifest.name, folder)
    text = (folder / "manifest.json").read_text()
    (folder / "manifest.json").write_text(text.replace(forged.manifest.ledger, read.manifest.ledger))
    changed = manifests(place)[0].manifest
    (folder / "SHA256SUMS").write_bytes(sums_of(changed))
    assert check_volume(folder, read.manifest.ledger).manifest == changed
    with pytest.raises(BadVolume):
        archived(home, place)
    assert not recorded(home)


def test_one_process_at_a_time(home: Home, place: Path) -> None:
    """The second one is told so, and writes nothing."""
    with archive_lock(home), pytest.raises(ArchiveLocked):
        archived(home, place)
    assert not list(place.iterdir())
    archived(home, place)


def test_after_a_kill_at_any_call_archiving_again_ends_as_if_nothing_had_been(
    home: Home, place: Path, hunt: bool
) -> None:
    """One whole volume, recorded once."""
    counting = PowerDisk()
    archived(Home(Path(shutil.copytree(home.root, home.root.with_name("counted")))), place, disk=counting)
    (wanted,) = manifests(place)
    for call in range(1, counting.total + 1, 1 if hunt else 9):
        shutil.rmtree(place)
        killed = Home(Path(shutil.copytree(home.root, home.root.with_name(f"killed{call}"))))
        with pytest.raises(PowerFailure):
            archived(killed, place, disk=PowerDisk(call))
        assert is_sound(killed)
        archived(killed, place)
        assert manifests(place) == [wanted]
        assert [path.name for path in place.iterdir()] == [wanted.manifest.name]
        assert len(recorded(killed)) == 1
        shutil.rmtree(killed.root)


def test_a_full_disk_leaves_the_ledger_as_it_was(home: Home, place: Path) -> None:
    """Nothing is recorded of what could not be written, and it is written when there is room."""
    for occurrence in (1, 4, 9):
        with suppress(OSError):
            archived(home, place, disk=FaultyDisk("pwrite", occurrence, "short", errno.ENOSPC))
        assert not recorded(home)
    archived(home, place)
    assert len(recorded(home)) == 1


def test_what_may_go_is_told_beforehand(home: Home, place: Path) -> None:
    """The same segments as go then, and how long they are."""
    ledger = open_ledger(home, v.SCHEDULER, fsync="never")
    with closing(ledger.store):
        found = candidates(ledger, LATER)
        done = archive(home, ledger, plan(_made(place)))
    assert found.firsts == [segment.first for segment in done.volumes[0].read.manifest.segments]
    assert found.bytes == done.volumes[0].read.manifest.segments_bytes
    assert done.volumes[0].folder.name == volume_name(ledger.store.ledger_id, 0)


def _made(folder: Path) -> Path:
    folder.mkdir()
    return folder
