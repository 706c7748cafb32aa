"""Sentences at a terminal: where their lines end."""

from __future__ import annotations

import re
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from cli.app.invocation import show_commands
from cli.playbooks.pages import names, playbook, rendered
from cli.terminal.console import fitted, note, tell, width
from cli.terminal.display_width import display_width
from cli.terminal.wrapping import wrapped
from cli.words.entry_lines import EventLines
from scheduler.home import Home
from tests.cli.words.sentences import READS
from tests.support.command import Screen, call
from tests.support.home import CONFIG, make_home

STYLES = re.compile(r"\x1b\[[0-9;]*m")
WORDS = st.lists(st.text("abcäß日/-.,", min_size=1, max_size=9), min_size=1, max_size=40)


@pytest.fixture(autouse=True)
def _eighty_columns(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.delenv("NO_COLOR", raising=False)


@given(words=WORDS, columns=st.integers(20, 100), hang=st.integers(0, 30))
@example(words=["aaa", "aaaa", "aaaaaa日日日"], columns=20, hang=9)
def test_lines_end_between_words_and_none_is_too_long(words: list[str], columns: int, hang: int) -> None:
    """Whatever the words and the width: the same words in order, on lines that fit, each as full as it can be."""
    lines = wrapped(" ".join(words), columns, hang)
    margin = min(hang, columns // 2)
    assert [word for line in lines for word in line.split()] == words
    for number, line in enumerate(lines):
        assert display_width(line) <= columns or display_width(line.split()[-1]) > columns - margin
        assert number == 0 or line[:margin].isspace() or margin == 0
    for line, following in pairwise(lines):
        assert display_width(line) + 1 + display_width(following.split()[0]) > columns


@pytest.mark.parametrize("columns", range(20, 90))
@pytest.mark.parametrize(
    "whole",
    [
        "`cronledger jobs history --job nightly`",
        "2026-11-23 02:30:00 +01:00",
        "2026-11-23 02:30:00 UTC",
        "[entries 11, 12]",
        "entry 64",
        "3.1 s",
    ],
)
def test_what_is_one_thing_is_never_broken(columns: int, whole: str) -> None:
    """Commands to be copied always, instants and numbers with what they count wherever there is room for them."""
    text = f"Some words come before it, {whole}, and some words come after it."
    lines = wrapped(text, columns, 4)
    if len(whole) + len(",") <= columns - 4 or "`" in whole:
        assert any(whole in line for line in lines)
    else:
        assert max(map(len, lines)) <= columns


def test_colours_take_no_room() -> None:
    """A coloured sentence is broken where a bare one is."""
    bare = "run 41 of nightly failed with exit code 3 after quite a while, as it often does"
    coloured = bare.replace("nightly", "\x1b[1mnightly\x1b[0m").replace("failed", "\x1b[31mfailed\x1b[0m")
    assert [STYLES.sub("", line) for line in wrapped(coloured, 40)] == wrapped(bare, 40)


def test_blanks_that_align_are_kept_and_a_path_stays_beside_its_label() -> None:
    """Columns within a line stay; what fits on no line is not put on another one in vain."""
    assert wrapped("   a    b  c", 80) == ["   a    b  c"]
    path = "/a" * 60
    assert wrapped(f"config:  {path} is there", 80, 9) == [f"config:  {path}", "         is there"]


def test_a_terminal_gets_lines_and_a_pipe_gets_the_sentence(capsys: pytest.CaptureFixture[str]) -> None:
    """Nothing is wrapped for programs that read lines."""
    text = "many words " * 20
    assert max(map(len, fitted(text, Screen()).splitlines())) <= 80
    tell(text)
    note(text)
    said = capsys.readouterr()
    assert (said.out, said.err) == (f"{text}\n", f"{text}\n")


def test_the_width_is_that_of_the_stream_or_else_eighty(monkeypatch: pytest.MonkeyPatch) -> None:
    """COLUMNS decides where it is set; where nothing is known, 80 do."""
    assert width(Screen()) == 80
    monkeypatch.setenv("COLUMNS", "44")
    assert width(Screen()) == width() == 44
    monkeypatch.delenv("COLUMNS")
    assert width(Screen()) == 80


def _screen(monkeypatch: pytest.MonkeyPatch) -> Screen:
    screen = Screen()
    monkeypatch.setattr("sys.stdout", screen)
    return screen


def test_event_lines_hang_below_their_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    """At 80 columns each entry fits, the date stands there once, and what goes on stands below the sentence."""
    _screen(monkeypatch)
    lines = EventLines("Europe/Paris", numbered=True)
    shown = [STYLES.sub("", lines.of(entry)) for entry, _ in READS]
    assert sum("times in Europe/Paris" in text for text in shown) == 1
    for text, (entry, reads) in zip(shown, READS, strict=True):
        told = text.splitlines()[-len(text.splitlines()) + text.startswith("2026") :]
        assert max(map(display_width, told)) <= 80, entry.type
        assert all(line.startswith(" " * 26) and line[26] != " " for line in told[1:])
        assert " ".join(" ".join(told).split()).endswith(" ".join(reads.split()))


def test_commands_are_listed_beside_or_above_what_they_do(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where there is no room beside a command, its meaning stands below it; the command is one line either way."""
    screen = _screen(monkeypatch)
    show_commands([("cronledger serve", "starts it"), ("cronledger check", "checks it")])
    show_commands([(f"cronledger --home /{'x' * 70} serve", "starts the scheduler")])
    assert screen.getvalue().splitlines() == [
        "  cronledger serve    starts it",
        "  cronledger check    checks it",
        f"  cronledger --home /{'x' * 70} serve",
        "      starts the scheduler",
    ]


def _at_terminal(home: Home, *arguments: str) -> list[str]:
    answer = call(*arguments, home=home.root, terminal=True)
    return STYLES.sub("", answer.out).splitlines()


def test_no_line_of_an_everyday_command_is_wider_than_the_terminal(tmp_path: Path) -> None:
    """At 80 columns what operators look at most fits, long names, reasons and sentences included."""
    name = "nightly-database-backup"
    home = make_home(tmp_path / "home", CONFIG.replace("nightly:", f"{name}:"))
    assert call("jobs", "disable", name, "--reason", "words " * 30, home=home.root).code == 0
    assert call("jobs", "run", name, home=home.root).code == 0
    commands = (
        ["jobs", "list"], ["jobs", "show", name], ["jobs", "history"], ["jobs", "next"], ["jobs", "why", name],
        ["ledger", "tail"], ["playbooks", "list"],
    )  # fmt: skip
    for command in commands:
        lines = _at_terminal(home, *command)
        assert max(map(display_width, lines)) <= 80, command
    for command in (["jobs", "list"], ["jobs", "history"]):
        assert any(name in line for line in _at_terminal(home, *command)), "the name is not broken"


def test_a_hint_hangs_below_the_message() -> None:
    """An error and what to do about it are wrapped below their beginnings, and the command in it is whole."""
    from cli.app.failures import Failure, say

    screen = Screen()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("sys.stderr", screen)
        say(
            Failure(
                "what happened " * 10, "do this: `cronledger jobs history --job nightly`, and then that " * 3
            )
        )
    lines = STYLES.sub("", screen.getvalue()).splitlines()
    assert lines[0].startswith("error: what happened")
    assert all(line.startswith("       ") for line in lines[1:])
    assert max(map(len, lines)) <= 80
    assert screen.getvalue().count("`cronledger jobs history --job nightly`") == 3


@pytest.mark.parametrize("name", names())
@pytest.mark.parametrize("columns", [60, 80])
def test_a_playbook_breaks_no_command(name: str, columns: int) -> None:
    """What stands between backticks, or after a $, is on one line."""
    page = playbook(name)
    shown = rendered(page, columns, colour=False, unicode=True).splitlines()
    for code in re.findall("`([^`\n]+)`", page.text):
        assert any(f"`{code}`" in line for line in shown), code
    for command in re.findall(r"^(\$ .*)$", page.text, flags=re.MULTILINE):
        assert f"    {command}" in shown
    prose = [line for line in shown if not line.startswith("    $ ")]
    assert max(map(display_width, prose)) <= columns


def test_a_list_of_playbooks_has_what_each_is_about_below_its_title(tmp_path: Path) -> None:
    """At 80 columns nothing is squeezed: no line of it has fewer than half of the words it could have."""
    lines = _at_terminal(make_home(tmp_path), "playbooks", "list")
    assert len(lines) <= 1 + 3 * len(names()) + len(names())
    assert any(line.startswith("cli_jobs") and "Managing jobs" in line for line in lines)
