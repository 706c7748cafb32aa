"""Where benchmarks write."""

from __future__ import annotations

import errno
import shutil
from pathlib import Path

import pytest

from benchmarks.bench import Bench, remove


def test_a_room_is_removed_though_something_was_still_written_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What a scheduler started may outlive it for a moment, and write a file between two looks."""
    removed: list[Path] = []
    real = shutil.rmtree

    def written_meanwhile(folder: Path) -> None:
        removed.append(folder)
        if len(removed) == 1:
            raise OSError(errno.ENOTEMPTY, "Directory not empty")
        real(folder)

    monkeypatch.setattr(shutil, "rmtree", written_meanwhile)
    with Bench(tmp_path, "tiny").room("home") as room:
        (room / "file").touch()
    assert not room.exists()
    assert removed == [room, room]


def test_what_cannot_be_removed_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Not for ever is it tried again."""
    monkeypatch.setattr("benchmarks.bench.REMOVAL_S_MAX", 0.0)

    def refused(folder: Path) -> None:
        raise PermissionError(errno.EACCES, "Permission denied", str(folder))

    monkeypatch.setattr(shutil, "rmtree", refused)
    with pytest.raises(PermissionError):
        remove(tmp_path)


def test_rooms_of_one_name_are_different_folders(tmp_path: Path) -> None:
    """By the name the file system chooses where on the disk a folder's files are."""
    bench = Bench(tmp_path, "tiny")
    with bench.room("herd") as one, bench.room("herd") as other:
        assert one != other
