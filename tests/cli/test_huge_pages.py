"""A command that lasts begins once more, as the same process, with what asks for huge pages; nobody else does."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cli import huge_pages
from tests.support.command import DEADLINE_S, await_fact, environment, start
from tests.support.home import make_home

PROGRAM = """
import os, sys
import cli.huge_pages, cli.main, cronledger_command

def show():
    with open("/proc/self/environ", "rb") as file:
        # The C library ends each tunable there with a zero byte.
        begun = file.read().split(b"\\0")
    print(b"PYTHONMALLOC=malloc" in begun, any(each.endswith(b"glibc.malloc.hugetlb=1") for each in begun))
    print(os.environ.get("PYTHONMALLOC"), os.environ.get("GLIBC_TUNABLES"))
    print(os.getpid(), ascii(sys.argv[1:]))
    sys.exit(0)

cli.huge_pages.are_for_who_asks = lambda: True
cli.main.main = show
{more}
cronledger_command.main()
"""
ASKED, NOT_ASKED = "True True", "False False"


def begun(*arguments: str | bytes, env: Mapping[str, str] | None = None, more: str = "") -> list[str]:
    """What a process of this environment says with which it began, what it has now, and its arguments."""
    plain = {
        name: value
        for name, value in environment().items()
        if name not in (huge_pages.PYTHON_MEMORY, huge_pages.TUNABLES)
    }
    with subprocess.Popen(
        [sys.executable, "-c", PROGRAM.format(more=more), *arguments],
        stdout=subprocess.PIPE,
        text=True,
        env=plain | dict(env or {}),
    ) as process:
        assert process.stdout is not None
        *variables, last = process.stdout.read().splitlines()
        assert process.wait(DEADLINE_S) == 0
    pid, _, shown = last.partition(" ")
    assert int(pid) == process.pid
    assert shown == ascii([os.fsdecode(each) for each in arguments])
    return variables


@pytest.mark.parametrize("lasting", ["serve", "console"])
def test_a_command_that_lasts_begins_with_them_and_does_not_hand_them_on(lasting: str) -> None:
    """It is the same process with the same arguments, whatever bytes they are."""
    assert begun("--home", "ä b", lasting, b"\xff") == [ASKED, "None None"]


def test_other_tunables_stay() -> None:
    """What the C library was told besides is told again, and handed on as it was."""
    other = "glibc.malloc.tcache_count=7"
    assert begun("serve", env={"GLIBC_TUNABLES": other}) == [ASKED, f"None {other}"]


@pytest.mark.parametrize("memory", ["pymalloc", "malloc", "debug"])
def test_whoever_has_decided_otherwise_is_obeyed(memory: str) -> None:
    """Where Python's memory is settled, the command goes on as it is."""
    asked, now = begun("serve", env={"PYTHONMALLOC": memory})
    assert asked.endswith("False")
    assert now == f"{memory} None"


def test_other_commands_go_on_as_they_are() -> None:
    """To begin once more would cost them more than it gives."""
    assert begun("status") == [NOT_ASKED, "None None"]


@pytest.mark.parametrize(
    "more",
    ["cli.huge_pages.are_for_who_asks = lambda: False", "sys.executable = '/nonexistent/python'"],
)
def test_without_them_the_command_goes_on(more: str) -> None:
    """Where the system gives none, or refuses to begin once more."""
    assert begun("serve", more=more) == [NOT_ASKED, "None None"]


@given(st.lists(st.sampled_from(["glibc.malloc.check=0", "glibc.rtld.nns=4"]), unique=True), st.booleans())
def test_what_asks_can_be_taken_away_again(others: list[str], has_home: bool) -> None:
    """Nothing else in the environment changes."""
    before = {"HOME": "/root"} if has_home else {}
    if others:
        before["GLIBC_TUNABLES"] = ":".join(others)
    after = huge_pages.asking(before)
    assert not huge_pages.is_asked_for(before)
    assert huge_pages.is_asked_for(after)
    huge_pages.take_away(after)
    assert after == before


@pytest.mark.parametrize(
    ("policy", "library", "are"),
    [
        ("always [madvise] never\n", "glibc 2.35", True),
        ("always [madvise] never\n", "glibc 2.41.9000", True),
        ("always [madvise] never\n", "glibc 2.34", False),
        ("always [madvise] never\n", "other 3", False),
        ("always [madvise] never\n", "glibc x", False),
        ("always [madvise] never\n", None, False),
        ("[always] madvise never\n", "glibc 2.36", False),
        ("always madvise [never]\n", "glibc 2.36", False),
        (None, "glibc 2.36", False),
    ],
)
def test_who_gets_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, policy: str | None, library: str | None, are: bool
) -> None:
    """The kernel gives them to those who ask, and the C library knows how to."""
    if policy is not None:
        (tmp_path / "enabled").write_text(policy)
    monkeypatch.setattr(os, "confstr", lambda name: library)
    assert huge_pages.are_for_who_asks(tmp_path / "enabled") is are


def test_another_c_library_has_no_version(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where its name is not known at all, nothing is asked for."""

    def unknown(name: str) -> str:
        raise ValueError(name)

    (tmp_path / "enabled").write_text("always [madvise] never\n")
    monkeypatch.setattr(os, "confstr", unknown)
    assert not huge_pages.are_for_who_asks(tmp_path / "enabled")


def children_ask(pid: int) -> list[bool]:
    """Of each program that a process has started and that lasts: whether it was started with what asks."""
    asked = []
    for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split():
        try:
            environ = Path(f"/proc/{child}/environ").read_bytes()
        except (FileNotFoundError, ProcessLookupError):
            continue
        asked.append(b"PYTHONMALLOC=" in environ or b"glibc.malloc" in environ)
    return asked


def test_what_a_scheduler_starts_does_not_ask(tmp_path: Path) -> None:
    """The programs beside a scheduler have its environment as it was given to it."""
    make_home(tmp_path / "home")
    with start("serve", home=tmp_path / "home") as serving:
        try:
            assert serving.stderr is not None
            assert any(line.startswith(b"Serving") for line in serving.stderr)
            # Until it executes its own program, a child shows the environment of who started it.
            await_fact(lambda: bool(asked := children_ask(serving.pid)) and not any(asked))
        finally:
            serving.send_signal(signal.SIGTERM)
            serving.communicate(timeout=DEADLINE_S)
