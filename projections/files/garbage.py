"""Files that no part names any more: they are kept for a day, because some process may still read them.

A connection that was opened before still reads these files, and so does another program that has `cronledger.duckdb`
open. A reader that needs such a file even later finds it missing, and starts again.
"""

from __future__ import annotations

import time
from contextlib import suppress

from projections.files.manifest import PARQUET_NAME, Manifest, ProjectionFolder

KEPT_S = 86_400


def sweep(folder: ProjectionFolder, manifest: Manifest, now_s: float | None = None) -> None:
    """Note which files are superseded, and remove those that have been so for a day; the caller holds the lock.

    Args:
        folder: where the files are.
        manifest: it is changed; the caller saves it.
        now_s: the present time, in Unix seconds; read from the clock if not given.
    """
    now_s = time.time() if now_s is None else now_s
    named = {path for _, path, _ in manifest.files(folder)}
    kept: dict[str, int] = {}
    for kind in folder.kinds:
        for path in kind.iterdir():
            if PARQUET_NAME.fullmatch(path.name) is None or path in named:
                continue
            name = str(path.relative_to(folder.root))
            since_s = manifest.superseded.get(name, int(now_s))
            if 0 <= now_s - since_s < KEPT_S:
                kept[name] = since_s
                continue
            with suppress(OSError):
                path.unlink()
    manifest.superseded = kept
