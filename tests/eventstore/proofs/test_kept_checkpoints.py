"""Signed checkpoints that are kept beside the ledger: what is written, what is read, and what they prove."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from eventstore.errors import Corrupt
from eventstore.kept_sizes import largest_size, sizes
from eventstore.ledger_reader import LedgerReader
from eventstore.proofs.errors import InvalidNote
from eventstore.proofs.kept_checkpoints import (
    DamagedCheckpoint,
    OtherCheckpoint,
    keep,
    newest,
    read,
)
from eventstore.proofs.merkle_tree import TreeHead
from eventstore.proofs.notes.checkpoint import Checkpoint
from eventstore.proofs.notes.note import Note
from eventstore.proofs.notes.signing import Signer
from tests.support.disks import FastDisk
from tests.support.journal import SEGMENT_0, edit, event, open_journal

ORIGIN = "cronledger/test"
OWN, WITNESS = Signer(ORIGIN, bytes(32)), Signer("witness.example", bytes(range(32)))


def _note(size: int, *signers: Signer, root: bytes = bytes(32)) -> bytes:
    text = Checkpoint(ORIGIN, TreeHead(size, root)).text
    return Note(text, tuple(each.sign(text) for each in signers or (OWN,))).raw


def _path(folder: Path, size: int) -> Path:
    return folder / "checkpoints" / f"{(size - 1) // 65_536 * 65_536:020d}" / f"{size:020d}"


def test_what_is_kept_is_read_back(ram: Path) -> None:
    """The raw note stands in a file of its size, for its owner alone; the largest one is the newest."""
    assert (newest(ram), sizes(ram)) == (None, [])
    for size in (700, 3):
        keep(ram, _note(size))
    assert sizes(ram) == [3, 700]
    assert _path(ram, 700).read_bytes() == _note(700)
    assert (_path(ram, 3).stat().st_mode & 0o777, _path(ram, 3).parent.stat().st_mode & 0o777) == (
        0o600,
        0o700,
    )
    found = newest(ram)
    assert found is not None
    assert (found.size, found.note.raw) == (700, _note(700))
    assert read(ram, 4) is None


def test_what_is_listed_to_find_the_newest_stays_short(ram: Path) -> None:
    """Checkpoints of as many entries as a segment has share a folder; one that is empty is passed over."""
    for size in (65_536, 65_537, 200_000, 1):
        keep(ram, _note(size))
    assert sizes(ram) == [1, 65_536, 65_537, 200_000]
    assert [
        sorted(each.name for each in folder.iterdir()) for folder in sorted((ram / "checkpoints").iterdir())
    ] == [
        [f"{1:020d}", f"{65_536:020d}"],
        [f"{65_537:020d}"],
        [f"{200_000:020d}"],
    ]
    (ram / "checkpoints" / f"{65_536 * 9:020d}").mkdir()
    assert largest_size(ram) == 200_000


def test_signatures_are_added_and_never_lost(ram: Path) -> None:
    """A note that is kept again gains the signatures that are new, behind those that it has."""
    keep(ram, _note(3))
    keep(ram, _note(3, WITNESS))
    assert keep(ram, _note(3)).note.raw == _note(3, OWN, WITNESS) == _path(ram, 3).read_bytes()


def test_two_trees_of_one_size_are_refused(ram: Path) -> None:
    """What is kept stays as it is."""
    keep(ram, _note(3))
    with pytest.raises(OtherCheckpoint):
        keep(ram, _note(3, root=bytes([1]) * 32))
    assert _path(ram, 3).read_bytes() == _note(3)


def _link(path: Path) -> None:
    target = path.with_name("elsewhere")
    target.write_bytes(_note(3))
    path.symlink_to(target)


@pytest.mark.parametrize(
    "put",
    [
        lambda path: path.write_bytes(_note(4)),
        lambda path: path.write_bytes(b""),
        lambda path: path.write_bytes(_note(3)[:-1]),
        lambda path: path.write_bytes(_note(3) + b"x" * 1024 * 1024),
        os.mkfifo,
        _link,
    ],
)
def test_what_is_no_checkpoint_is_refused(ram: Path, put: Callable[[Path], object]) -> None:
    """A file that is about another size, cut off, too long, no file or behind a link is read by nobody."""
    keep(ram, _note(2))
    put(_path(ram, 3))
    with pytest.raises(DamagedCheckpoint):
        newest(ram)
    with pytest.raises(InvalidNote):
        keep(ram, b"nonsense")


def test_a_ledger_that_is_shorter_than_its_checkpoint_is_corrupt(ram: Path) -> None:
    """Entries that were signed and are gone are told, even if HEAD was set back; nothing is written."""
    folder = ram / "ledger"
    with open_journal(folder, disk=FastDisk()) as journal:
        journal.append([event(1)])
        before = ((folder / "HEAD").read_bytes(), (folder / SEGMENT_0).stat().st_size)
        journal.append([event(2)])
    keep(folder, _note(3))
    with LedgerReader.open(folder, disk=FastDisk()) as journal:
        assert journal.head().seq == 2
    (folder / "HEAD").write_bytes(before[0])
    os.truncate(folder / SEGMENT_0, before[1])
    for opened in (LedgerReader.open, open_journal):
        with pytest.raises(Corrupt, match=r"checkpoint of 3 entries"):
            opened(folder, disk=FastDisk())
    assert (folder / SEGMENT_0).stat().st_size == before[1]


def test_a_torn_line_that_was_signed_is_damage(ram: Path) -> None:
    """What a checkpoint covers was on disk: half a line in its place was not left by a crash."""
    folder = ram / "ledger"
    with open_journal(folder, disk=FastDisk()) as journal:
        journal.append([event(1)])
    edit(folder / SEGMENT_0, lambda raw: raw.extend(b'{"seq":2,"ti'))
    with LedgerReader.open(folder, disk=FastDisk()) as reader:
        assert reader.torn is not None
    keep(folder, _note(3))
    with pytest.raises(Corrupt):
        open_journal(folder, disk=FastDisk())
    _path(folder, 3).unlink()
    with open_journal(folder, disk=FastDisk()) as journal:
        assert journal.recovered is not None
