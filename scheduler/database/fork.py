"""Giving up a mirror's branch of a ledger that was forked: it is kept as evidence, and a new mirror is filled."""

from __future__ import annotations

import os
import shutil
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

from eventstore.durable import REAL, sync_folder
from eventstore.kept_sizes import CHECKPOINTS_NAME, checkpoint_path, sizes
from eventstore.replicated.comparison import Comparison
from eventstore.replicated.mirror import Mirror
from eventstore.replicated.refill import fill
from scheduler.database.origin import ORIGIN_NAME
from scheduler.home import Home

if TYPE_CHECKING:
    from eventstore.postgresql.database import PostgresqlDatabase


def begin_anew(home: Home, database: PostgresqlDatabase, folder: Path, found: Comparison) -> None:
    """Set the mirror aside and fetch the database's entries; if it was halted, everybody goes on.

    Signed checkpoints of what both have are taken over. A crash in between leaves the home without a mirror: the next
    command begins one, as the config says.

    Raises:
        Unavailable, NoAnswer: the database does not answer; the old mirror is in its place still, or set aside.
        OSError: the folder cannot be moved.
    """
    beside = home.var / ".mirror-anew"
    shutil.rmtree(beside, ignore_errors=True)
    with closing(Mirror.open(beside)) as mirror:
        fill(database, mirror, found.database)
    for size in sizes(home.mirror):
        if size <= found.same:
            kept = checkpoint_path(home.mirror, size)
            target = beside / CHECKPOINTS_NAME / kept.parent.name / kept.name
            target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            shutil.copyfile(kept, target)
    shutil.copyfile(home.mirror / ORIGIN_NAME, beside / ORIGIN_NAME)
    os.sync()
    REAL.rename(home.mirror, folder)
    REAL.rename(beside, home.mirror)
    sync_folder(REAL, home.var)
    if found.halted is not None:
        database.resume(found.database)
