from __future__ import annotations

import errno
import os
import pty
import selectors
import tty
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import msgspec
import pytest

from cli.runs.live_output import OutputFollower
from cli.terminal.nonblocking_output import Sink
from eventstore.store import Entry
from scheduler import vocabulary as v
from scheduler.entry_members import Outcome
from scheduler.home import Home

STARTED = datetime(2026, 11, 23, 2, tzinfo=UTC)


def entry(data: v.Payload, run: int = 7, job: str = "nightly") -> Entry:
    """An entry about a run."""
    raw = msgspec.Raw(msgspec.json.encode(data))
    return Entry(run, STARTED, data.TYPE, "scheduler", raw, 0, "", "", job, run)


def started() -> v.RunStarted:
    """The payload of `run.started`."""
    return v.RunStarted(
        attempt=1, trigger="manual", command_sha256="", host="", boot_id="", executor_pid=1,
        executor_start_ticks=1,
    )  # fmt: skip


def ended(out: int, err: int = 0, outcome: Outcome = "succeeded") -> v.RunFinished:
    """The payload of `run.finished` with so many bytes of output."""
    return v.RunFinished(
        trigger="manual", started=STARTED, outcome=outcome, attempt=1, stdout_bytes=out, stderr_bytes=err
    )


class Following:
    """A follower whose two streams are pipes that the test reads."""

    def __init__(self, home: Home, *, labelled: bool = False) -> None:
        self.home = home
        self.selector = selectors.DefaultSelector()
        self.out, out = os.pipe()
        self.err, err = os.pipe()
        self._writers = (out, err)
        os.set_blocking(self.out, False)
        os.set_blocking(self.err, False)
        self.follower = OutputFollower(home, self.selector, out, err, labelled=labelled)

    def write(self, data: bytes, run: int = 7, stream: str = "stdout") -> None:
        """The job writes."""
        path = self.home.output(run, 1, STARTED, stream)
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("ab") as file:
            file.write(data)

    def read(self, fd: int) -> bytes:
        """What the follower has put into a pipe."""
        try:
            return os.read(fd, 1 << 20)
        except BlockingIOError:
            return b""

    def close(self) -> None:
        """Close everything."""
        self.follower.close()
        self.selector.close()
        for fd in (*self._writers, self.out, self.err):
            os.close(fd)


@pytest.fixture
def following(tmp_path: Path) -> Iterator[Following]:
    """A follower of raw output."""
    following = Following(Home(tmp_path))
    yield following
    following.close()


def test_growth_is_shown_byte_for_byte(following: Following) -> None:
    """Each pump shows what was added since the last one, half a character included."""
    following.follower.started(entry(started()))
    following.write(b"\xe2\x82")
    following.follower.pump()
    assert following.read(following.out) == b"\xe2\x82"
    following.write(b"\xac\x00\xff")
    following.write(b"oops", stream="stderr")
    following.follower.pump()
    assert following.read(following.out) == b"\xac\x00\xff"
    assert following.read(following.err) == b"oops"


def test_at_a_terminal_what_it_would_obey_is_escaped(tmp_path: Path) -> None:
    """The title of the window stays what it is; half a character at the very end is shown as the bytes it is."""
    home = Home(tmp_path)
    master, slave = pty.openpty()
    tty.setraw(slave)
    try:
        for raw, printed in ((False, b"a\\x1b]0;b\\x07c\\xe2"), (True, b"a\x1b]0;b\x07c\xe2")):
            with selectors.DefaultSelector() as selector:
                follower = OutputFollower(home, selector, slave, slave, raw=raw)
                path = home.output(7, 1, STARTED, "stdout")
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(b"a\x1b]0;b\x07c\xe2")
                follower.started(entry(started()))
                follower.pump()
                follower.finished(entry(ended(path.stat().st_size)))
                follower.pump()
                assert follower.shown(7)
                follower.close()
            assert os.read(master, 1 << 16) == printed
    finally:
        os.close(slave)
        os.close(master)


def test_the_kernel_says_when_there_is_more(following: Following) -> None:
    """Once the files are there the selector wakes on growth, and sleeps without it."""
    following.write(b"a")
    following.write(b"", stream="stderr")
    following.follower.started(entry(started()))
    assert following.follower.pump() >= 30
    assert following.selector.select(0) == []
    following.write(b"b")
    assert following.selector.select(5) != []
    following.follower.pump()
    assert following.selector.select(0) == []
    assert following.read(following.out) == b"ab"


def test_without_watches_left_it_is_looked_soon(
    following: Following, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where the kernel watches no more files, the very pump that finds it asks to be called again soon."""

    def none_left(*_arguments: object) -> int:
        raise OSError(errno.ENOSPC, "no watches left")

    monkeypatch.setattr("inotify_simple.INotify.add_watch", none_left)
    following.write(b"a")
    following.write(b"", stream="stderr")
    following.follower.started(entry(started()))
    assert following.follower.pump() <= 0.5
    following.write(b"b")
    assert following.follower.pump() <= 0.5
    assert following.read(following.out) == b"ab"


def test_a_file_that_comes_late_is_found(following: Following) -> None:
    """Until the files are there they are looked for, at first often."""
    following.follower.started(entry(started()))
    assert following.follower.pump() <= 0.05
    following.write(b"late")
    following.follower.pump()
    assert following.read(following.out) == b"late"


def test_a_reader_that_does_not_read_holds_nobody_up(following: Following) -> None:
    """When the pipe is full, pump returns at once, the selector waits for room, and no byte is lost."""
    data = os.urandom(1_000_000)
    following.write(data)
    following.follower.started(entry(started()))
    following.follower.pump()
    assert following.selector.select(0) == []  # nothing can be done until the reader reads
    following.follower.finished(entry(ended(len(data))))
    received = b""
    while not following.follower.shown(7):
        received += following.read(following.out)
        assert following.selector.select(5) != []
        following.follower.pump()
    assert received + following.read(following.out) == data


def test_what_a_straggler_writes_after_the_end_is_not_shown(following: Following) -> None:
    """The output of a run ends where its `run.finished` says."""
    following.follower.started(entry(started()))
    following.write(b"0123456789straggler")
    following.follower.finished(entry(ended(10)))
    following.follower.pump()
    assert following.follower.shown(7)
    assert following.read(following.out) == b"0123456789"


def test_a_run_without_output_ends(following: Following) -> None:
    """Files that are removed because they are empty, or were never there, keep nobody waiting."""
    following.follower.started(entry(started()))
    following.follower.pump()
    following.follower.finished(entry(ended(0)))
    following.follower.pump()
    assert following.follower.shown(7)


def test_a_file_that_is_cut_ends_there(following: Following) -> None:
    """Output that somebody has cut meanwhile is shown as far as it is there."""
    following.follower.started(entry(started()))
    following.write(b"x" * 100)
    following.follower.finished(entry(ended(100)))
    os.truncate(following.home.output(7, 1, STARTED, "stdout"), 50)
    following.follower.pump()
    assert following.follower.shown(7)
    assert following.read(following.out) == b"x" * 50


def test_of_a_lost_run_everything_is_shown(following: Following) -> None:
    """Nobody measured what it wrote: what is there at that moment counts."""
    following.follower.started(entry(started()))
    following.write(b"last words")
    following.follower.finished(entry(ended(0, outcome="lost")))
    following.follower.pump()
    assert following.follower.shown(7)
    assert following.read(following.out) == b"last words"


def test_labels_stand_before_whole_lines(tmp_path: Path) -> None:
    """A line that comes in pieces gets one label; the last one gets its end; a name cannot forge a line."""
    following = Following(Home(tmp_path), labelled=True)
    following.follower.started(entry(started(), 7, "a\nb"))
    following.follower.started(entry(started(), 8, "c"))
    following.write(b"one\ntw")
    following.follower.pump()
    following.write(b"other\n", run=8)
    following.write(b"o\nthree")
    following.follower.pump()
    following.follower.finished(entry(ended(13)))
    assert following.follower.shown(7)
    text = following.read(following.out).decode()
    following.close()
    assert sorted(text.splitlines()) == ["a\\nb | one", "a\\nb | three", "a\\nb | two", "c | other"]


def test_a_line_without_end_is_broken_where_lines_are_labelled(tmp_path: Path) -> None:
    """A gigabyte without a line end is not held back in memory."""
    following = Following(Home(tmp_path), labelled=True)
    following.follower.started(entry(started(), 7, "a"))
    following.write(b"x" * 500_000)
    received = b""
    for _ in range(200):
        following.follower.pump()
        received += following.read(following.out)
    following.close()
    assert received.count(b"x") > 400_000
    assert max(map(len, received.split(b"\n"))) < 200_000


def test_a_reader_that_left_is_a_problem_of_its_own() -> None:
    """What comes after is dropped; the cause is kept."""
    read_fd, write_fd = os.pipe()
    os.close(read_fd)
    sink = Sink(write_fd)
    assert sink.put(b"x")
    assert isinstance(sink.problem, BrokenPipeError)
    assert sink.put(b"y" * 1_000_000)
    os.close(write_fd)


def test_a_closed_stream_is_a_problem_of_its_own() -> None:
    """A stream that the caller has closed takes nothing, and stops nothing."""
    read_fd, write_fd = os.pipe()
    os.close(read_fd)
    os.close(write_fd)
    sink = Sink(write_fd)
    assert sink.problem is not None
    assert sink.put(b"x")


@pytest.mark.parametrize(
    ("stream", "together", "said"),
    [
        ("stderr", False, b"no end\n"),
        ("stderr", True, b"no end\n"),
        ("stdout", True, b"no end\n"),
        ("stdout", False, b"no end"),
    ],
)
def test_our_own_words_begin_on_a_line_of_their_own(
    tmp_path: Path, stream: str, together: bool, said: bytes
) -> None:
    """A last line without an end is ended where words on standard error follow it, and left as it is elsewhere."""
    home, selector = Home(tmp_path), selectors.DefaultSelector()
    (out_end, out), (err_end, err) = os.pipe(), os.pipe()
    if together:
        os.dup2(err, out)
    follower = OutputFollower(home, selector, out, err)
    path = home.output(7, 1, STARTED, stream)
    path.parent.mkdir(parents=True)
    path.write_bytes(b"no end")
    follower.started(entry(started()))
    follower.finished(entry(ended(*((6, 0) if stream == "stdout" else (0, 6)))))
    follower.pump()
    assert follower.shown(7)
    follower.end_line()
    follower.end_line()
    follower.close()
    for fd in (out, err):
        os.close(fd)
    shown = {fd: os.read(fd, 100) for fd in (out_end, err_end)}
    assert shown[err_end if together or stream == "stderr" else out_end] == said
    assert b"".join(shown.values()) == said
    for fd in (out_end, err_end):
        os.close(fd)
