"""What is still to be told, over restarts: one file beside the ledger.

It holds numbers of entries, names and counts, and none of what a run printed. It may be deleted, and anybody may have
written it: what does not fit in itself is as if there were nothing, and is made again from the ledger
(`recollection`).

What cannot be kept, as on a full disk, is told all the same. What was kept before is called outdated then, which
takes no room: whoever goes on from it does not know what was sent since.
"""

from __future__ import annotations

import contextlib
import os
from pathlib import Path
from typing import Final

import msgspec

from eventstore.durable import REAL, create_folders, write_file
from eventstore.nesting import decode
from eventstore.regular_file import read_regular
from scheduler.rules.notifications.news import SHOWN_MAX, Bundle, ChannelNews, Telling, is_moment

STATE_NAME: Final = "state.json"
OUTDATED_NAME: Final = "outdated-state.json"
REST_NAME: Final = "at-rest"
BYTES_MAX: Final = 16 * 1024 * 1024
CHANNELS_MAX: Final = 1_000
_ERROR_CHARACTERS_MAX: Final = 2_000
_COUNT_MAX: Final = 2**53
_WAITED_MS_MAX: Final = 10**10
_WAIT_MS_MAX: Final = 3_600_000
"""No receiver is left alone for longer."""


def read_telling(folder: Path, ledger_id: str) -> Telling | None:
    """What is kept of this ledger; None if there is nothing, or nothing that can be used."""
    for name in (STATE_NAME, OUTDATED_NAME):
        with contextlib.suppress(OSError, msgspec.MsgspecError, UnicodeDecodeError):
            found = decode(read_regular(folder / name, BYTES_MAX), Telling)
            if found.ledger == ledger_id and _fits(found):
                return found if name == STATE_NAME else _unsure(found)
    return None


def write_telling(folder: Path, telling: Telling, *, durable: bool = False) -> None:
    """Keep it; `durable`: over a power failure too. From here on it is not at rest.

    Raises:
        OSError: it cannot be written.
    """
    path, outdated = folder / STATE_NAME, folder / OUTDATED_NAME
    try:
        create_folders(REAL, folder)
        _write(folder, STATE_NAME, msgspec.json.encode(telling), durable=durable)
    except OSError:
        with contextlib.suppress(OSError):
            os.rename(path, outdated)
        raise
    for gone in (folder / REST_NAME, outdated):
        with contextlib.suppress(FileNotFoundError):
            gone.unlink()


def come_to_rest(folder: Path) -> None:
    """Nobody is to be told of anything: keep that, and nothing else."""
    with contextlib.suppress(OSError):
        _write(folder, REST_NAME, b"")
        (folder / OUTDATED_NAME).unlink(missing_ok=True)
        (folder / STATE_NAME).unlink()


def is_remembered(folder: Path) -> bool:
    """Whether anything is kept, be it of use or not: somebody has followed the ledger before."""
    return (folder / STATE_NAME).exists() or is_at_rest(folder)


def is_at_rest(folder: Path) -> bool:
    """Whether nobody was to be told of anything, and nothing was kept since."""
    return (folder / REST_NAME).exists()


def _write(folder: Path, name: str, content: bytes, *, durable: bool = False) -> None:
    # One process writes here, under a lock: what one leaves half written is replaced by the next.
    write_file(REAL, folder / name, content, durable=durable, beside=folder / f".{name}")


def _unsure(telling: Telling) -> Telling:
    """The same, of which it is not known what was sent since."""
    for channel in telling.channels.values():
        channel.unsure = True
        if channel.parcel is not None:
            channel.parcel.uncertain = True
    return telling


def _fits(telling: Telling) -> bool:
    """Whether it agrees with itself, and is bounded."""
    return (
        -1 <= telling.cursor < _COUNT_MAX
        and len(telling.channels) <= CHANNELS_MAX
        and all(_channel_fits(each, telling.cursor) for each in telling.channels.values())
        and all(each.failures >= 0 for each in telling.jobs.values())
    )


def _channel_fits(channel: ChannelNews, cursor: int) -> bool:
    parcel, gathered = channel.parcel, channel.gathered
    moments = (channel.made, channel.told, channel.given_up, None if parcel is None else parcel.next_try)
    if not all(each is None or is_moment(each) for each in moments):
        return False
    if gathered is not None and not _bundle_fits(gathered, cursor):
        return False
    if parcel is None:
        return True
    return (
        _bundle_fits(parcel.bundle, cursor)
        and (gathered is None or parcel.bundle.last < gathered.first)
        and 0 <= parcel.tries < _COUNT_MAX
        and 0 <= parcel.waited_ms <= _WAITED_MS_MAX
        and 0 <= parcel.wait_ms <= _WAIT_MS_MAX
        and len(parcel.error) <= _ERROR_CHARACTERS_MAX
    )


def _bundle_fits(bundle: Bundle, cursor: int) -> bool:
    seqs = [each.seq for each in bundle.shown]
    return (
        0 <= bundle.first <= bundle.last <= cursor
        and 0 < len(seqs) <= min(SHOWN_MAX, bundle.count)
        and bundle.count < _COUNT_MAX
        and all(count > 0 for count in bundle.counts.values())
        and sum(bundle.counts.values()) == bundle.count
        and seqs == sorted(set(seqs))
        and bundle.first <= seqs[0]
        and seqs[-1] <= bundle.last
    )
