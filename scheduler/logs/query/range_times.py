"""Between which times the lines of a range lie, remembered, so that a range with none of interest is not read again.

A range is known by its file and its place, and by how both begin, so that a file that took another one's place, and
perhaps its number on the disk, is not taken for it. Whole lines never change where they stand: what was seen of a
range holds for as long as there is one.
"""

from __future__ import annotations

import hashlib
import os
from collections import OrderedDict
from typing import Final, NamedTuple

from scheduler.logs.storage.entry import TIME_SLICE
from scheduler.logs.storage.scan import FileRange

_RANGES_MAX: Final = 4_096
"""Some gigabytes of logs, in about two megabytes of memory."""
_HEAD_BYTES: Final = 512
"""Of how a file and a range begin; the first hundred are alike in all entries of one time, of one run."""
_BEFORE_TIME: Final = b'{"time":"'

_Key = tuple[int, int, int, int, bytes]


class RangeTimes(NamedTuple):
    """The times of some lines.

    Attributes:
        first: that of the first line, as it is written.
        oldest, newest: no line's time is beyond these.
    """

    first: bytes
    oldest: bytes
    newest: bytes

    @classmethod
    def of(cls, lines: list[bytes]) -> RangeTimes:
        """Those of some lines, at least one, which are put in order; what is no entry may widen them, never narrow.

        Lines compare as their times do: the same stands before the time in each.
        """
        first = lines[0]
        lines.sort()  # they mostly are in order, so that each is compared but once
        oldest, newest = lines[0], lines[-1]
        return cls(
            first[TIME_SLICE],
            oldest[TIME_SLICE] if oldest.startswith(_BEFORE_TIME) else b"",
            newest[TIME_SLICE] if newest.startswith(_BEFORE_TIME) else b"~",
        )

    @classmethod
    def merged(cls, times: list[RangeTimes]) -> RangeTimes:
        """Those of consecutive blocks, at least one, as of one."""
        return cls(times[0].first, min(each.oldest for each in times), max(each.newest for each in times))

    def overlap(self, since: bytes | None, until: bytes | None) -> bool:
        """Whether a line may be of time `since` or later, and before `until`; None does not restrict."""
        return (since is None or self.newest >= since) and (until is None or self.oldest < until)


class KnownTimes:
    """What is known of ranges; for one process, and any number of its threads."""

    def __init__(self) -> None:
        self._known: OrderedDict[_Key, RangeTimes] = OrderedDict()

    def of(self, span: FileRange) -> RangeTimes | None:
        """The times of a range that was seen before."""
        key = _key(span)
        found = self._known.get(key)
        if found is not None:
            self._known.pop(key, None)
            self._known[key] = found
        return found

    def remember(self, span: FileRange, times: RangeTimes) -> None:
        """Note the times of all lines of a range; of one to which lines may still come, nothing may be noted."""
        self._known[_key(span)] = times
        while len(self._known) > _RANGES_MAX:
            self._known.popitem(last=False)


def _key(span: FileRange) -> _Key:
    status = os.fstat(span.fd)
    digest = hashlib.blake2b(os.pread(span.fd, min(_HEAD_BYTES, span.end), 0), digest_size=16)
    digest.update(os.pread(span.fd, min(_HEAD_BYTES, span.end - span.begin), span.begin))
    return status.st_dev, status.st_ino, span.begin, span.end, digest.digest()
