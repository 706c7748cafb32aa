from __future__ import annotations

import io
import os
import pty
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stdout
from pathlib import Path

import pytest

from cli.main import main
from cli.terminal import progress as room
from cli.terminal.progress import progress
from eventstore.verify import Progress, verify
from eventstore.verify_report import VerifyReport
from scheduler import vocabulary as v
from tests.support.command import COMMAND, Screen
from tests.support.home import make_home, record


@contextmanager
def standard_error(stream: io.StringIO, monkeypatch: pytest.MonkeyPatch) -> Iterator[io.StringIO]:
    """Put a stream in the place of standard error, and show progress at once."""
    monkeypatch.setattr(sys, "stderr", stream)
    monkeypatch.setattr(room, "DELAY_S", 0.0)
    monkeypatch.setenv("TERM", "xterm")
    yield stream


def appear() -> None:
    """Wait until the line has been drawn for the first time."""
    for thread in threading.enumerate():
        if isinstance(thread, threading.Timer):
            thread.join(30)


@pytest.mark.parametrize("total", [None, 10])
def test_a_person_who_watches_sees_what_is_being_done(
    total: int | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With what there is to do and without, the label is there; and in the end the line is taken away."""
    with standard_error(Screen(), monkeypatch) as screen:
        with progress("rebuilding", total) as seen:
            appear()
            seen.update(5, label="rebuilding, half of it")
        said = screen.getvalue()
    assert "rebuilding" in said
    assert ("50%" in said) == (total is not None)
    assert said.endswith("\x1b[2K"), "the last thing that happens is that the line is erased"


def test_in_a_pipe_there_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    """Not a byte, and no thread."""
    with standard_error(io.StringIO(), monkeypatch) as pipe:
        before = threading.active_count()
        with progress("rebuilding", 10) as seen:
            seen.update(5)
            assert threading.active_count() == before
        assert pipe.getvalue() == ""


def test_it_can_be_switched_off(monkeypatch: pytest.MonkeyPatch) -> None:
    """As with --json, whoever watches."""
    with standard_error(Screen(), monkeypatch) as screen:
        with progress("rebuilding", 10, shown=False) as seen:
            seen.update(5)
        assert screen.getvalue() == ""


def test_what_is_quickly_done_is_done_without_a_word(monkeypatch: pytest.MonkeyPatch) -> None:
    """Before the delay is over nothing is drawn, and nothing comes later."""
    with standard_error(Screen(), monkeypatch) as screen:
        monkeypatch.setattr(room, "DELAY_S", 3_600.0)
        with progress("verifying", 10) as seen:
            seen.update(10)
        appear()
        assert screen.getvalue() == ""


def test_work_that_fails_leaves_no_line_behind(monkeypatch: pytest.MonkeyPatch) -> None:
    """The error comes through, after the line was erased."""

    def fails() -> None:
        with progress("rebuilding"):
            appear()
            raise ZeroDivisionError

    with standard_error(Screen(), monkeypatch) as screen:
        with pytest.raises(ZeroDivisionError):
            fails()
        assert screen.getvalue().endswith("\x1b[2K")


def test_a_long_verification_shows_how_far_it_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Entries and a percentage of the bytes, on standard error; with --json nothing."""
    home = make_home(tmp_path / "home")
    record(home, v.event(v.SchedulerStopped(reason="test"), v.SCHEDULER))

    def slowly(folder: Path, *, progress: Progress, **_: object) -> VerifyReport:
        appear()
        size = sum(path.stat().st_size for path in folder.glob("*.jsonl"))
        progress(12_000, size // 2)
        return verify(folder)

    monkeypatch.setattr("scheduler.evidence.verification.verification.verify", slowly)
    with standard_error(Screen(), monkeypatch) as screen, redirect_stdout(io.StringIO()) as out:
        for option in ([], ["--json"]):
            said = len(screen.getvalue())
            monkeypatch.setattr(
                sys, "argv", ["cronledger", "--home", str(home.root), "ledger", "verify", *option]
            )
            with pytest.raises(SystemExit):
                main()
            drawn = screen.getvalue()[said:]
            assert ("verifying, 12,000 entries" in drawn) == (not option)
    assert "consistent: every entry" in out.getvalue()


@pytest.mark.real
def test_verifying_at_a_terminal_ends_with_the_verdict_alone(tmp_path: Path) -> None:
    """Standard error is a real terminal: whatever was drawn there, standard output is the same as in a pipe."""
    home = make_home(tmp_path / "home")
    record(home, v.event(v.SchedulerStopped(reason="test"), v.SCHEDULER))
    master, slave = pty.openpty()
    try:
        watched = subprocess.run(
            [COMMAND, "ledger", "verify"], cwd=home.root, stdout=subprocess.PIPE, stderr=slave, check=True
        )
    finally:
        os.close(slave)
        os.close(master)
    piped = subprocess.run([COMMAND, "ledger", "verify"], cwd=home.root, capture_output=True, check=True)
    assert watched.stdout == piped.stdout
    assert piped.stderr == b""
