from __future__ import annotations

import contextlib
import gzip
import os
import subprocess
from datetime import timedelta
from pathlib import Path
from typing import Any
from unittest import mock

import pytest

from scheduler import inheritable_lock
from scheduler.builtin.protected_paths import output_in_use
from scheduler.logs import Collector, DamagedOutput, RawOutput, entries_folder
from scheduler.logs.collection.compression import OUTPUT_BYTES_MIN, compress_entries, compress_outputs
from scheduler.logs.storage.day_files import day_files
from tests.support.output import START, HandWritten

LATER = START + timedelta(days=5)
STEPS = ("open", "rename", "unlink", "fsync")


class Killed(BaseException):
    """The end of a process: nothing catches it."""


def filled(home: HandWritten) -> int:
    """A run that printed a few lines, collected."""
    run = home.begin()
    home.put(run, b"one\ntwo\n")
    home.end(run)
    home.collect()
    return run


def compress(home: HandWritten) -> None:
    """Compress the files of old days."""
    collector = home.collector()
    try:
        for _ in compress_entries(collector.folder, collector.position, LATER):
            collector.turn()
    finally:
        collector.close()


def names(home: HandWritten) -> list[str]:
    """The files of days."""
    return [file.path.name for file in day_files(entries_folder(home.home))]


def test_a_compressed_day_holds_the_same(home: HandWritten) -> None:
    """Old days are compressed, keep their time of last change, and read as before."""
    filled(home)
    before = home.entries()
    changed_ns = (entries_folder(home.home) / "2026-11-23.jsonl").stat().st_mtime_ns
    compress(home)
    assert names(home) == ["2026-11-23.jsonl.gz"]
    assert home.entries() == before
    assert (entries_folder(home.home) / "2026-11-23.jsonl.gz").stat().st_mtime_ns == changed_ns
    assert home.position().get("days", {}) == {}


def test_young_days_stay_as_they_are(home: HandWritten) -> None:
    """The last three days are not touched."""
    filled(home)
    collector = home.collector()
    assert list(compress_entries(collector.folder, collector.position, START + timedelta(days=3))) == []
    collector.close()
    assert names(home) == ["2026-11-23.jsonl"]


def test_what_comes_late_is_put_behind(home: HandWritten) -> None:
    """An entry for a day that is compressed goes into a file beside it, which joins it the next time."""
    filled(home)
    compress(home)
    filled(home)
    assert names(home) == ["2026-11-23.jsonl.gz", "2026-11-23.jsonl"]
    before = home.entries()
    compress(home)
    assert names(home) == ["2026-11-23.jsonl.gz"]
    assert home.entries() == before


@pytest.mark.parametrize("step", range(18))
def test_a_kill_at_any_step_loses_and_doubles_nothing(home: HandWritten, step: int) -> None:
    """Wherever compressing was interrupted, the next collector finds every entry once."""
    filled(home)
    compress(home)
    filled(home)
    before = home.entries()
    left = iter(range(step))

    def dies(call: str) -> object:
        real = getattr(os, call)

        def maybe(*args: object, **kwargs: object) -> object:
            if next(left, None) is None:
                raise Killed
            return real(*args, **kwargs)

        return maybe

    with contextlib.ExitStack() as patches, contextlib.suppress(Killed):
        for call in STEPS:
            patches.enter_context(mock.patch(f"os.{call}", dies(call)))
        compress(home)
    assert home.entries() == before
    home.collect()
    assert home.entries() == before
    compress(home)
    assert names(home) == ["2026-11-23.jsonl.gz"]
    assert home.entries() == before


def test_a_reader_finds_each_entry_once_at_any_moment(home: HandWritten) -> None:
    """Before and after each step of compressing, what is read is the same, and not less or doubled."""
    filled(home)
    compress(home)
    filled(home)
    before = home.entries()
    looks = 0

    def watched(call: str) -> object:
        real = getattr(os, call)

        def seen(*args: object, **kwargs: object) -> object:
            nonlocal looks
            looks += 1
            assert home.entries() == before
            done = real(*args, **kwargs)
            assert home.entries() == before
            return done

        return seen

    with contextlib.ExitStack() as patches:
        for call in ("rename", "unlink", "fsync", "utime"):
            patches.enter_context(mock.patch(f"os.{call}", watched(call)))
        compress(home)
    assert looks >= 6
    assert names(home) == ["2026-11-23.jsonl.gz"]


def test_a_reader_that_is_overtaken_looks_again(home: HandWritten) -> None:
    """A day that is compressed between the look at its files and their opening is read all the same, and once."""
    filled(home)
    compress(home)
    filled(home)
    before = home.entries()
    overtaken = False
    real = os.open

    def overtaking(path: Path, *args: Any, **kwargs: Any) -> int:
        nonlocal overtaken
        if not overtaken and str(path).endswith(".jsonl.gz"):
            overtaken = True
            compress(home)
        return real(path, *args, **kwargs)

    with mock.patch("os.open", overtaking):
        assert home.entries() == before
    assert overtaken


@pytest.fixture
def output(home: HandWritten) -> tuple[HandWritten, Path, bytes]:
    """A run that printed a lot, five days ago."""
    run = home.begin()
    raw = b"some line\n" * OUTPUT_BYTES_MIN
    home.put(run, raw)
    home.put(run, b"short\n", "stderr")
    home.end(run)
    home.collect()
    return home, home.path(run), raw


@pytest.mark.unshifted("libfaketime shifts a file's times twice where they are set by its descriptor")
def test_compressed_output_is_read_as_before(output: tuple[HandWritten, Path, bytes]) -> None:
    """Large output is compressed with its time of last change; small output stays."""
    home, path, raw = output
    os.utime(path, ns=(7, 7_000_000_000))
    done = list(compress_outputs(home.home.logs / "output", lambda folder, name: False, LATER))
    assert done == [path]
    found = path.with_name(f"{path.name}.gz")
    assert sorted(os.listdir(path.parent)) == sorted([found.name, path.name.replace("stdout", "stderr")])
    assert found.stat().st_mtime_ns == 7_000_000_000
    opened = RawOutput.open(path)
    assert opened is not None
    assert opened.compressed
    assert opened.read(10, 20) == raw[10:30]
    assert opened.read(0, len(raw) + 5) == raw
    opened.close()
    assert gzip.decompress(found.read_bytes()) == raw


@pytest.mark.parametrize("damage", ["cut", "flipped", "no gzip"])
def test_damaged_compressed_output_is_said_to_be(
    output: tuple[HandWritten, Path, bytes], damage: str
) -> None:
    """Whatever is wrong with it, a reader is told so; a collector goes on with what there is, and notes the rest."""
    home, path, raw = output
    list(compress_outputs(home.home.logs / "output", lambda folder, name: False, LATER))
    packed = path.with_name(f"{path.name}.gz")
    whole = packed.read_bytes()
    flipped = whole[:20] + bytes([whole[20] ^ 0xFF]) + whole[21:]
    packed.write_bytes({"cut": whole[: len(whole) // 2], "flipped": flipped, "no gzip": b"no gzip"}[damage])
    opened = RawOutput.open(path)
    assert opened is not None
    with pytest.raises(DamagedOutput):
        opened.read(0, len(raw) + 1)
    opened.close()
    for file in entries_folder(home.home).iterdir():
        file.unlink()
    home.collect()
    (lost,) = [entry for entry in home.entries() if entry.message.startswith("output lost")]
    assert "cannot be read" in lost.message
    assert home.entries()[-1].message.startswith("job succeeded")


def test_output_in_use_and_young_output_is_left_alone(output: tuple[HandWritten, Path, bytes]) -> None:
    """Nothing is compressed that somebody may still write."""
    home, path, raw = output
    folder = home.home.logs / "output"
    assert list(compress_outputs(folder, lambda folder, name: name == path.name, LATER)) == []
    assert list(compress_outputs(folder, lambda folder, name: False, START)) == []
    assert path.read_bytes() == raw


def test_a_run_that_is_not_collected_yet_is_collected_from_compressed_output(
    output: tuple[HandWritten, Path, bytes],
) -> None:
    """Also if its position was lost, a run's lines can be had again."""
    home, _, _ = output
    list(compress_outputs(home.home.logs / "output", lambda folder, name: False, LATER))
    for file in entries_folder(home.home).iterdir():
        file.unlink()
    home.collect()
    assert len(home.printed(1)) == OUTPUT_BYTES_MIN


def test_retention_spares_the_position_and_knows_compressed_output(tmp_path: Path) -> None:
    """What the collector needs is no log; of a run that goes on neither form of its output is deleted."""
    ledger_id = "0" * 32
    folder = os.open(tmp_path, os.O_RDONLY)
    in_use = output_in_use(ledger_id)
    assert in_use(folder, "position.json")
    assert in_use(folder, "lock")
    assert not in_use(folder, "7-1.stdout")
    assert not in_use(folder, "2026-11-23.jsonl.gz")
    for mark in (ledger_id, f"{ledger_id}.{'1' * 32}"):
        carried = {"CRONLEDGER_LEDGER": mark, "CRONLEDGER_RUN": "7", "CRONLEDGER_ATTEMPT": "1"}
        with subprocess.Popen(["cat"], stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, env=carried):
            in_use = output_in_use(ledger_id)
        assert in_use(folder, "7-1.stdout")
        assert in_use(folder, "7-1.stderr.gz")
        assert not in_use(folder, "7-2.stdout")
        assert not output_in_use("2" * 32)(folder, "7-1.stdout")
    os.close(folder)


def test_output_of_a_run_that_is_not_seen_is_told_by_its_lock(tmp_path: Path) -> None:
    """It runs in another container: while it holds one of its files, neither is deleted, in whichever form."""
    folder = os.open(tmp_path, os.O_RDONLY)
    in_use = output_in_use("0" * 32)
    with open(tmp_path / "7-1.stderr", "wb") as held:
        assert inheritable_lock.take(held.fileno())
        for name in ("7-1.stdout", "7-1.stderr", "7-1.stdout.gz"):
            assert in_use(folder, name)
        assert not in_use(folder, "8-1.stdout")
    assert not in_use(folder, "7-1.stderr")
    os.close(folder)


def test_a_collector_knows_whose_output_it_follows(home: HandWritten) -> None:
    """The output of a run that has not ended is not to be compressed."""
    run = home.begin()
    collector: Collector = home.collector()
    collector.turn()
    assert collector.follows(f"{run}-1.stdout")
    assert not collector.follows("4711-1.stdout")
    collector.close()
