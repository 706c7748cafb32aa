"""The real command as people run it: within the test's process, or as a process of its own.

`call` is for what a command answers: it costs no start of an interpreter. `process` and `start` are for what only a
process can show: its streams, signals, environment and exit code.
"""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path
from typing import Any
from unittest import mock

from cli.main import main
from tests.shifted_dates import same_date
from tests.support.left_behind import homes

COMMAND = str(Path(sys.executable).with_name("cronledger"))
"""The installed command."""
DEADLINE_S = 600.0
"""So long a test waits for what must come; it comes much sooner, unless the machine is busy with much else."""
SCRIPT_DEADLINE_S = 3 * DEADLINE_S
"""So long for a script with dozens of commands."""


class Answer:
    """What a command said and how it left."""

    def __init__(self, code: int, raw_out: bytes, raw_err: bytes) -> None:
        self.code, self.raw_out, self.raw_err = code, raw_out, raw_err

    def __repr__(self) -> str:
        return f"Answer({self.code}, {self.raw_out!r}, {self.raw_err!r})"

    @property
    def out(self) -> str:
        """Standard output as text."""
        return self.raw_out.decode()

    @property
    def err(self) -> str:
        """Standard error as text."""
        return self.raw_err.decode()

    @property
    def document(self) -> Any:
        """Standard output as JSON."""
        return json.loads(self.raw_out)


class Screen(io.StringIO):
    """A stream that says it is a terminal."""

    encoding = "utf-8"

    def isatty(self) -> bool:
        """It is."""
        return True


class _Pipe(io.TextIOWrapper):
    """A stream that keeps what is written to it, as bytes and as text."""

    def __init__(self) -> None:
        self.kept = io.BytesIO()
        super().__init__(self.kept, encoding="utf-8", newline="\n")

    def getvalue(self) -> bytes:
        """All that was written."""
        self.flush()
        return self.kept.getvalue()


def call(*arguments: str, home: Path | None = None, terminal: bool = False) -> Answer:
    """Run the command in this process.

    Args:
        arguments: after the command's name.
        home: as `--home` gives it.
        terminal: whether standard output says that it is a terminal.
    """
    out, err = Screen() if terminal else _Pipe(), _Pipe()
    with (
        mock.patch.object(sys, "argv", ["cronledger", *_home(home), *arguments]),
        redirect_stdout(out),
        redirect_stderr(err),
    ):
        try:
            main()
        except SystemExit as left:
            code = int(left.code or 0)
        else:
            raise AssertionError("main() always leaves with an exit code")
    said = out.getvalue()
    return Answer(code, said.encode() if isinstance(said, str) else said, err.getvalue())


def process(
    *arguments: str,
    home: Path | None = None,
    stdin: bytes = b"",
    env: Mapping[str, str] | None = None,
    **options: Any,
) -> Answer:
    """Run the installed command as a process of its own, to its end; it leaves without a traceback.

    Args:
        arguments: after the command's name.
        home: as `--home` gives it.
        stdin: what it reads.
        env: its environment; by default `environment()`.
        options: further ones of `subprocess.run`.
    """
    done = subprocess.run(
        [COMMAND, *_home(home), *arguments],
        input=stdin,
        capture_output=True,
        timeout=DEADLINE_S,
        check=False,
        env=environment() if env is None else env,
        **options,
    )
    assert b"Traceback" not in done.stderr, done.stderr.decode()
    return Answer(done.returncode, done.stdout, done.stderr)


def start(*arguments: str, home: Path | None = None, **options: Any) -> subprocess.Popen[Any]:
    """Start the installed command and do not wait for it; its output goes into pipes unless `options` say else."""
    if home is not None:
        homes.add(home)
    streams: dict[str, Any] = {
        "stdin": subprocess.DEVNULL,
        "stdout": subprocess.PIPE,
        "stderr": subprocess.PIPE,
        "env": environment(),
    }
    running: subprocess.Popen[Any] = subprocess.Popen(
        [COMMAND, *_home(home), *arguments], **streams | options
    )
    return running


def finished(process: subprocess.Popen[bytes]) -> Answer:
    """Wait for a command that was started; it leaves without a traceback."""
    out, err = process.communicate(timeout=DEADLINE_S)
    assert b"Traceback" not in err, err.decode()
    return Answer(process.returncode, out or b"", err)


def await_fact(fact: Callable[[], bool]) -> None:
    """Wait until something is the case; fail if it does not come about."""
    give_up_s = time.monotonic() + DEADLINE_S
    while not fact():
        assert time.monotonic() < give_up_s, "it did not come about in time"
        time.sleep(0.01)


def environment(more: Mapping[str, str] | None = None) -> dict[str, str]:
    """The environment of this process without what is told to cronledger, wide enough for any line."""
    plain = {name: value for name, value in os.environ.items() if not name.startswith("CRONLEDGER")}
    return {**plain, "COLUMNS": "200", **same_date(), **(more or {})}


def _home(home: Path | None) -> list[str]:
    return [] if home is None else ["--home", str(home)]
