from __future__ import annotations

import os
import pty
import subprocess
import tty
from pathlib import Path

import pytest

from cli.terminal.job_output import ShownOutput, shown_output
from tests.support.command import COMMAND
from tests.support.output import HandWritten

HOSTILE = (
    b"title \x1b]0;owned\x07 clip \x1b]52;c;bWFsbG9yeQ==\x1b\\ clear \x1b[2J\x1b[H over\rwritten back\x08 "
    b"c1 \xc2\x9b31m bidi \xe2\x80\xae reversed \xe2\x81\xa6 tag \xf3\xa0\x81\x81 half \xff\xe2\x82\n"
)
OBEYED = (
    b"\x1b",
    b"\x07",
    b"\r",
    b"\x08",
    b"\xc2\x9b",
    b"\xe2\x80\xae",
    b"\xe2\x81\xa6",
    b"\xf3\xa0\x81\x81",
)


def shown(*chunks: bytes, encoding: str = "utf-8") -> bytes:
    """What a terminal gets of chunks that came one after another."""
    output = ShownOutput(encoding)
    return b"".join(map(output.shown, chunks)) + output.shown(b"", last=True)


def test_nothing_that_a_terminal_obeys_gets_through() -> None:
    """Not whole, and not in pieces: each such character is escaped, and what is no text too."""
    whole = shown(HOSTILE)
    assert shown(*(HOSTILE[at : at + 1] for at in range(len(HOSTILE)))) == whole
    assert not [sign for sign in OBEYED if sign in whole]
    assert b"\\x1b]0;owned\\x07" in whole
    assert b"over\\rwritten" in whole
    assert whole.endswith(b"half \\xff\\xe2\\x82\n")


def test_text_is_as_it_was() -> None:
    """Letters of any script, blanks of any width, emoji that are joined, tabs and both kinds of line ends."""
    text = "a\tb\r\nça va : 10\u00a0000\u202f€ 東京 \U0001f469\u200d\U0001f4bb\n\n".encode()
    assert shown(text) == text
    assert shown(*(text[at : at + 1] for at in range(len(text)))) == text


def test_what_a_terminal_lacks_is_escaped() -> None:
    """Where its encoding has no such character."""
    assert shown("10 €\n".encode(), encoding="ascii") == b"10 \\u20ac\n"


def test_a_pipe_and_who_asks_for_it_get_the_bytes() -> None:
    """Only a terminal obeys, and a person may want that."""
    reading, writing = os.pipe()
    master, slave = pty.openpty()
    try:
        assert shown_output(writing, raw=False) is None
        assert shown_output(slave, raw=True) is None
        assert shown_output(slave, raw=False) is not None
    finally:
        for fd in (reading, writing, master, slave):
            os.close(fd)


@pytest.mark.real
def test_logs_show_escapes_at_a_terminal_unless_asked_for_raw(tmp_path: Path) -> None:
    """What a run printed reaches a real terminal without its orders, a pipe and `--raw` with every byte."""
    home = HandWritten(tmp_path / "home")
    run = home.begin()
    home.put(run, HOSTILE)
    home.end(run)
    home.close()

    def at_terminal(*options: str) -> bytes:
        master, slave = pty.openpty()
        try:
            tty.setraw(slave)
            command = [COMMAND, "logs", "show", str(run), *options]
            subprocess.run(command, cwd=home.home.root, stdout=slave, stderr=subprocess.PIPE, check=True)
            return os.read(master, 1 << 16)
        finally:
            os.close(slave)
            os.close(master)

    assert at_terminal() == shown(HOSTILE)
    assert at_terminal("--raw") == HOSTILE
