"""What is started in the background when a segment is full."""

from __future__ import annotations

import subprocess
from pathlib import Path

import msgspec
import pytest

from cli.sealer import Sealer
from eventstore import SEGMENT_ENTRIES
from eventstore.store import GENESIS, Entry
from scheduler.home import Home
from tests.scheduler.simulation import BEGIN


class Working:
    """A process that goes on until it is told to end."""

    started: list[list[str]]
    over = False

    def __init__(self, command: list[str], **_options: object) -> None:
        self.started.append(command)

    def poll(self) -> int | None:
        """Its exit code, once it has ended."""
        return 0 if Working.over else None


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
        ["-m", "scheduler.segment_states", str(tmp_path)],
    ]
    Working.over = True
    sealer.notice(entry(3 * SEGMENT_ENTRIES))
    assert len(Working.started) == 4
