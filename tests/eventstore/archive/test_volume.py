"""Volumes: what is written of segments is checked as a whole, and comes back byte for byte."""

from __future__ import annotations

import contextlib
import errno
import os
import random
import shutil
import subprocess
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path

import msgspec
import pytest

from eventstore.archive.compressed_segment import compressed_name, decompressed
from eventstore.archive.errors import BadVolume
from eventstore.archive.manifest import CHECKPOINT_NAME, MANIFEST_NAME, SUMS_NAME, FileRecord, read_manifest
from eventstore.archive.volume_check import check_volume
from eventstore.archive.volume_writer import VolumeBusy, write_volume
from eventstore.errors import Corrupt
from eventstore.genesis import read_creation
from eventstore.proofs.frontier import Frontier
from eventstore.proofs.merkle_tree import leaf_hashes
from eventstore.proofs.notes.note import NOTE_BYTES_MAX
from eventstore.segment import seal_name, segment_name
from tests.support.disks import FastDisk, FaultyDisk, PowerDisk, PowerFailure
from tests.support.journal import edit, snapshot
from tests.support.volumes import ENTRIES, content_of, sealed_ledger, sums_of, volume_of

FIRSTS = [0, ENTRIES, 2 * ENTRIES]


@pytest.fixture(scope="module")
def ledger(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A ledger with four sealed segments."""
    return sealed_ledger(tmp_path_factory.mktemp("ledger"), 4)


@pytest.fixture(scope="module")
def ledger_id(ledger: Path) -> str:
    """Its identity."""
    created = read_creation(ledger)
    assert created is not None
    return created.ledger


@pytest.fixture
def volume(ledger: Path, ledger_id: str, tmp_path: Path) -> Path:
    """A volume of its first three segments."""
    return volume_of(ledger, ledger_id, tmp_path / "volumes", FIRSTS)


def test_a_volume_holds_the_segments_and_says_what_they_are(
    ledger: Path, ledger_id: str, volume: Path
) -> None:
    """Every byte comes back; the roots are those of the tree over the same lines."""
    read = check_volume(volume, ledger_id)
    manifest = read.manifest
    assert volume.name == f"{ledger_id}-{0:020d}" == manifest.name
    assert (manifest.first, manifest.last, manifest.count) == (0, 3 * ENTRIES - 1, 3 * ENTRIES)
    frontier = Frontier()
    for first, segment in zip(FIRSTS, manifest.segments, strict=True):
        raw = (ledger / segment_name(first)).read_bytes()
        fd = decompressed(volume / compressed_name(first), segment.seal)
        assert os.pread(fd, len(raw) + 1, 0) == raw
        os.close(fd)
        assert (volume / seal_name(first)).read_bytes() == (ledger / seal_name(first)).read_bytes()
        hashes = leaf_hashes(raw.split(b"\n")[:-1])
        whole = Frontier()
        for at in range(0, len(hashes), 32):
            whole.add(hashes[at : at + 32])
            frontier.add(hashes[at : at + 32])
        assert segment.root == whole.root().hex()
    assert not [path for path in volume.parent.iterdir() if path != volume]


def test_the_same_segments_give_the_same_volume(ledger: Path, ledger_id: str, tmp_path: Path) -> None:
    """Byte for byte."""
    one, other = (volume_of(ledger, ledger_id, tmp_path / name, FIRSTS) for name in "ab")
    assert snapshot(one) == snapshot(other)


@pytest.mark.skipif(shutil.which("zstd") is None, reason="zstd is not installed")
def test_other_programs_read_it(ledger: Path, volume: Path) -> None:
    """`zstd -d` gives the segment."""
    packed = volume / compressed_name(ENTRIES)
    plain = subprocess.run(["zstd", "-dc", packed], check=True, capture_output=True).stdout
    assert plain == (ledger / segment_name(ENTRIES)).read_bytes()


def test_sha256sum_checks_it(volume: Path) -> None:
    """`SHA256SUMS` is what `sha256sum -c` reads, and names every file but itself."""
    done = subprocess.run(["sha256sum", "-c", SUMS_NAME], cwd=volume, capture_output=True, check=False)
    assert done.returncode == 0, done.stdout
    assert len(done.stdout.splitlines()) == len(list(volume.iterdir())) - 1


def _rewrite(**members: object) -> Callable[[Path], None]:
    """Another manifest, with the sums that fit to it."""

    def change(volume: Path) -> None:
        changed = msgspec.structs.replace(read_manifest(volume).manifest, **members)
        (volume / MANIFEST_NAME).write_bytes(changed.raw())
        (volume / SUMS_NAME).write_bytes(sums_of(changed))

    return change


def test_a_later_version_may_say_more_in_its_manifest(ledger_id: str, volume: Path) -> None:
    """What is not known is passed over; digests are over what stands there."""
    sound = read_manifest(volume).manifest
    raw = sound.raw().replace(b'"format": 1,', b'"format": 1,\n "since": {"more": []},', 1)
    (volume / MANIFEST_NAME).write_bytes(raw)
    (volume / SUMS_NAME).write_bytes(sound.sums(sha256(raw).hexdigest()))
    assert check_volume(volume, ledger_id).manifest == sound


def _flip(name: str) -> Callable[[Path], None]:
    def change(volume: Path) -> None:
        def flip(raw: bytearray) -> None:
            raw[len(raw) // 2] ^= 1

        edit(volume / name, flip)

    return change


def _linked(volume: Path) -> None:
    (volume / "beside").write_bytes((volume / seal_name(0)).read_bytes())
    (volume / seal_name(0)).unlink()
    (volume / seal_name(0)).symlink_to("beside")


def _pipe(volume: Path) -> None:
    (volume / compressed_name(0)).unlink()
    os.mkfifo(volume / compressed_name(0))


def _swapped(volume: Path) -> None:
    """Another segment under this name, with sums that fit."""
    for name in (compressed_name, seal_name):
        shutil.copy(volume / name(ENTRIES), volume / name(0))
    manifest = read_manifest(volume).manifest
    one, other = manifest.segments[:2]
    forged = msgspec.structs.replace(
        one, compressed_bytes=other.compressed_bytes, compressed_sha256=other.compressed_sha256
    )
    seal = next(file for file in manifest.files if file.path == seal_name(ENTRIES))
    files = [
        msgspec.structs.replace(seal, path=seal_name(0)) if file.path == seal_name(0) else file
        for file in manifest.files
    ]
    _rewrite(segments=[forged, *manifest.segments[1:]], files=files)(volume)


def _root(volume: Path) -> None:
    segments = read_manifest(volume).manifest.segments
    forged = msgspec.structs.replace(segments[1], root="0" * 64)
    _rewrite(segments=[segments[0], forged, segments[2]])(volume)


def _shorter(volume: Path) -> None:
    _rewrite(segments=read_manifest(volume).manifest.segments[:2])(volume)


def _linked_manifest(volume: Path) -> None:
    (volume / MANIFEST_NAME).rename(volume / "beside")
    (volume / MANIFEST_NAME).symlink_to("beside")


def _huge_manifest(volume: Path) -> None:
    os.truncate(volume / MANIFEST_NAME, 2**40)


def _more_file(path: str, raw: bytes, **members: object) -> Callable[[Path], None]:
    """One more file, in a manifest that fits to it."""

    def change(volume: Path) -> None:
        with contextlib.suppress(NotADirectoryError):
            (volume / path).write_bytes(raw)
        record = FileRecord(path=path, bytes=len(raw), sha256=sha256(raw).hexdigest())
        _rewrite(files=[*read_manifest(volume).manifest.files, record], **members)(volume)

    return change


@pytest.mark.parametrize(
    "damage",
    [
        _linked_manifest,
        _huge_manifest,
        _more_file(CHECKPOINT_NAME, b"x" * (NOTE_BYTES_MAX + 1), checkpoint_size=1),
        _more_file(f"{seal_name(0)}/x", b"x"),
        _flip(compressed_name(ENTRIES)),
        _flip(seal_name(ENTRIES)),
        _flip(MANIFEST_NAME),
        _flip(SUMS_NAME),
        lambda volume: (volume / SUMS_NAME).unlink(),
        lambda volume: (volume / MANIFEST_NAME).unlink(),
        lambda volume: (volume / compressed_name(0)).unlink(),
        lambda volume: (volume / seal_name(0)).unlink(),
        lambda volume: (volume / MANIFEST_NAME).write_bytes(b"{}"),
        lambda volume: (volume / MANIFEST_NAME).write_bytes(b"[" * 10_000),
        _rewrite(ledger="0" * 32),
        _rewrite(first=ENTRIES),
        _rewrite(last=ENTRIES),
        _rewrite(segments=[]),
        _rewrite(files=[]),
        _linked,
        _pipe,
        _swapped,
        _root,
        _shorter,
    ],
)
def test_whatever_is_damaged_is_told(ledger_id: str, volume: Path, damage: Callable[[Path], None]) -> None:
    """Nothing missing, altered, exchanged or forged passes; no link is followed, no pipe waited for."""
    damage(volume)
    with pytest.raises(BadVolume):
        check_volume(volume, ledger_id)


def test_a_name_that_leads_elsewhere_is_refused(volume: Path) -> None:
    """A manifest names files of its own folder alone."""
    sound = read_manifest(volume).manifest
    for path in ("../x", "/etc/passwd", "a//b", "", ".hidden", SUMS_NAME, compressed_name(0)):
        forged = msgspec.structs.replace(sound.files[0], path=path)
        changed = msgspec.structs.replace(sound, files=[*sound.files, forged])
        (volume / MANIFEST_NAME).write_bytes(changed.raw())
        with pytest.raises(BadVolume):
            read_manifest(volume)
    (volume / MANIFEST_NAME).write_bytes(sound.raw())
    assert read_manifest(volume).manifest == sound


def test_a_damaged_segment_is_not_archived(ledger: Path, ledger_id: str, tmp_path: Path) -> None:
    """Neither one whose lines do not fit together, nor one that its seal does not speak of."""
    for name in (segment_name(ENTRIES), seal_name(ENTRIES)):
        copy = Path(shutil.copytree(ledger, tmp_path / name))
        _flip(name)(copy)
        with pytest.raises((Corrupt, BadVolume)):
            volume_of(copy, ledger_id, tmp_path / "volumes", FIRSTS)
    assert not [path for path in (tmp_path / "volumes").iterdir() if not path.name.startswith(".")]


def test_what_is_there_is_never_replaced(ledger: Path, ledger_id: str, tmp_path: Path) -> None:
    """A folder with the name of the volume, a file, or a link in place of the folder in which it is written."""
    place = tmp_path / "volumes"
    name = f"{ledger_id}-{0:020d}"
    for path in (place / name, place / f".{name}.writing"):
        for make in (
            lambda path: path.write_text("mine"),
            lambda path: path.symlink_to(tmp_path),
            lambda path: (path.mkdir(), (path / "mine").write_text("mine")),
        ):
            shutil.rmtree(place, ignore_errors=True)
            place.mkdir()
            make(path)
            before = snapshot(place)
            if path.name.startswith(".") and path.is_dir() and not path.is_symlink():
                continue  # that one is ours
            with pytest.raises(BadVolume):
                volume_of(ledger, ledger_id, place, FIRSTS)
            assert before.items() <= snapshot(place).items()


def test_two_do_not_write_one_volume(ledger: Path, ledger_id: str, tmp_path: Path) -> None:
    """The second one is told so, and harms nothing."""
    place = tmp_path / "volumes"
    place.mkdir()

    def second(_: Path) -> None:
        with pytest.raises(VolumeBusy):
            volume_of(ledger, ledger_id, place, FIRSTS)

    volume = write_volume(FastDisk(), place, content_of(ledger, ledger_id, FIRSTS, second))
    check_volume(volume, ledger_id)


def _tables(folder: Path) -> None:
    (folder / "parquet").mkdir()
    (folder / "parquet" / "events.parquet").write_bytes(b"rows")


def test_after_a_power_failure_at_any_call_there_is_no_half_volume(
    ledger: Path, ledger_id: str, tmp_path: Path
) -> None:
    """What has the name of a volume is a whole one; the next archiving begins anew."""
    wanted = content_of(ledger, ledger_id, FIRSTS[:2], _tables)
    counting = PowerDisk()
    _fresh(tmp_path / "whole")
    write_volume(counting, tmp_path / "whole", wanted)
    for call in range(1, counting.total + 1):
        place = _fresh(tmp_path / "volumes")
        disk = PowerDisk(call)
        with pytest.raises(PowerFailure):
            write_volume(disk, place, wanted)
        disk.fail(place, random.Random(call))
        target = place / f"{ledger_id}-{0:020d}"
        if not target.exists():
            assert write_volume(FastDisk(), place, wanted) == target
        assert len(check_volume(target, ledger_id).manifest.segments) == 2
        assert [path.name for path in place.iterdir()] == [target.name]


def test_on_a_full_disk_there_is_no_volume_and_later_there_is(
    ledger: Path, ledger_id: str, tmp_path: Path
) -> None:
    """Each call that takes room fails once, or a write is cut short: the system's reason is raised, and no more."""
    wanted = content_of(ledger, ledger_id, FIRSTS[:2], _tables)
    for call, when in (("open", "before"), ("pwrite", "before"), ("pwrite", "short"), ("rename", "before")):
        for occurrence in range(1, 40):
            place = _fresh(tmp_path / "volumes")
            disk = FaultyDisk(call, occurrence, when, errno.ENOSPC)
            try:
                write_volume(disk, place, wanted)
            except OSError as problem:
                named = problem.filename
            if not disk.struck:
                break
            assert call != "pwrite" or str(named).startswith(str(place)), "the person is told where"
            assert not (place / f"{ledger_id}-{0:020d}").exists()
            check_volume(write_volume(FastDisk(), _fresh(place), wanted), ledger_id)
        assert occurrence > 1, call


def _fresh(folder: Path) -> Path:
    """An empty folder."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    return folder
