"""What a reader sees of lines that are printed beside work."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from cli.terminal.line_printer import LinePrinter
from tests.support.command import DEADLINE_S

LINES = 5_001


class Pipe:
    """A pipe of which one end is a stream of the printer, and the other the test's."""

    def __init__(self, *, blocking: bool = True) -> None:
        self.read_fd, write_fd = os.pipe()
        os.set_blocking(write_fd, blocking)
        self.stream = os.fdopen(write_fd, "w")

    def read_on(self) -> tuple[threading.Thread, list[str]]:
        """A thread that reads until the end, and where it puts the lines."""
        lines: list[str] = []

        def read() -> None:
            with os.fdopen(self.read_fd, newline="\n") as reader:
                lines.extend(reader)

        thread = threading.Thread(target=read, daemon=True)
        thread.start()
        return thread, lines


def printed_to(pipe: Pipe, monkeypatch: pytest.MonkeyPatch, **limits: int) -> LinePrinter:
    """A printer whose standard output is the pipe, after all the numbered lines were put."""
    monkeypatch.setattr("sys.stdout", pipe.stream)
    printer = LinePrinter(**limits)
    for line in numbered():
        printer.put(line)
    return printer


def read_to_the_end(pipe: Pipe, printer: LinePrinter, close_s: float) -> list[str]:
    """What a reader gets that begins to read just before the printer is closed."""
    thread, lines = pipe.read_on()
    printer.close(close_s)
    pipe.stream.close()
    thread.join(10)
    return lines


def numbered(count: int = LINES) -> list[str]:
    """So many long lines."""
    return [f"{number} {'x' * 1_000}" for number in range(count)]


def left_out(err: str) -> int:
    """How many lines it says were left out, taken together."""
    return sum(
        int(count.replace(",", ""))
        for count in re.findall(r"^([\d,]+) lines? w\w+ left out", err, re.MULTILINE)
    )


def test_lines_are_printed_though_more_and_more_come(monkeypatch: pytest.MonkeyPatch) -> None:
    """A line waits for others of its burst, but not for the end of a burst that has none."""
    pipe = Pipe()
    monkeypatch.setattr("sys.stdout", pipe.stream)
    printer, stop = LinePrinter(), threading.Event()
    printer.put("first")

    def put_on() -> None:
        while not stop.wait(0.001):
            printer.put("another")

    others = threading.Thread(target=put_on)
    others.start()
    try:
        with os.fdopen(pipe.read_fd, "rb", buffering=0) as reader:
            assert reader.read(6) == b"first\n"
            stop.set()
            others.join()
            printer.put("last")
            rest = b""
            while not rest.endswith(b"last\n"):  # it comes without a close
                rest += reader.read(65_536)
    finally:
        stop.set()
        others.join()
    printer.close()
    pipe.stream.close()


def test_a_printer_never_waits_for_its_reader(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    """Lines that do not fit are counted, the very last ones too; those that fit arrive in order."""
    pipe = Pipe()
    lines = read_to_the_end(pipe, printed_to(pipe, monkeypatch, lines_max=100), 10)
    numbers = [int(line.split()[0]) for line in lines]
    assert numbers == sorted(numbers)
    assert len(numbers) < LINES
    err = capfd.readouterr().err
    assert "left out: nobody read them in time" in err
    assert len(numbers) + left_out(err) == LINES


def test_a_stream_that_does_not_block_loses_nothing(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    """What a slow reader has no room for at once waits for it: every line arrives, whole and in order."""
    pipe = Pipe(blocking=False)
    lines = read_to_the_end(pipe, printed_to(pipe, monkeypatch), 30)
    assert lines == [f"{line}\n" for line in numbered()]
    assert capfd.readouterr().err == ""


def test_closing_does_not_wait_for_who_never_reads(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    """The end comes in the time that it is given; how many lines were left out stands on standard error."""
    # However slow the machine is, what is left of the time is enough to say so.
    monkeypatch.setattr("cli.terminal.line_printer.OF_CLOSING", 0.02)
    pipe = Pipe(blocking=False)
    printer = printed_to(pipe, monkeypatch)
    began_s = time.monotonic()
    printer.close(30.0)
    assert time.monotonic() - began_s < 60
    err = capfd.readouterr().err
    pipe.stream.close()
    thread, lines = pipe.read_on()
    thread.join(10)
    whole = [line for line in lines if line.endswith("\n")]
    assert 0 < len(whole) < LINES
    assert len(whole) + left_out(err) == LINES


def test_a_disk_that_stays_full_is_told_at_the_end(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    """When no line could ever be written, their number and the cause are said."""
    with open("/dev/full", "w") as full:
        monkeypatch.setattr("sys.stdout", full)
        printer = LinePrinter()
        for line in numbered(3):
            printer.put(line)
        printer.close(10)
    assert capfd.readouterr().err == "3 lines were left out: No space left on device\n"


FILLING = """
import resource, sys, threading
from cli.terminal.line_printer import LinePrinter

hard = resource.getrlimit(resource.RLIMIT_FSIZE)[1]
resource.setrlimit(resource.RLIMIT_FSIZE, (1005, hard))
printer, tried = LinePrinter(), threading.Event()
for number in range(100):
    printer.put(f"{number} " + "é" * 50)
printer.put(lambda: tried.set() or "meanwhile", "err")
tried.wait()
printer.put("also lost")
printer.put(lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (hard, hard)) or "room again", "err")
for number in range(5):
    printer.put(f"later {number}")
printer.close(10)
"""
"""A file that takes no more for a while, and stops in the middle of a line."""


@pytest.mark.parametrize("together", [False, True])
def test_lines_go_on_whole_when_there_is_room_again(tmp_path: Path, together: bool) -> None:
    """The line that stopped half-way is completed, nothing is glued to it, and what was left out is counted."""
    path = tmp_path / "out"
    with path.open("ab") as file:
        done = subprocess.run(
            [sys.executable, "-c", FILLING],
            check=True, stdout=file, stderr=file if together else subprocess.PIPE, timeout=DEADLINE_S,
        )  # fmt: skip
    lines = path.read_text().splitlines()
    err = path.read_text() if together else done.stderr.decode()
    shown = [line for line in lines if re.fullmatch("[0-9]+ é{50}", line)]
    assert shown == [f"{number} {'é' * 50}" for number in range(len(shown))]
    assert lines[-5:] == [f"later {number}" for number in range(5)]
    others = [line for line in lines if line not in shown and not line.startswith("later")]
    lost = 100 + 1 - len(shown) + (1 if together else 0)  # together, `meanwhile` is lost too
    assert lost > 0
    assert left_out(err) == lost
    assert re.search(r"left out: File too large$", err, re.MULTILINE)
    assert [line for line in others if "left out" not in line] == (["room again"] if together else [])


def test_a_reader_that_left_ends_the_printing(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without one, lines are dropped, and closing is quick."""
    pipe = Pipe(blocking=False)
    os.close(pipe.read_fd)
    printer = printed_to(pipe, monkeypatch)
    began_s = time.monotonic()
    printer.close(60)
    assert time.monotonic() - began_s < 30
    pipe.stream.close()


def test_a_note_waits_for_no_others(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    """Lines are gathered, notes are not: what a person at the terminal waits for is printed at once."""
    for name in ("_QUIET_S", "_GATHER_MAX_S"):
        monkeypatch.setattr(f"cli.terminal.line_printer.{name}", 10.0 * DEADLINE_S)
    printer, seen, give_up_s = LinePrinter(), "", time.monotonic() + DEADLINE_S
    printer.put("an event")
    printer.put("a note", "err")
    while "a note" not in seen and time.monotonic() < give_up_s:
        time.sleep(0.005)
        seen += capfd.readouterr().err
    assert "a note" in seen
    printer.close()
