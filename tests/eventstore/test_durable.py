"""Files that are written whole or not at all, and locks between those who write them."""

from __future__ import annotations

import errno
import os
import re
import stat
from pathlib import Path

import pytest

from eventstore.durable import REAL, Disk, give_name, publish, write_file
from eventstore.lock import FileLock
from eventstore.regular_file import NotRegular
from tests.support.disks import FaultyDisk


class Counting(Disk):
    """A disk that notes which calls were made, and can lack links."""

    def __init__(self, *, links: bool = True) -> None:
        self.calls: list[str] = []
        self._links = links

    def fdatasync(self, fd: int) -> None:
        """Note it."""
        self.calls.append("fdatasync")
        super().fdatasync(fd)

    def fsync(self, fd: int) -> None:
        """Note it."""
        self.calls.append("fsync")
        super().fsync(fd)

    def rename(self, source: Path, target: Path) -> None:
        """Note it."""
        self.calls.append("rename")
        super().rename(source, target)

    def link(self, source: Path, target: Path) -> None:
        """Note it, or refuse."""
        self.calls.append("link")
        if not self._links:
            raise PermissionError("this file system has no links")
        super().link(source, target)


def names(folder: Path) -> list[str]:
    """What is in a folder."""
    return sorted(os.listdir(folder))


def test_a_file_is_flushed_before_it_has_its_name_and_its_name_after(tmp_path: Path) -> None:
    """The order of the calls is what a power failure must find; the file is its owner's alone."""
    disk = Counting()
    write_file(disk, tmp_path / "a", b"one")
    assert disk.calls == ["fdatasync", "rename", "fsync"]
    assert (tmp_path / "a").read_bytes() == b"one"
    assert stat.S_IMODE((tmp_path / "a").stat().st_mode) == 0o600
    write_file(disk, tmp_path / "a", b"two")
    assert (tmp_path / "a").read_bytes() == b"two"
    assert names(tmp_path) == ["a"]


def test_what_can_be_made_again_waits_for_no_disk(tmp_path: Path) -> None:
    """Without `durable` the file is as whole, and nothing is flushed."""
    disk = Counting()
    write_file(disk, tmp_path / "a", b"one", durable=False)
    assert disk.calls == ["rename"]
    assert (tmp_path / "a").read_bytes() == b"one"


@pytest.mark.parametrize("links", [True, False])
def test_a_file_that_may_not_be_replaced_stays(tmp_path: Path, links: bool) -> None:
    """Whoever comes first decides, also where the file system has no links; nothing is left beside it."""
    disk = Counting(links=links)
    write_file(disk, tmp_path / "a", b"first", replace=False)
    with pytest.raises(FileExistsError):
        write_file(disk, tmp_path / "a", b"second", replace=False)
    assert (tmp_path / "a").read_bytes() == b"first"
    assert names(tmp_path) == ["a"]


def test_a_link_in_the_place_of_the_temporary_file_is_not_written_through(tmp_path: Path) -> None:
    """What somebody has put there gives way; what it points to is left alone."""
    victim = tmp_path / "victim"
    victim.write_bytes(b"mine")
    (tmp_path / ".a.new").symlink_to(victim)
    write_file(REAL, tmp_path / "a", b"one", beside=tmp_path / ".a.new")
    assert victim.read_bytes() == b"mine"
    assert names(tmp_path) == ["a", "victim"]
    assert not (tmp_path / "a").is_symlink()


def test_a_failure_leaves_what_was_there(tmp_path: Path) -> None:
    """A name that is a folder cannot be replaced: the error says so, and nothing is left beside it."""
    (tmp_path / "a").mkdir()
    with pytest.raises(OSError, match="Is a directory"):
        write_file(REAL, tmp_path / "a", b"one")
    assert names(tmp_path) == ["a"]


def test_a_full_disk_is_told_with_the_file_that_did_not_fit(tmp_path: Path) -> None:
    """A write that fails knows no name."""
    with pytest.raises(OSError, match=re.escape(str(tmp_path / "file"))) as failed:
        write_file(FaultyDisk("pwrite", 1, "before", errno.ENOSPC), tmp_path / "file", b"new")
    assert (failed.value.errno, list(tmp_path.iterdir())) == (errno.ENOSPC, [])


def test_a_file_of_another_program_is_published_as_durably(tmp_path: Path) -> None:
    """It is flushed, named and made private; its name is flushed after it."""
    (tmp_path / "made").write_bytes(b"by an engine")
    disk = Counting()
    publish(disk, tmp_path / "made", tmp_path / "a")
    assert disk.calls == ["fsync", "rename", "fsync"]
    assert stat.S_IMODE((tmp_path / "a").stat().st_mode) == 0o600
    assert names(tmp_path) == ["a"]


def test_a_name_is_given_once(tmp_path: Path) -> None:
    """Where nothing is to be replaced, the temporary file is gone afterwards, and refused if the name is taken."""
    for content in (b"one", b"two"):
        (tmp_path / "made").write_bytes(content)
        if content == b"one":
            give_name(REAL, tmp_path / "made", tmp_path / "a", replace=False)
            assert names(tmp_path) == ["a"]
        else:
            with pytest.raises(FileExistsError):
                give_name(REAL, tmp_path / "made", tmp_path / "a", replace=False)
    assert (tmp_path / "a").read_bytes() == b"one"


def test_a_lock_that_is_held_is_refused_at_once(tmp_path: Path) -> None:
    """One who only tries is told so; the lock is free when its holder lets go, or closes it."""
    first, second = FileLock(tmp_path / "lock"), FileLock(tmp_path / "lock")
    assert first.try_take()
    assert not second.try_take()
    first.release()
    assert second.try_take()
    second.close()
    with first:
        assert not FileLock(tmp_path / "lock").try_take()
    first.close()


def test_a_lock_is_no_link_and_no_pipe_that_somebody_waits_at(tmp_path: Path) -> None:
    """A link in its place is refused, and a pipe, which does not hold anybody up."""
    (tmp_path / "elsewhere").touch()
    (tmp_path / "lock").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(OSError, match="symbolic link"):
        FileLock(tmp_path / "lock")
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(NotRegular):
        FileLock(tmp_path / "pipe")
