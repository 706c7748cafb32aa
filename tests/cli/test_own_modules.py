"""The command finds its own modules by itself: the same modules as Python would, compiled or not."""

from __future__ import annotations

import importlib.util
import os
import py_compile
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.command import DEADLINE_S

_PROGRAM = """
import sys
from cli.own_modules import find_own_modules
find_own_modules(sys.argv[1], ("rooms",))
import rooms.room
print(rooms.room.VALUE, rooms.room.__file__, rooms.__path__[0], rooms.room.__cached__, sep="\\n")
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Where a package is whose one module says 1, and has been compiled."""
    package = tmp_path / "rooms"
    package.mkdir()
    (package / "__init__.py").write_text("")
    (package / "room.py").write_text("VALUE = 1\n")
    py_compile.compile(str(package / "room.py"))
    return tmp_path


def imported(folder: Path, *options: str) -> list[str]:
    """What the module says of itself, in a process of its own."""
    done = subprocess.run(
        [sys.executable, *options, "-c", _PROGRAM, str(folder)],
        env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        text=True,
        check=False,
        timeout=DEADLINE_S,
    )
    return done.stdout.splitlines() or done.stderr.splitlines()[-1:]


def test_a_module_is_the_one_that_python_would_find(folder: Path) -> None:
    """Its value, its file, its package's folder, and where it was compiled."""
    room = folder / "rooms" / "room.py"
    compiled = importlib.util.cache_from_source(str(room))
    assert imported(folder) == ["1", str(room), str(folder / "rooms"), compiled]


def test_what_was_compiled_is_what_is_run(folder: Path) -> None:
    """As long as the source has the same time and size: nobody reads the source."""
    room = folder / "rooms" / "room.py"
    before = room.stat()
    room.write_text("VALUE = 2\n")
    os.utime(room, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert imported(folder)[0] == "1"


@pytest.mark.parametrize("change", ["size", "time", "begin", "gone", "by hash"])
def test_a_source_that_was_changed_is_compiled_anew(folder: Path, change: str) -> None:
    """And so is one whose compiled form is of another Python, or was never made; by hash is Python's own affair."""
    room = folder / "rooms" / "room.py"
    compiled = Path(importlib.util.cache_from_source(str(room)))
    before = room.stat()
    room.write_text("VALUE = 22\n" if change == "size" else "VALUE = 2\n")
    time_s = int(before.st_mtime) + (5 if change == "time" else 0)
    os.utime(room, (time_s, time_s))
    if change == "begin":
        compiled.write_bytes(b"other" + compiled.read_bytes()[5:])
    elif change == "gone":
        compiled.unlink()
    elif change == "by hash":
        py_compile.compile(str(room), invalidation_mode=py_compile.PycInvalidationMode.CHECKED_HASH)
    assert imported(folder)[0] == ("22" if change == "size" else "2")


def test_where_compiled_modules_are_kept_elsewhere_python_finds_all(folder: Path) -> None:
    """With `-O` they have other names: then our finder stays away, and finds nothing in a folder not on the path."""
    assert imported(folder, "-O") == ["ModuleNotFoundError: No module named 'rooms'"]


def test_a_module_that_is_not_there_is_missing(folder: Path) -> None:
    """In the words that Python has for it."""
    (folder / "rooms" / "room.py").unlink()
    assert imported(folder) == ["ModuleNotFoundError: No module named 'rooms.room'"]
