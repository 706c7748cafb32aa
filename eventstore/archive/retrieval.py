"""Archived segments, decompressed: the last few that this process has read are kept in memory."""

from __future__ import annotations

import os
import threading
from collections import OrderedDict
from pathlib import Path

from eventstore.archive.archived_segments import ArchivedSegment, archived_segment
from eventstore.archive.compressed_segment import NotTheSegment, compressed_name, decompressed
from eventstore.errors import Archived

_KEPT_MAX = 2
"""A segment takes about 40 MB. Whoever reads entries in order needs one, and whoever compares two neighbours both."""

_kept: OrderedDict[tuple[str, str], int] = OrderedDict()
"""Descriptors of files without names, by the ledger's folder and the digest of the segment."""
_lock = threading.Lock()


def retrieved(folder: Path, first: int) -> int | None:
    """A descriptor of an archived segment, whose bytes are those that its seal speaks of; None if it has no marker.

    Raises:
        Archived: it cannot be read where it was archived.
        Corrupt: its marker or its seal is not as it was written.
        OSError: they cannot be read, or there is no descriptor left.
    """
    archived = archived_segment(folder, first)
    if archived is None:
        return None
    key = str(folder), archived.seal.sha256
    with _lock:
        if key not in _kept:
            _kept[key] = _decompressed(archived)
        _kept.move_to_end(key)
        fd = os.dup(_kept[key])
        while len(_kept) > _KEPT_MAX:
            os.close(_kept.popitem(last=False)[1])
    return fd


def release() -> None:
    """Give the memory back that the kept segments take: the next that is read is decompressed again."""
    with _lock:
        while _kept:
            os.close(_kept.popitem()[1])


def _decompressed(archived: ArchivedSegment) -> int:
    seal, marker = archived
    path = Path(marker.folder) / compressed_name(seal.first)
    last = seal.first + seal.count - 1
    try:
        return decompressed(path, seal)
    except NotTheSegment as problem:
        raise Archived(seal.first, last, marker.folder, f"{path.name}: {problem}", damaged=True) from None
    except OSError as problem:
        why = f"{path.name}: {problem.strerror or problem}"
        raise Archived(seal.first, last, marker.folder, why) from None
