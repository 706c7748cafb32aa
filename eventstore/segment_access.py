"""A segment as a descriptor, wherever it is: from the ledger's folder, or out of an archive.

Whoever reads segments opens them here. What an archive gives is compared with the segment's seal before anybody sees
it.
"""

from __future__ import annotations

from pathlib import Path

from eventstore.regular_file import open_regular
from eventstore.segment import first_in_name


def open_segment_file(path: Path) -> int:
    """A descriptor of a segment, to be read by `pread`, at positions of the caller's own; the caller closes it.

    Args:
        path: where the segment is while it is not archived.

    Raises:
        FileNotFoundError: it is not there, and was not archived.
        Archived: it was archived, and cannot be read there.
        Corrupt: its marker or its seal is not as it was written.
        OSError: it cannot be opened.
    """
    try:
        return open_regular(path)
    except FileNotFoundError:
        first = first_in_name(path.name)
        if not first:  # the first segment is never moved
            raise
        # Where all segments are there, nobody waits for what an archive needs.
        from eventstore.archive.retrieval import retrieved

        fd = retrieved(path.parent, first)
        # One that was put back meanwhile has no marker any more.
        return open_regular(path) if fd is None else fd
