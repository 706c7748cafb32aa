"""A command that lasts begins once more, as the same process, with what asks for huge pages; nobody else does."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest

from cli import huge_pages
from scheduler.home import Home
from tests.support.command import DEADLINE_S, await_fact, environment
from tests.support.home import LiveHome

PROGRAM = """
import os, sys
import cli.huge_pages, cli.main, cronledger_command

def show():
    with open("/proc/self/environ", "rb") as file:
        # The C library ends each tunable there with a zero byte.
        begun = file.read().split(b"\\0")
    print(b"PYTHONMALLOC=malloc" in begun, any(each.endswith(b"glibc.malloc.hugetlb=1") for each in begun))
    print(os.environ.get("PYTHONMALLOC"), os.environ.get("GLIBC_TUNABLES"), "CRONLEDGER_BEGUN_AGAIN" in os.environ)
    print(os.getpid(), ascii(sys.argv[1:]))
    sys.exit(0)

cli.huge_pages.are_for_who_asks = lambda: True
cli.main.main = show
{more}
cronledger_command.main()
"""
ASKED, NOT_ASKED = "True True", "False False"


def begun(
    *arguments: str | bytes,
    env: Mapping[str, str] | None = None,
    more: str = "",
    options: Sequence[str] = (),
) -> list[str]:
    """What a process of this environment says with which it began, what it has now, and its arguments."""
    plain = {name: value for name, value in environment().items() if name not in huge_pages.ASKING}
    with subprocess.Popen(
        [sys.executable, *options, "-c", PROGRAM.format(more=more), *arguments],
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
    assert begun("--home", "ä b", lasting, b"\xff") == [ASKED, "None None False"]


@pytest.mark.parametrize(
    "decided",
    [
        {"PYTHONMALLOC": "pymalloc"},
        {"PYTHONMALLOC": "malloc"},
        {"PYTHONMALLOC": "debug"},
        {"GLIBC_TUNABLES": "glibc.malloc.hugetlb=0"},
        {"GLIBC_TUNABLES": "glibc.malloc.tcache_count=7"},
    ],
    ids=str,
)
def test_whoever_has_decided_about_memory_is_obeyed(decided: dict[str, str]) -> None:
    """The command goes on as it is, and hands on what it was given."""
    asked, now = begun("serve", env=decided)
    assert asked.endswith("False")
    assert now == f"{decided.get('PYTHONMALLOC')} {decided.get('GLIBC_TUNABLES')} False"


def test_who_looks_for_mistakes_in_memory_finds_them() -> None:
    """Python's development mode stays what it is."""
    assert begun("serve", options=["-X", "dev"]) == [NOT_ASKED, "None None False"]


def test_another_process_that_began_again_is_not_meant() -> None:
    """Its word may be in the environment; then it is not ours, and goes no further."""
    assert begun("serve", env={huge_pages.AGAIN: "1 x"}) == [ASKED, "None None False"]


def test_other_commands_go_on_as_they_are() -> None:
    """To begin once more would cost them more than it gives."""
    assert begun("status") == [NOT_ASKED, "None None False"]


@pytest.mark.parametrize(
    "more",
    [
        "cli.huge_pages.are_for_who_asks = lambda: False",
        "sys.executable = '/nonexistent/python'",
        "sys.executable = '/bin/sh'",
        "sys.executable = None",
        "sys.abiflags = 't'",
    ],
)
def test_without_them_the_command_goes_on(more: str) -> None:
    """Where the system gives none, or refuses to begin once more, or another program would begin."""
    assert begun("serve", more=more) == [NOT_ASKED, "None None False"]


def test_a_variable_without_a_name_is_no_obstacle(monkeypatch: pytest.MonkeyPatch) -> None:
    """The kernel takes it and Python does not: the command goes on as it is."""
    monkeypatch.setattr(huge_pages, "are_for_who_asks", lambda: True)
    huge_pages.begin_with_huge_pages({"": "x"})


def test_the_process_keeps_its_name() -> None:
    """By which the system's own tools find it."""
    more = (
        "open('/proc/self/comm', 'w').write('hänger' if 'CRONLEDGER_BEGUN_AGAIN' not in os.environ else 'x')"
    )
    show = "\nshown = cli.main.main\ncli.main.main = lambda: (print(open('/proc/self/comm').read(), end=''), shown())"
    assert begun("serve", more=more + show)[0] == "hänger"


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


def asks(environ: bytes) -> bool:
    """Whether what a process was started with asks for huge pages, or says anything of it."""
    return any(word in environ for word in (b"PYTHONMALLOC=", b"glibc.malloc", huge_pages.AGAIN.encode()))


def test_what_a_scheduler_starts_does_not_ask(tmp_path: Path) -> None:
    """Jobs, and the programs beside it, have its environment as it was given to it."""
    home = LiveHome(tmp_path)
    home.configure("jobs: {a: {every: 1s, command: env}}\n")
    with home.served():
        home.await_entry("run.finished")
        await_fact(lambda: len(home.collectors()) == 1)
        (collector,) = home.collectors()
        assert not asks(Path(f"/proc/{collector}/environ").read_bytes())
        (first, *_) = sorted(Home(tmp_path).logs.glob("output/*/*.stdout"))
        printed = first.read_bytes()
    assert b"CRONLEDGER_JOB=a" in printed
    assert not asks(printed)
