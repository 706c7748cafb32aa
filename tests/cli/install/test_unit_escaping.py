"""Words and paths in unit files, held against a reading of systemd's own rules and, where it is there, systemd."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cli.install.unit_escaping import Inexpressible, command_line, line, unit_name, word

TEXTS = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), min_size=0, max_size=20)
ODD = [
    "a b",
    "100%",
    "$HOME",
    "${HOME}",
    'quo"te',
    "back\\slash",
    "it's",
    "~",
    "%h",
    "semi ; colon",
    "new\nline",
    "é",
    "-x",
    "",
]


def as_systemd_reads(text: str) -> list[str]:
    """The words of a command line: quotes and escapes, then specifiers, as systemd.service(5) has them."""
    words, at = [], 0
    while at < len(text):
        if text[at] == " ":
            at += 1
            continue
        quoted, raw = text[at] == '"', bytearray()
        at += quoted
        while at < len(text) and text[at] != ('"' if quoted else " "):
            if quoted and text[at] == "\\":
                if text[at + 1] == "x":
                    raw.append(int(text[at + 2 : at + 4], 16))
                    at += 4
                else:
                    raw += text[at + 1].encode()
                    at += 2
            else:
                raw += text[at].encode()
                at += 1
        at += quoted
        found = raw.decode()
        assert "%" not in found.replace("%%", "")
        words.append(found.replace("%%", "%"))
    return words


@given(arguments=st.lists(TEXTS | st.sampled_from(ODD), max_size=4))
def test_each_argument_comes_back_as_it_was(arguments: list[str]) -> None:
    """Nothing is a specifier, a variable, the end of a word or of a line."""
    text = command_line("/opt/a b/%n/$x", arguments)
    assert text.isprintable() or not set(text) & set("\n\r\x1b")
    program, *read = as_systemd_reads(text)
    assert program == "/opt/a b/%n/$x"
    for each in read:
        assert "$" not in each.replace("$$", "")
    assert [each.replace("$$", "$") for each in read] == arguments


@given(text=TEXTS)
def test_a_description_is_one_line(text: str) -> None:
    """A backslash at its end would take in the next line."""
    shown = line(text)
    assert "\n" not in shown
    assert not shown.endswith("\\")


@pytest.mark.parametrize(
    "program", ['/opt/quo"te', "/opt/it's", "/opt/back\\slash", "relative", "/opt/new\nline"]
)
def test_a_program_that_systemd_does_not_start_is_refused(program: str) -> None:
    """By its own rules for the path of a program."""
    with pytest.raises(Inexpressible):
        command_line(program, [])


@pytest.mark.parametrize("text", ["a\0b", "\udcff"])
def test_what_no_unit_file_holds_is_refused(text: str) -> None:
    """A NUL, and what is no text."""
    with pytest.raises(Inexpressible):
        word(text, dollars=False)


def test_names_of_units() -> None:
    """With or without the ending."""
    assert unit_name("jobs-2.service") == "jobs-2"
    for name in ("", "a/b", "..", "-x", "a b", "x" * 300, "a@b"):
        with pytest.raises(Inexpressible):
            unit_name(name)


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="there is no systemd-analyze here")
def test_systemd_itself_takes_what_is_written(tmp_path: Path) -> None:
    """The words of a command and the paths of a setting."""
    unit = tmp_path / "odd.service"
    folder = tmp_path / "a b%c$d"
    command, path = command_line("/bin/echo", ODD), word(str(folder), dollars=False)
    text = f"[Service]\nExecStart={command}\nReadWritePaths={path}\n"
    unit.write_text(text)
    done = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", "--recursive-errors=no", str(unit)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert "odd.service" not in done.stderr
