"""A ledger that somebody else made may hold anything under the names of its files: nothing is followed."""

from __future__ import annotations

import fcntl
import os
import sys
import time
from pathlib import Path

import pytest

from eventstore.durable import REAL, write_file
from eventstore.errors import Unavailable
from eventstore.head import HEAD_NAME
from eventstore.journal import Journal
from eventstore.ledger_reader import LedgerReader
from eventstore.lock import LOCK_NAME
from eventstore.regular_file import NotRegular, open_regular, read_regular, regular_status
from eventstore.segment import seal_name, segment_name
from eventstore.verify import verify
from tests.support.journal import event

SOON_S = 20.0
"""Whoever reads 200 GB, or waits for a FIFO, takes longer."""


@pytest.fixture
def ledger(tmp_path: Path) -> Path:
    """A ledger of some entries."""
    folder = tmp_path / "ledger"
    with Journal.open(folder, software="test") as journal:
        for number in range(5):
            journal.append([event(number)], journal.head())
    return folder


@pytest.mark.parametrize("name", [LOCK_NAME, HEAD_NAME, segment_name(0)])
def test_verification_does_not_wait_for_a_fifo(ledger: Path, name: str) -> None:
    """A FIFO in place of any file is refused at once."""
    (ledger / name).unlink()
    os.mkfifo(ledger / name)
    with pytest.raises(Unavailable, match="no regular file"):
        verify(ledger)


def test_a_seal_that_is_a_fifo_is_no_seal(ledger: Path) -> None:
    """A seal that cannot be read as a file is damage."""
    os.mkfifo(ledger / seal_name(0))
    damage = verify(ledger).first_damage
    assert damage is not None
    assert "no regular file" in damage.found


def test_verification_gives_up_when_the_lock_is_held(ledger: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Who holds the lock for good does not make an auditor wait for good."""
    monkeypatch.setattr(sys.modules["eventstore.verification_plan"], "LOCK_PATIENCE_S", 0.05)
    held = os.open(ledger / LOCK_NAME, os.O_RDWR)
    try:
        fcntl.flock(held, fcntl.LOCK_EX)
        with pytest.raises(Unavailable, match="holds its lock"):
            verify(ledger)
    finally:
        os.close(held)


def test_a_sparse_segment_is_not_read_to_its_end(ledger: Path) -> None:
    """A hole of 200 GB holds nothing and is skipped."""
    os.truncate(ledger / segment_name(0), 200 * 1024**3)
    begun_s = time.monotonic()
    report = verify(ledger)
    assert report.entries == 6
    assert time.monotonic() - begun_s < SOON_S


def test_a_link_is_refused_and_what_it_names_is_untouched(ledger: Path, tmp_path: Path) -> None:
    """`HEAD` that is a link is no `HEAD`."""
    other = tmp_path / "other"
    other.write_bytes(b"precious")
    (ledger / HEAD_NAME).unlink()
    (ledger / HEAD_NAME).symlink_to(other)
    with pytest.raises(Unavailable, match="symbolic link"):
        Journal.open(ledger, software="test")
    assert other.read_bytes() == b"precious"


def test_a_planted_temporary_file_is_not_written_through(tmp_path: Path) -> None:
    """A link under the name of a temporary file is removed, and what it names stays."""
    other = tmp_path / "other"
    other.write_bytes(b"precious")
    (tmp_path / f".HEAD.{os.getpid()}").symlink_to(other)
    write_file(REAL, tmp_path / "HEAD", b"mine")
    assert other.read_bytes() == b"precious"
    assert (tmp_path / "HEAD").read_bytes() == b"mine"
    assert not (tmp_path / "HEAD").is_symlink()


def test_reading_is_bounded_and_takes_files_only(tmp_path: Path) -> None:
    """A file that is too long, or is none, is an error."""
    (tmp_path / "long").write_bytes(b"x" * 11)
    assert read_regular(tmp_path / "long", 11) == b"x" * 11
    with pytest.raises(OSError, match="longer than 10 bytes"):
        read_regular(tmp_path / "long", 10)
    with pytest.raises(NotRegular):
        open_regular(tmp_path)


def test_a_link_is_followed_only_where_a_person_may_put_one(tmp_path: Path) -> None:
    """And then too what it leads to must be a regular file, for which nobody waits."""
    (tmp_path / "file").write_text("text")
    os.mkfifo(tmp_path / "fifo")
    for name in ("file", "fifo"):
        (tmp_path / f"to-{name}").symlink_to(name)
        with pytest.raises(NotRegular):
            open_regular(tmp_path / f"to-{name}")
        assert regular_status(tmp_path / f"to-{name}") is None
    with open(open_regular(tmp_path / "to-file", follow=True)) as file:
        assert file.read() == "text"
    with pytest.raises(NotRegular):
        open_regular(tmp_path / "to-fifo", follow=True)


def test_an_endless_tail_is_not_set_aside(ledger: Path) -> None:
    """Whoever would append refuses; whoever reads, reads the entries before it."""
    os.truncate(ledger / segment_name(0), 200 * 1024**3)
    begun_s = time.monotonic()
    with pytest.raises(Unavailable, match="too long"):
        Journal.open(ledger, software="test").append([event(1)])
    with LedgerReader.open(ledger) as journal:
        assert [entry.seq for entry in journal.read_backwards()] == [5, 4, 3, 2, 1, 0]
    assert time.monotonic() - begun_s < SOON_S
