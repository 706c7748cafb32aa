"""Keeping the branch of a ledger that is given up, as evidence."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from eventstore.durable import FILE_MODE
from eventstore.replicated.database import FETCHED_MAX
from scheduler.home import Home

if TYPE_CHECKING:
    from cli.ledger.database.comparing import Compared


def fork_folder(home: Home, same: int) -> Path:
    """The folder in which a branch is kept that begins with entry `same`; it is new."""
    stamp = datetime.now(UTC).strftime("%Y%m%dT%H%M%SZ")
    return home.var / f"mirror-fork-{same}-{stamp}"


def keep_branch_of_database(both: Compared, folder: Path) -> Path:
    """Write the database's lines from the first that differs on into a file, durably; the file.

    Raises:
        Unavailable: the database cannot be read.
        OSError: it cannot be written.
    """
    folder.mkdir(mode=0o700)
    path, seq = folder / "database.jsonl", both.found.same
    fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, FILE_MODE)
    with open(fd, "wb") as file:
        while lines := both.database.lines(seq, FETCHED_MAX):
            file.write(b"".join(lines))
            seq += len(lines)
        file.flush()
        os.fsync(file.fileno())
    return path


def setting_back(same: int, last_hash: str) -> str:
    """The SQL by which the owner of the tables takes the database's branch away; it stays halted."""
    return (
        "BEGIN;\n"
        f"DELETE FROM cronledger.entries WHERE seq >= {same};\n"
        f"UPDATE cronledger.head SET seq = {same - 1}, hash = '{last_hash}';\n"
        "COMMIT;"
    )
