"""Whatever a help says, its roff shows just that."""

from __future__ import annotations

import re
import shutil
import subprocess

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from cli.manual.roff import bold, literal, paragraph, quoted, text
from tests.support.command import DEADLINE_S
from tests.support.examples import examples

TRAPS = st.sampled_from(
    [".SH X", "'br", "\\fB", "\\", "--dry-run", "\\&.", '"', "~/x", "^`'", "naïve 日本 😀", "\u2028"]
)
WORDS = st.lists(TRAPS | st.text(max_size=8), max_size=6).map(" ".join)
NAMED = {"rs": "\\", "aq": "'", "ga": "`", "ha": "^", "ti": "~", "dq": '"'}


def shown(roff: str) -> str:
    """What a reader of roff shows of a text line, by the rules of its escapes alone."""
    assert not roff.startswith((".", "'")), "it would be a request"

    def meant(escape: re.Match[str]) -> str:
        if escape["code"]:
            return chr(int(escape["code"], 16))
        if escape["named"]:
            return NAMED[escape["named"]]
        return {"-": "-", "&": ""}[escape["one"]]

    rest = re.sub(r"\\(?:\[u(?P<code>[0-9A-F]{4,6})\]|\((?P<named>..)|(?P<one>[-&]))", meant, roff)
    assert not re.search(r"(?<!\\)[\"'`^~]|(?<!\\)-", re.sub(r"\\\(..|\\\[u[0-9A-F]+\]|\\[-&]", "", roff))
    return rest


def said(words: str) -> str:
    """What is to be shown of words: printable, with single spaces."""
    return " ".join("".join(each if each.isprintable() else " " for each in words).split())


@settings(max_examples=examples(15))
@given(WORDS)
@example("\x1b .SH X")
@example(" 'br")
def test_each_character_is_shown_as_it_was(words: str) -> None:
    """At the beginning of a line, within one, and in an argument; the roff itself is ASCII, on one line."""
    for made in (paragraph(words), bold("x" + words), quoted("x" + words)):
        assert made.isascii()
        assert "\n" not in made
    assert shown(paragraph(words)) == said(words)
    assert shown("x" + text(words)) == "x" + said(words)


@settings(max_examples=examples(10))
@given(st.text(max_size=20))
def test_the_spaces_of_an_example_stay(line: str) -> None:
    """Only those at its end go, and what cannot be printed becomes one."""
    plain = "".join(each if each.isprintable() else " " for each in line.expandtabs()).rstrip()
    assert shown(literal(line)) == plain


@pytest.mark.skipif(shutil.which("groff") is None, reason="this machine has no groff to read the pages")
def test_groff_shows_the_traps_as_they_are() -> None:
    """The rules of the escapes are those of the program that people have."""
    words = '.SH \'br \\fB \\(aq --dry-run "q" ~/x ^`'
    page = f".TH X 1\n.nh\n.SH {text('Y')}\n{paragraph(words)}\n.nf\n{literal('.  two')}\n"
    done = subprocess.run(
        ["groff", "-man", "-Tascii", "-P-c", "-ww"],
        input=page.encode(),
        capture_output=True,
        check=True,
        timeout=DEADLINE_S,
    )
    assert done.stderr == b""
    assert [line.strip() for line in done.stdout.decode().splitlines() if line.startswith("       ")][:2] == [
        words,
        ".  two",
    ]
