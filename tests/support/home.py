"""Homes in temporary folders, with a config, a ledger, and the real command at work on them."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any
from unittest import mock

from eventstore.errors import NoLedger
from eventstore.ledger_reader import LedgerReader
from eventstore.store import Entry, Event
from scheduler.home import Home
from scheduler.ledger.open import open_ledger
from scheduler.vocabulary import SCHEDULER
from tests.support.command import Answer, await_fact, call, environment, process, start
from tests.support.ledger_check import check_ledger
from tests.support.served import Served

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

Files = dict[Path, bytes]


def make_home(root: Path, config: str | None = CONFIG) -> Home:
    """A home with a config."""
    root.mkdir(parents=True, exist_ok=True)
    if config is not None:
        write_config(root, config)
    return Home(root)


def write_config(root: Path, text: str) -> None:
    """Write a home's config as an editor does: aside, then in place of the old one."""
    path = Home(root).config
    path.parent.mkdir(parents=True, exist_ok=True)
    aside = path.with_suffix(".new")
    aside.write_text(text)
    aside.replace(path)


def entries_of(root: Path) -> list[Entry]:
    """The whole ledger of a home; empty if there is none yet."""
    try:
        with LedgerReader.open(Home(root).ledger) as journal:
            return list(journal.read(0))
    except NoLedger:
        return []


def record(home: Home, *events: Event) -> None:
    """Append events to a home's ledger, now."""
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


def files_of(root: Path) -> Files:
    """All files of a home."""
    return {path: path.read_bytes() for path in root.rglob("*") if path.is_file()}


def restore(root: Path, files: Files) -> None:
    """Bring a home back to what it was, its files being the same ones: a copy would be known as one."""
    for path, raw in files_of(root).items():
        if path not in files:
            path.unlink()
        elif raw != files[path]:
            path.write_bytes(files[path])
    for path in files.keys() - files_of(root).keys():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(files[path])


class LiveHome:
    """A home and what can be done with it."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.ledger = Home(root).ledger

    def configure(self, text: str) -> None:
        """Write the config, whole, as editors do."""
        write_config(self.root, text)

    def run(self, *args: str, stdin: bytes = b"", env: Mapping[str, str] | None = None) -> Answer:
        """Run a command to its end, as a process of its own."""
        return process(*args, home=self.root, stdin=stdin, env=environment(env))

    def ask(self, *args: str) -> Answer:
        """Run a command to its end within this process: for the many questions that need no process."""
        with mock.patch.dict(os.environ, environment(), clear=True):
            answer = call(*args, home=self.root)
        assert b"Traceback" not in answer.raw_err, answer.err
        return answer

    def start(self, *args: str, stdout: int = subprocess.PIPE) -> subprocess.Popen[Any]:
        """Start a command and do not wait for it."""
        return start(*args, home=self.root, stdout=stdout)

    @contextlib.contextmanager
    def served(self) -> Iterator[subprocess.Popen[Any]]:
        """A scheduler that is ready; it is stopped at the end, if it still runs."""
        with Served(self.root) as served:
            try:
                yield served.process
            finally:
                served.stop_at_once()

    def entries(self, kind: str = "") -> list[Entry]:
        """The entries of the ledger whose type begins so."""
        return [entry for entry in entries_of(self.root) if entry.type.startswith(kind)]

    def await_entry(self, kind: str, count: int = 1) -> Entry:
        """Wait until there are so many entries of a type; the last of them."""
        await_fact(lambda: len(self.entries(kind)) >= count)
        return self.entries(kind)[count - 1]

    def collectors(self) -> list[int]:
        """The collectors of logs that are at work here, by their numbers."""
        found = []
        for name in os.listdir("/proc"):
            if name.isdecimal():
                try:
                    words = Path("/proc", name, "cmdline").read_bytes().split(b"\0")
                except OSError:
                    continue
                if b"scheduler.logs" in words and os.fsencode(self.root) in words:
                    found.append(int(name))
        return found

    def check(self) -> None:
        """The ledger is sound."""
        check_ledger(self.ledger)


def job(name: str, command: list[str], **settings: str) -> str:
    """A job that its schedule never runs during a test."""
    lines = [f"  {name}:", f"    command: {json.dumps(command)}", '    at: "2099-01-01T00:00:00Z"']
    lines += [f"    {key}: {value}" for key, value in settings.items()]
    return "\n".join(lines) + "\n"


def sh(script: str) -> list[str]:
    """A command that is a script for the shell."""
    return ["/bin/sh", "-c", script]
