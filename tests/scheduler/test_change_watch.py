"""What the kernel tells of files and folders, and where it does not."""

from __future__ import annotations

import errno
import selectors
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import inotify_simple
import pytest

from scheduler.change_watch import CREATED, MODIFIED, ChangeWatch

PATIENCE_S = 20.0


@pytest.fixture
def selector() -> Iterator[selectors.DefaultSelector]:
    """What the owner of a watch waits on."""
    with selectors.DefaultSelector() as selector:
        yield selector


def test_a_change_wakes_its_owner_and_says_what_it_was(
    selector: selectors.DefaultSelector, tmp_path: Path
) -> None:
    """A new name in a folder and what is written to a file are told with the number of the watch."""
    watch = ChangeWatch(selector)
    assert not selector.get_map()  # nothing is to be watched yet
    folder = watch.add(tmp_path, CREATED)
    assert selector.get_map()
    (tmp_path / "a").touch()
    assert selector.select(PATIENCE_S)
    assert [(change.number, change.name) for change in watch.changes()] == [(folder, "a")]
    file = watch.add(tmp_path / "a", MODIFIED)
    (tmp_path / "a").write_text("x")
    assert selector.select(PATIENCE_S)
    assert {change.number for change in watch.changes()} == {file}
    assert not selector.select(0)
    watch.close()
    assert not watch.works
    assert not selector.get_map()
    watch.close()


def test_what_was_drained_or_removed_wakes_nobody(
    selector: selectors.DefaultSelector, tmp_path: Path
) -> None:
    """`drain` forgets; of what is no longer watched only the end is told."""
    watch = ChangeWatch(selector)
    number = watch.add(tmp_path, CREATED)
    (tmp_path / "a").touch()
    watch.drain()
    assert not selector.select(0)
    assert number is not None
    watch.remove(number)
    (tmp_path / "b").touch()
    assert [(change.number, change.ended) for change in watch.changes()] == [(number, True)]
    watch.close()


def test_what_is_not_there_cannot_be_watched(selector: selectors.DefaultSelector, tmp_path: Path) -> None:
    """Its owner is told so, and the other watches go on."""
    watch = ChangeWatch(selector)
    with pytest.raises(FileNotFoundError):
        watch.add(tmp_path / "none", MODIFIED)
    assert watch.works
    watch.close()


def test_a_user_who_may_watch_no_more_looks_instead(
    selector: selectors.DefaultSelector, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Then it does not work any more, says so, and has left the selector."""
    watch = ChangeWatch(selector)

    def refuse(*_: object) -> int:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(inotify_simple.INotify, "add_watch", refuse)
    assert watch.add(tmp_path, MODIFIED) is None
    assert not watch.works
    assert not selector.get_map()
    assert watch.changes() == []
    watch.drain()


def test_no_program_is_run_to_find_the_c_library() -> None:
    """The process has it already; what looks for it in the system's folders runs others, if need be a compiler."""
    script = (
        "import selectors, sys\n"
        "from scheduler.change_watch import ChangeWatch\n"
        "started = []\n"
        "sys.addaudithook(lambda event, _: started.append(event) if event in sys.argv[1:] else None)\n"
        "assert ChangeWatch(selectors.DefaultSelector()).works\n"
        "assert not started, started\n"
    )
    events = ["subprocess.Popen", "os.posix_spawn", "os.fork", "os.system"]
    subprocess.run([sys.executable, "-c", script, *events], check=True)
