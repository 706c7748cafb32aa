"""Calling the command as people do, within the test's process or as a process of its own."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path
from typing import Any, NamedTuple
from unittest import mock

from cli.main import main
from eventstore.store import Event
from scheduler.home import Home
from scheduler.ledger.open import open_ledger
from scheduler.vocabulary import SCHEDULER

COMMAND = Path(sys.executable).with_name("cronledger")
"""The installed command."""

CONFIG = """\
defaults:
  timezone: Europe/Paris
jobs:
  nightly:
    description: Copies the database
    command: echo copied
    schedule: "30 2 * * mon-fri"
    timeout: 15m
    env: {PGHOST: db.example.org}
  ticker:
    command: echo tick
    every: 5m
    timezone: UTC
"""


class Answer(NamedTuple):
    """What a command answered."""

    code: int
    out: str
    err: str

    @property
    def document(self) -> Any:
        """Standard output as JSON."""
        return json.loads(self.out)


class Screen(io.StringIO):
    """A stream that says it is a terminal."""

    encoding = "utf-8"

    def isatty(self) -> bool:
        """It is."""
        return True


def call(*arguments: str, home: Path | None = None, terminal: bool = False) -> Answer:
    """Run the command in this process."""
    out, err = (Screen(), io.StringIO()) if terminal else (io.StringIO(), io.StringIO())
    options = [] if home is None else ["--home", str(home)]
    with (
        mock.patch.object(sys, "argv", ["cronledger", *options, *arguments]),
        redirect_stdout(out),
        redirect_stderr(err),
    ):
        try:
            main()
        except SystemExit as left:
            code = int(left.code or 0)
        else:
            raise AssertionError("main() always leaves with an exit code")
    return Answer(code, out.getvalue(), err.getvalue())


def process(*arguments: str, home: Path | None = None, **kwargs: Any) -> Answer:
    """Run the installed command as a process of its own."""
    options = [] if home is None else ["--home", str(home)]
    kwargs.setdefault("cwd", None if home is None else str(home))
    done = subprocess.run(
        [COMMAND, *options, *arguments], check=False, capture_output=True, timeout=60, **kwargs
    )
    return Answer(done.returncode, done.stdout.decode(), done.stderr.decode())


def make_home(root: Path, config: str | None = CONFIG) -> Home:
    """A home with a config."""
    home = Home(root)
    root.mkdir(parents=True, exist_ok=True)
    if config is not None:
        home.config.parent.mkdir(parents=True)
        home.config.write_text(config)
    return home


def record(home: Home, *events: Event) -> None:
    """Append events to a home's ledger."""
    ledger = open_ledger(home, SCHEDULER)
    try:
        ledger.record(events)
    finally:
        ledger.store.close()


def flip_a_bit(home: Home) -> None:
    """Damage an acknowledged entry in the middle of the ledger."""
    segment = next(iter(sorted(home.ledger.glob("*.jsonl"))))
    with open(os.open(segment, os.O_RDWR), "r+b") as file:
        raw = bytearray(file.read())
        raw[len(raw) // 2] ^= 1
        file.seek(0)
        file.write(raw)
