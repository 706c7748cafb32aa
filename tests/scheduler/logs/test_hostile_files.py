"""What stands in `var/logs` is data: a collector touches nothing but its own files, whatever the position says."""

from __future__ import annotations

import json
import os
import resource
import zlib
from pathlib import Path

import pytest

from scheduler.logs import LogFilter, entries_folder, oldest_first
from scheduler.logs.storage.checkpoint import read_position
from tests.support.output import HandWritten


@pytest.fixture
def precious(tmp_path: Path) -> Path:
    """A file of lines that is none of the home's."""
    path = tmp_path / "precious"
    path.write_bytes(b"first\nsecond\n")
    return path


def forge(home: HandWritten, **members: object) -> None:
    """Write a position with members of somebody else's choice."""
    folder = entries_folder(home.home)
    folder.mkdir(parents=True, exist_ok=True)
    position = {"version": 1, "ledger": home.journal.ledger_id, "next_seq": 0, **members}
    (folder / "position.json").write_text(json.dumps(position))


@pytest.mark.parametrize("how", ["days", "moving", "stream"])
def test_names_in_the_position_lead_nowhere(home: HandWritten, precious: Path, how: str) -> None:
    """A file outside that the position names is neither cut, nor removed, nor read."""
    name = os.path.relpath(precious, entries_folder(home.home))
    output = {"run": 1, "attempt": 1, "job": "x", "started": "2026-11-23T12:00:00Z"}
    forged: dict[str, object] = {
        "days": {"days": {name: 3}},
        "moving": {"moving": name},
        "stream": {"outputs": [{**output, "stream": f"/../../../../../{precious.name}"}]},
    }
    forge(home, **forged[how])  # type: ignore[arg-type]
    assert read_position(entries_folder(home.home)) is None
    home.begin()
    home.collect()
    assert not any("second" in entry.message for entry in home.entries())
    assert precious.read_bytes() == b"first\nsecond\n"


def test_a_file_of_a_day_that_is_a_link_is_not_cut(home: HandWritten, precious: Path) -> None:
    """A link under a day's name is not followed."""
    forge(home, days={"2026-11-23.jsonl": 3})
    (entries_folder(home.home) / "2026-11-23.jsonl").symlink_to(precious)
    home.begin()
    with pytest.raises(OSError, match="symbolic link"):
        home.collect()
    assert precious.read_bytes() == b"first\nsecond\n"


def test_a_folder_of_entries_that_is_a_link_is_refused(home: HandWritten, tmp_path: Path) -> None:
    """Nothing is written into the folder that a link names."""
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    home.home.logs.mkdir(parents=True)
    entries_folder(home.home).symlink_to(elsewhere)
    home.begin()
    with pytest.raises(OSError, match="no folder"):
        home.collect()
    assert list(elsewhere.iterdir()) == []


def test_a_position_that_is_a_fifo_is_none(home: HandWritten) -> None:
    """Nobody waits for a writer."""
    forge(home)
    (entries_folder(home.home) / "position.json").unlink()
    os.mkfifo(entries_folder(home.home) / "position.json")
    assert read_position(entries_folder(home.home)) is None


def test_a_member_that_inflates_a_thousandfold_takes_little_memory(home: HandWritten) -> None:
    """Two megabytes that hold more than a gigabyte are looked through in bounded memory."""
    folder = entries_folder(home.home)
    folder.mkdir(parents=True)
    deflater = zlib.compressobj(9, zlib.DEFLATED, 31)
    with (folder / "2026-11-23.jsonl.gz").open("wb") as file:
        for _ in range(300):
            file.write(deflater.compress(bytes(1024 * 1024)))
        file.write(deflater.flush())
    before_kb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    assert list(oldest_first(folder, LogFilter())) == []
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before_kb < 150 * 1024
