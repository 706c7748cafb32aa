"""The counts of a home in a file, so that only what was recorded since is counted: disposable.

They are believed only if the entry up to which they count has the hash that stands with them. A number in it could be
altered by whoever may write in the home; nothing is decided by it, and deleting the file has it made anew.
"""

from __future__ import annotations

import contextlib
from typing import Final

import msgspec

from eventstore.durable import REAL, write_file
from eventstore.nesting import decode
from eventstore.regular_file import read_regular
from eventstore.store import EventStore
from scheduler.home import Home
from scheduler.metrics.totals import DURATION_BOUNDS_MS, LATENESS_BOUNDS_MS, Totals

_BYTES_MAX: Final = 64 * 1024 * 1024
_FORMAT: Final = 1


class _Kept(msgspec.Struct, frozen=True):
    """The file: which way of counting, over which bounds, and the counts."""

    format: int
    duration_bounds_ms: list[int]
    lateness_bounds_ms: list[int]
    totals: Totals


def keep_totals(home: Home, totals: Totals) -> None:
    """Keep the counts; where that cannot be done, they are made anew the next time.

    A folder that is not there is made: what counts first is not always what made the home.
    """
    kept = _Kept(_FORMAT, list(DURATION_BOUNDS_MS), list(LATENESS_BOUNDS_MS), totals)
    with contextlib.suppress(OSError):
        write_file(REAL, home.kept_totals, msgspec.json.encode(kept), durable=False)


def kept_totals(home: Home, store: EventStore) -> Totals | None:
    """The counts that are kept, if they are of this ledger as it is, and counted as this version counts.

    Raises:
        LedgerError: the ledger cannot be trusted or read.
    """
    with contextlib.suppress(OSError, msgspec.MsgspecError, UnicodeDecodeError):
        kept = decode(read_regular(home.kept_totals, _BYTES_MAX), _Kept)
        if _is_ours(kept) and _is_of(kept.totals, store):
            return kept.totals
    return None


def _is_ours(kept: _Kept) -> bool:
    bounds = (kept.duration_bounds_ms, kept.lateness_bounds_ms)
    spreads = [kept.totals.lateness.counts, *(job.durations.counts for job in kept.totals.jobs.values())]
    wanted = [len(LATENESS_BOUNDS_MS) + 1, *[len(DURATION_BOUNDS_MS) + 1] * len(kept.totals.jobs)]
    return (
        kept.format == _FORMAT
        and bounds == (list(DURATION_BOUNDS_MS), list(LATENESS_BOUNDS_MS))
        and [len(each) for each in spreads] == wanted
    )


def _is_of(totals: Totals, store: EventStore) -> bool:
    if not 0 <= totals.seq <= store.head().seq:
        return False
    entry = next(iter(store.read(totals.seq, totals.seq)), None)
    return entry is not None and entry.hash == totals.hash
