"""`parts.log_entries`: what scheduler and jobs have logged, read from the daily files of JSON lines.

A file may be compressed, may be written at this moment and may be gone at the next: which there are is looked up for
each query. A line that is no JSON is left out, be it torn or damaged: logs are no evidence, the ledger is.
"""
# ruff: noqa: S608 - the SQL is put together from constants and quoted paths

from __future__ import annotations

import os
import re
from contextlib import suppress
from pathlib import Path

import msgspec

from eventstore.nesting import decode
from eventstore.regular_file import read_regular
from projections.schema.literals import no_rows, quoted

LOG_TYPES = {
    "time": "TIMESTAMPTZ",
    "level": "VARCHAR",
    "job": "VARCHAR",
    "run": "BIGINT",
    "attempt": "INTEGER",
    "stream": "VARCHAR",
    "message": "VARCHAR",
    "fields": "JSON",
}
_POSITION_BYTES_MAX = 16 * 1024 * 1024
_DAY_FILE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}\.jsonl(?:\.gz)?")


class _Position(msgspec.Struct):
    """Of the collector's own notes: the file whose compressed form is complete beside it and takes its place."""

    moving: str = ""


def log_folder(logs: Path) -> Path:
    """Where the files of log entries are, among a home's logs."""
    return logs / "entries"


def log_files(logs: Path) -> list[str]:
    """The files there are now, oldest first; empty ones hold nothing and cannot be decompressed."""
    folder = log_folder(logs)
    found: list[str] = []
    if folder.is_symlink():
        return []
    with suppress(OSError), os.scandir(folder) as entries:
        for entry in entries:
            with suppress(OSError):
                if not _DAY_FILE.fullmatch(entry.name) or not entry.is_file(follow_symlinks=False):
                    continue
                if entry.stat(follow_symlinks=False).st_size:
                    found.append(entry.name)
    if not found:
        return []
    moving = _moving(folder)
    return [str(folder / name) for name in sorted(found) if name != moving or f"{name}.gz" not in found]


def _moving(folder: Path) -> str:
    """A file that is there twice while it is being compressed."""
    try:
        return decode(read_regular(folder / "position.json", _POSITION_BYTES_MAX), _Position).moving
    except (OSError, msgspec.MsgspecError, UnicodeDecodeError):
        return ""


def log_view(files: list[str], *, of_the_past: bool = False) -> str:
    """SQL that creates `parts.log_entries` over these files; `of_the_past`: without what is later than asked for."""
    until = " WHERE time <= (SELECT asked_at FROM parts.clock)" if of_the_past else ""
    return f"CREATE OR REPLACE VIEW parts.log_entries AS SELECT * FROM ({_rows(files)}){until}"


def _rows(files: list[str]) -> str:
    if not files:
        return no_rows(LOG_TYPES)
    listed = "[" + ", ".join(map(quoted, files)) + "]"
    lines = (
        f"SELECT line FROM read_csv({listed}, columns={{'line': 'VARCHAR'}}, delim=chr(1), quote='', escape='', "
        "header=false, auto_detect=false, null_padding=true)"
    )
    read = {name: "VARCHAR" if kind == "TIMESTAMPTZ" else kind for name, kind in LOG_TYPES.items()}
    structure = quoted("{" + ", ".join(f'"{name}": "{kind}"' for name, kind in read.items()) + "}")
    members = ", ".join(
        f"try_cast(e.{name} AS {kind}) AS {name}" if kind != read[name] else f"e.{name} AS {name}"
        for name, kind in LOG_TYPES.items()
    )
    parsed = f"SELECT from_json(line, {structure}) AS e FROM ({lines}) WHERE json_valid(line)"
    return f"SELECT {members} FROM ({parsed})"
