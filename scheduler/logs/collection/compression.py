"""Files that are a few days old are compressed: entries by day, captured output file by file.

The time of last change is kept, because retention counts from it. A kill at any instant loses nothing and doubles
nothing: for entries the position says which form counts, and for output both forms hold the same.
"""

from __future__ import annotations

import contextlib
import gzip
import os
import re
import shutil
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import BinaryIO, Final

from eventstore.durable import REAL, give_name
from eventstore.regular_file import create_anew, open_regular, regular_status
from scheduler.logs.storage.checkpoint import Checkpoint, write_position
from scheduler.logs.storage.day_files import day_files
from scheduler.logs.storage.gzip_members import MEMBER_BYTES, member
from scheduler.logs.storage.raw_output import COMPRESSED
from scheduler.logs.storage.resume import TEMPORARY_SUFFIX, settle_move

AFTER_DAYS: Final = 3
OUTPUT_BYTES_MIN: Final = 4_096
"""A smaller file takes one block of the disk, compressed or not."""
_LEVEL: Final = 6
_COPIED_BYTES: Final = 1024 * 1024
_DAY: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_OUTPUT: Final = re.compile(r"[0-9]+-[0-9]+\.(?:stdout|stderr)")


def first_kept(now: datetime) -> str:
    """The first day whose files stay as they are, as `YYYY-MM-DD`; those of the days before are compressed."""
    return f"{(now.astimezone(UTC) - timedelta(days=AFTER_DAYS)).date():%Y-%m-%d}"


def compress_entries(folder: Path, position: Checkpoint, now: datetime) -> Iterator[str]:
    """Compress the files of days that are over, and yield the name of each file once it is compressed.

    `position` is changed and written on the way. The caller holds the collector's lock, and has committed.

    Raises:
        OSError: for example, there is no room; everything is as it was.
    """
    for file in day_files(folder):
        if file.compressed or file.day >= first_kept(now):
            continue
        compressed = file.path.with_name(file.path.name + COMPRESSED)
        _compress_day(file.path, compressed.with_name(compressed.name + TEMPORARY_SUFFIX), before=compressed)
        position.moving = file.path.name
        write_position(folder, position)
        settle_move(folder, position)
        write_position(folder, position)
        yield file.path.name


def compress_outputs(folder: Path, in_use: Callable[[int, str], bool], now: datetime) -> Iterator[Path]:
    """Compress captured output of days that are over, and yield the path of each file once it is compressed.

    Args:
        folder: that of the output, with a folder for each day.
        in_use: whether a file belongs to a run that is still running, given a descriptor of its folder and its name.
        now: the time.

    Raises:
        OSError: for example, there is no room; everything is as it was.
    """
    for day in sorted(_names(folder, _DAY)):
        if day < first_kept(now):
            yield from _compress_day_of_outputs(folder / day, in_use)


def _compress_day_of_outputs(day: Path, in_use: Callable[[int, str], bool]) -> Iterator[Path]:
    try:
        descriptor = os.open(day, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
    except (FileNotFoundError, NotADirectoryError):  # a link is none
        return
    try:
        for name in _names(day, _OUTPUT):
            path = day / name
            with contextlib.suppress(FileNotFoundError):
                found = regular_status(path)
                if found is None or found.st_size < OUTPUT_BYTES_MIN or in_use(descriptor, name):
                    continue
                compressed = path.with_name(name + COMPRESSED)
                beside = compressed.with_name(f".{compressed.name}{TEMPORARY_SUFFIX}")
                _compress_output(path, beside)
                # It is on disk already, with the times of `path`. `durable.write_file` cannot write a stream.
                give_name(REAL, beside, compressed)
                path.unlink()
                yield path
    finally:
        os.close(descriptor)


def _names(folder: Path, pattern: re.Pattern[str]) -> list[str]:
    try:
        return [name for name in os.listdir(folder) if pattern.fullmatch(name)]
    except (FileNotFoundError, NotADirectoryError):
        return []


def _compress_day(source: Path, target: Path, before: Path) -> None:
    """Write the members of `before` and then the lines of `source` as members to `target`, and flush it to disk."""
    with _written(source, target) as (plain, file):
        with contextlib.suppress(FileNotFoundError), open(open_regular(before), "rb") as earlier:
            shutil.copyfileobj(earlier, file, _COPIED_BYTES)
        rest = b""
        while raw := plain.read(MEMBER_BYTES):
            cut = raw.rfind(b"\n") + 1
            if cut:
                file.write(member(rest + raw[:cut]))
            rest = raw[cut:] if cut else rest + raw


def _compress_output(source: Path, target: Path) -> None:
    """Write `source`, compressed, to `target`, and flush it to disk."""
    with (
        _written(source, target) as (plain, file),
        gzip.GzipFile(filename="", fileobj=file, mode="wb", compresslevel=_LEVEL, mtime=0) as packed,
    ):
        shutil.copyfileobj(plain, packed, _COPIED_BYTES)


@contextlib.contextmanager
def _written(source: Path, target: Path) -> Iterator[tuple[BinaryIO, BinaryIO]]:
    """Open `source` to read and `target` to write; at the end `target` is flushed and gets the times of `source`."""
    with open(open_regular(source), "rb") as plain:
        with open(create_anew(target), "wb") as file:
            yield plain, file
            file.flush()
            os.fsync(file.fileno())
        found = os.fstat(plain.fileno())
        os.utime(target, ns=(found.st_atime_ns, found.st_mtime_ns))
