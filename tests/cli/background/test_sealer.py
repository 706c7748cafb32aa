"""What is started in the background when a segment is full."""

from __future__ import annotations

import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import msgspec
import pytest

from cli.background.log_collector import LogCollector
from cli.background.sealer import Sealer
from eventstore.journal import Journal
from eventstore.segment import SEGMENT_ENTRIES
from eventstore.store import GENESIS, Entry
from scheduler import vocabulary as v
from scheduler.home import Home
from tests.support.world import BEGIN


class Working:
    """A process that goes on until it is told to end."""

    started: list[list[str]]
    over = False

    def __init__(self, command: list[str], **_options: object) -> None:
        self.started.append(command)

    def poll(self) -> int | None:
        """Its exit code, once it has ended."""
        return 0 if Working.over else None

    def wait(self) -> int:
        """Its exit code; nothing waits for it here."""
        return 0


class Recorded(subprocess.Popen[bytes]):
    """A real process that the test knows of too."""

    all: list[Recorded]

    def __init__(self, command: list[str], **options: Any) -> None:
        super().__init__(command, **options)
        self.all.append(self)


def entry(seq: int) -> Entry:
    """An entry at that position."""
    return Entry(seq, BEGIN, "job.enabled", "scheduler", msgspec.Raw(b"{}"), seq, GENESIS, GENESIS)


def test_each_work_is_started_once_for_a_full_segment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Projections and kept states each get a process, none while one of the kind is at work, and none in between."""
    Working.started, Working.over = [], False
    monkeypatch.setattr(subprocess, "Popen", Working)
    sealer = Sealer(Home(tmp_path))
    for seq in (0, 1, SEGMENT_ENTRIES - 1):
        sealer.notice(entry(seq))
    assert Working.started == []
    sealer.notice(entry(SEGMENT_ENTRIES))
    sealer.notice(entry(2 * SEGMENT_ENTRIES))
    assert [command[2:] for command in Working.started] == [
        ["-m", "projections", str(tmp_path)],
        ["-m", "scheduler.ledger.segment_states", str(tmp_path)],
    ]
    Working.over = True
    sealer.notice(entry(3 * SEGMENT_ENTRIES))
    assert len(Working.started) == 4


def test_a_scheduler_that_starts_has_states_kept_where_a_segment_is_full(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After an upgrade none is valid, and the next segment may be full only much later."""
    monkeypatch.setattr(subprocess, "Popen", Working)
    started = v.SchedulerStarted.TYPE
    for seq, modules in ((5, 1), (SEGMENT_ENTRIES + 5, 2)):
        Working.started, Working.over = [], False
        Sealer(Home(tmp_path)).notice(msgspec.structs.replace(entry(seq), type=started))
        assert len(Working.started) == modules


def test_a_ledger_knows_when_its_segments_are_full(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """In one whose segments hold 100 entries, work begins after each 100, as its entry 0 says."""
    Working.started, Working.over = [], True
    monkeypatch.setattr(subprocess, "Popen", Working)
    home = Home(tmp_path)
    Journal.open(home.ledger, software="", segment_entries=100).close()
    sealer = Sealer(home)
    begun_at = []
    for seq in range(1, 302):
        Working.started.clear()
        sealer.notice(entry(seq))
        if Working.started:
            begun_at.append(seq)
    assert begun_at == [100, 200, 300]


@pytest.mark.real
def test_processes_in_the_background_keep_no_folder_in_use(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """They stand in `/` and find a home that was given relatively, wherever their scheduler stands by then."""
    home, elsewhere = tmp_path / "home", tmp_path / "elsewhere"
    home.mkdir()
    elsewhere.mkdir()
    python = tmp_path / "python"
    python.write_text('#!/bin/sh\npwd > "$4/$3.new" && mv "$4/$3.new" "$4/$3"\n')
    python.chmod(0o700)
    Recorded.all = []
    monkeypatch.setattr(subprocess, "Popen", Recorded)
    monkeypatch.setattr(sys, "executable", str(python))
    monkeypatch.chdir(tmp_path)
    sealer, collector = Sealer(Home(Path("home"))), LogCollector(Home(Path("home")))
    monkeypatch.chdir(elsewhere)
    sealer.notice(entry(SEGMENT_ENTRIES))
    collector.start()
    expected = [home / name for name in ("projections", "scheduler.ledger.segment_states", "scheduler.logs")]
    for _ in range(500):
        if all(path.exists() for path in expected):
            break
        threading.Event().wait(0.02)
    collector.stop()
    for process in Recorded.all:
        process.wait(10)
    assert [path.read_text() for path in expected] == ["/\n"] * 3
