from __future__ import annotations

import os
import pwd
import re
from collections.abc import Callable
from pathlib import Path

import pytest

from scheduler.definition import Limits
from scheduler.processes import LaunchFailed, live_attempts
from scheduler.processes.confinement.confinement import Confinement
from tests.scheduler.processes.conftest import Runs


def _file(path: Path, content: bytes, mode: int = 0o755) -> str:
    path.write_bytes(content)
    path.chmod(mode)
    return str(path)


def _dangling(path: Path) -> str:
    path.symlink_to("nowhere")
    return str(path)


CASES: dict[str, tuple[Callable[[Path], str], int, str]] = {
    "missing path": (lambda work: str(work / "none"), 127, "program not found"),
    "missing name": (lambda work: "crontabz", 127, "program not found: no 'crontabz' in its PATH"),
    "misspelt name": (lambda work: "slepe", 127, r"did you mean 'sleep'\?"),
    "user in front": (lambda work: pwd.getpwuid(0).pw_name, 127, "is a user: a command has no user in front"),
    "empty name": (lambda work: "", 127, "names no program"),
    "folder": (str, 126, "it is a folder"),
    "not executable": (lambda work: _file(work / "x", b"#!/bin/sh\n", 0o644), 126, r"chmod \+x"),
    "dangling link": (lambda work: _dangling(work / "x"), 127, "leads nowhere"),
    "missing interpreter": (lambda work: _file(work / "x", b"#!/usr/bin/pyhton\n"), 127, "'/usr/bin/pyhton'"),
    "windows line end": (lambda work: _file(work / "x", b"#!/bin/sh\r\n"), 127, "as on Windows"),
    "other machine": (lambda work: _file(work / "x", b"\x7fELF\0\0junk"), 126, "for this machine"),
    "below a file": (lambda work: _file(work / "x", b"") + "/y", 127, "program not found"),
    "nul byte": (lambda work: "/bin/ec\0ho", 126, "null"),
    "device": (lambda work: "/dev/null", 126, "no regular file"),
}


@pytest.mark.parametrize("case", CASES)
def test_program_that_cannot_start(runs: Runs, case: str) -> None:
    """Each way in which a program cannot start has its reason in words, a shell's exit code, and leaves nothing."""
    make, exit_code, words = CASES[case]
    with pytest.raises(LaunchFailed, match=words) as failure:
        runs.launch(5, [make(runs.work)])
    assert failure.value.exit_code == exit_code
    assert not runs.output(5).exists()
    assert not runs.output(5, "stderr").exists()
    assert list(live_attempts(runs.ledger_id)) == []
    assert not runs.spawner.wait(0)


@pytest.mark.parametrize("case", CASES)
def test_program_that_cannot_start_under_limits(runs: Runs, case: str) -> None:
    """It is told as without limits: at once, or when the process ends that should have become the program."""
    make, exit_code, words = CASES[case]
    failure: LaunchFailed | None = None
    try:
        runs.confined(5, [make(runs.work)], Confinement(Limits(nice=1)))
        ended = runs.exit()
        failure = ended.refusal
        assert ended.exit_code == exit_code
    except LaunchFailed as refused:
        failure = refused
    assert failure is not None
    assert failure.exit_code == exit_code
    assert re.search(words, str(failure))
    assert list(live_attempts(runs.ledger_id)) == []
    assert runs.output(5, "stderr").read_text() == "" if runs.output(5, "stderr").exists() else True


def test_no_command(runs: Runs) -> None:
    """A command without any word is refused."""
    with pytest.raises(LaunchFailed, match="names no program"):
        runs.launch(5, [])


def test_name_on_path_that_is_not_executable(runs: Runs) -> None:
    """A file on PATH that nobody made executable is named, not called missing."""
    _file(runs.work / "tool", b"#!/bin/sh\n", 0o644)
    with pytest.raises(LaunchFailed, match=r"tool: it is not executable \(chmod") as failure:
        runs.launch(5, ["tool"], env={"PATH": f"{runs.work}:/usr/bin"})
    assert failure.value.exit_code == 126


def test_folder_on_path_is_passed_over(runs: Runs) -> None:
    """A folder of the program's name earlier on PATH does not hide the program."""
    (runs.work / "true").mkdir()
    runs.launch(5, ["true"], env={"PATH": f"{runs.work}:/usr/bin:/bin"})
    assert runs.exit().exit_code == 0


def test_missing_working_directory(runs: Runs) -> None:
    """A missing working directory is what is named, and the scheduler stays where it was."""
    here = os.getcwd()
    with pytest.raises(
        LaunchFailed, match=r"cannot start in the working directory .*gone: No such file"
    ) as failure:
        runs.launch(5, ["true"], work=runs.folder / "gone")
    assert failure.value.exit_code == 126
    assert os.getcwd() == here


def test_output_folder_is_a_file(runs: Runs) -> None:
    """Output that cannot be written is what is named."""
    (runs.folder / "logs").write_text("in the way")
    with pytest.raises(LaunchFailed, match=r"cannot write the output file .*5-1.stdout"):
        runs.launch(5, ["true"])


@pytest.mark.parametrize("stream", ["stdout", "stderr"])
@pytest.mark.parametrize("kind", ["link", "dangling link", "text", "nothing", "pipe", "folder"])
def test_something_stands_where_output_should_go(runs: Runs, kind: str, stream: str) -> None:
    """What stands under an output file's name is neither opened nor altered: the run does not start, and says why."""
    place, victim = runs.output(5, stream), runs.folder / "victim"
    place.parent.mkdir(parents=True)
    if kind == "link":
        victim.touch()
    if kind.endswith("link"):
        place.symlink_to(victim)
    elif kind == "pipe":
        os.mkfifo(place)
    elif kind == "folder":
        place.mkdir()
    else:
        place.write_text("planted" if kind == "text" else "")
    before = place.lstat()
    words = "symbolic link" if kind.endswith("link") else "something that this run did not write"
    with pytest.raises(
        LaunchFailed, match=rf"output file .*5-1.{stream}: .*{words}.* stands there"
    ) as failure:
        runs.launch(5, ["echo", "hello"])
    assert failure.value.exit_code == 126
    assert os.listdir(place.parent) == [place.name]
    after = place.lstat()
    assert (before.st_ino, before.st_size, before.st_mtime_ns) == (
        after.st_ino,
        after.st_size,
        after.st_mtime_ns,
    )
    assert victim.exists() == (kind == "link")


def test_arguments_too_long(runs: Runs) -> None:
    """A command line that the kernel refuses is called too long."""
    with pytest.raises(LaunchFailed, match="longer than the kernel accepts"):
        runs.launch(5, ["true", "x" * (1 << 20)])


def test_impossible_variable(runs: Runs) -> None:
    """A variable whose name no environment can hold is refused in words."""
    with pytest.raises(LaunchFailed, match=r"cannot start .*environment variable"):
        runs.launch(5, ["/bin/true"], env={"A=B": "x"})


def test_no_value_of_the_environment_is_told(runs: Runs) -> None:
    """However a program found on PATH fails, the folder of it, which is a value of the environment, is not told."""
    secret = runs.work / "s3cret"
    secret.mkdir()
    _file(secret / "plain", b"#!/bin/sh\n", 0o644)
    _file(secret / "lost", b"#!/nowhere/sh\n")
    _file(secret / "junk", b"\x7fELF\0\0junk")
    for name in ("none", "plain", "lost", "junk"):
        with pytest.raises(LaunchFailed, match=name) as failure:
            runs.launch(5, [name], env={"PATH": f"{secret}"})
        assert "s3cret" not in str(failure.value)


def test_long_names_make_no_long_messages(runs: Runs) -> None:
    """A message is bounded, whatever the length of the names in it."""
    for argv, path in (
        (["x" * 70_000], "/bin"),
        ([f"/{'x/' * 40_000}y"], "/bin"),
        (["nosuch"], "/x" * 40_000),
    ):
        with pytest.raises(LaunchFailed) as failure:
            runs.launch(5, argv, env={"PATH": path})
        assert len(str(failure.value)) <= 500
