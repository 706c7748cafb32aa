"""Completion in the shells themselves, as somebody has it who presses Tab; a shell that is not there is left out."""

from __future__ import annotations

import os
import re
import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pexpect
import pytest

from tests.shifted_dates import same_date
from tests.support.command import DEADLINE_S, call

CONFIG = "jobs:\n  nightly-report: {on_demand: true, command: 'true'}\n"
BIN = str(Path(sys.executable).parent)


def prepared(shell: str, folder: Path) -> list[str]:
    """Install the script as its first lines say, and say how the shell is started."""
    script = call("completion", shell).out
    if shell == "bash":
        (folder / "rc").write_text(f"PS1='READY> '\nset +o history\n{script}")
        return ["--noprofile", "--rcfile", str(folder / "rc"), "-i"]
    if shell == "zsh":
        (folder / "functions").mkdir()
        (folder / "functions" / "_cronledger").write_text(script)
        (folder / ".zshrc").write_text(
            f"PS1='READY> '\nunsetopt zle_bracketed_paste\nfpath=({folder}/functions $fpath)\n"
            "autoload -Uz compinit; compinit -D -u\n"
        )
        return ["-i"]
    completions = folder / ".config" / "fish" / "completions"
    completions.mkdir(parents=True)
    (completions / "cronledger.fish").write_text(script)
    (folder / ".config/fish/config.fish").write_text(
        "function fish_prompt; echo 'READY> '; end\nfunction fish_greeting; end\n"
    )
    return ["-i"]


@contextmanager
def person(shell: str, folder: Path) -> Iterator[pexpect.spawn[str]]:
    """Somebody before a shell that is ready, with a home that has one job."""
    config = folder / "home" / "services" / "scheduler" / "config.yaml"
    config.parent.mkdir(parents=True)
    config.write_text(CONFIG)
    typed: pexpect.spawn[str] = pexpect.spawn(
        shutil.which(shell) or shell,
        prepared(shell, folder),
        cwd=str(folder),
        env={
            "PATH": f"{BIN}:{os.environ['PATH']}",
            "HOME": str(folder),
            "ZDOTDIR": str(folder),
            "TERM": "dumb" if shell != "fish" else "xterm",
            "LANG": "C.UTF-8",
            "CRONLEDGER_HOME": str(folder / "home"),
            **same_date(),
        },
        encoding="utf-8",
        dimensions=(50, 160),
        timeout=DEADLINE_S / 10,
    )
    try:
        typed.expect("READY> ")
        yield typed
    finally:
        typed.close(force=True)


@pytest.mark.long
@pytest.mark.real
@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_a_shell_completes_commands_options_jobs_and_zones(shell: str, tmp_path: Path) -> None:
    """What is begun is completed where only one thing fits."""
    if shutil.which(shell) is None:
        pytest.skip(f"this machine has no {shell}: its completion was not tried")
    with person(shell, tmp_path) as typed:
        for begun, rest in (
            ("cronledger led", "ger "),
            ("ver", "ify "),
            ("--no-la", "ws "),
        ):
            typed.send(begun + "\t")
            typed.expect(found(begun, rest))
        typed.send("\x15cronledger jobs show night\t")
        typed.expect(found("night", "ly-report "))
        typed.send("\x15cronledger cron explain --timezone Europe/Vadu\t")
        typed.expect(found("Europe/Vadu", "z "))


def found(begun: str, rest: str) -> str:
    """A pattern for what a terminal shows when a word is completed: the rest of it, or the word anew."""
    return f"{re.escape(rest)}|{re.escape(begun.rstrip() + rest)}"


def test_fish_is_given_a_whole_line_of_help() -> None:
    """Commas are part of it, and end nothing."""
    assert 'string split --max 1 "," $completion' in call("completion", "fish").out


def test_zsh_finds_the_script_in_a_folder_of_functions() -> None:
    """It reads nothing but the first line of a file there, and runs that file at each Tab."""
    said = call("completion", "zsh").out
    assert said.startswith("#compdef cronledger\n# For zsh")
    assert "loadautofunc" not in said
