from __future__ import annotations

import hashlib
import subprocess

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scheduler.command import command_argv, command_digest, needs_shell
from scheduler.definition import JobDefinition
from tests.support.examples import examples


@pytest.mark.parametrize(("command", "argv"), [
    ("backup", ["backup"]),
    ("/usr/bin/backup --all -v", ["/usr/bin/backup", "--all", "-v"]),
    ("  a \t b  ", ["a", "b"]),
    ("dd if=/dev/zero of=x bs=1M", ["dd", "if=/dev/zero", "of=x", "bs=1M"]),
    ("date +%s", ["date", "+%s"]),
    ("rsync -a host:/x ./y,z@1", ["rsync", "-a", "host:/x", "./y,z@1"]),
    ('echo "hello world"', ["echo", "hello world"]),
    ("echo 'a $b `c` \\ *'", ["echo", "a $b `c` \\ *"]),
    ("echo --x='a b'\"c d\"e", ["echo", "--x=a bc de"]),
    ('echo ""', ["echo", ""]),
    ("true", ["true"]),
    ("test -f /x", ["test", "-f", "/x"]),
    ("./cd x", ["./cd", "x"]),
])  # fmt: skip
def test_plain_words_run_directly(command: str, argv: list[str]) -> None:
    """A command that every shell splits the same way needs none."""
    assert not needs_shell(command)
    assert command_argv(JobDefinition(name="a", command=command, shell=False)) == argv


@pytest.mark.parametrize("command", [
    "a | b", "a && b", "a & b", "a; b", "a > x", "a < x", "(a)", "$HOME/x", "a $X", "a `b`", "a \\b",
    "a *.log", "a ?", "a [x]", "a #x", "a#b", "~/x", "a ~", "a {x,y}", "a !b", "! a", "a\nb", "a\rb",
    "a ^ b", "X=1 a", "a=b", '"a b" c', "'a' b", 'a "$X"', 'a "`b`"', 'a "\\n"', 'a "!x"', "a 'b", 'a "b',
    "cd /x", "export X", "exit 3", "source x", ". x", ": x", "exec x", "eval x", "set -e", "trap x",
    "umask 7", "ulimit -n 5", "if x", "time x", "wait", "read x", "local x", "déjà", "a\u00a0b", "-x", "%1",
    "+x", "", " ",
])  # fmt: skip
def test_in_doubt_a_shell_is_used(command: str) -> None:
    """Anything that a shell might read otherwise than word by word is given to one."""
    assert needs_shell(command)
    assert command_argv(JobDefinition(name="a", command=command, shell=True)) == ["/bin/sh", "-c", command]


PIECES = st.sampled_from(
    [
        "a",
        "b/c",
        "-x",
        "--y=1",
        " ",
        "  ",
        "\t",
        "'",
        '"',
        "'q r'",
        '"s t"',
        "$",
        "*",
        "\\",
        "=",
        "~",
        "#",
        "%d",
        ":",
        "é",
    ]
)


@settings(max_examples=examples(60), deadline=None)
@given(st.lists(PIECES, min_size=1, max_size=8).map("".join))
def test_a_real_shell_splits_plain_words_the_same(command: str) -> None:
    """Whatever runs directly has the arguments that `/bin/sh` would have given it."""
    if needs_shell(command):
        return
    argv = command_argv(JobDefinition(name="a", command=command))
    shown = subprocess.run(
        ["/bin/sh", "-c", f"printf '%s\\0' {command}"],
        capture_output=True,
        check=True,
        env={"LC_ALL": "C.UTF-8"},
    )
    assert shown.stdout.decode().split("\0")[:-1] == argv


def test_a_long_odd_command_is_judged_at_once() -> None:
    """Judging takes one pass, whatever the text."""
    assert needs_shell("a" * 200_000 + "*")
    assert needs_shell("a " * 200_000 + "'")


def test_a_list_is_never_given_to_a_shell() -> None:
    """Arguments in a list are used as they are."""
    assert command_argv(JobDefinition(name="a", command=["echo", "$X"])) == ["echo", "$X"]


def test_digest_is_of_what_is_executed() -> None:
    """Two spellings of the same arguments have one digest; a shell makes another, and so does a registered job."""
    plain = JobDefinition(name="a", command="echo  'x'")
    assert command_digest(plain) == hashlib.sha256(b'["echo","x"]').hexdigest()
    assert command_digest(plain) == command_digest(JobDefinition(name="b", command=["echo", "x"]))
    assert command_digest(plain) != command_digest(JobDefinition(name="a", command="echo  'x'", shell=True))
    names = {command_digest(JobDefinition(name=name)) for name in ("log-cleanup", "cleanup-sessions")}
    assert len(names) == 2


def test_a_registered_job_has_no_arguments() -> None:
    """A job without a command has nothing that could be executed."""
    with pytest.raises(ValueError, match="registered"):
        command_argv(JobDefinition(name="log-cleanup"))
