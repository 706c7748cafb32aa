"""What a follower knows that remembers nothing: made again from the newest entries of the ledger.

What each channel was told last is in the ledger, and channels are told in its order: so what comes behind that is
still to be told. A message that was on its way is told once more then, and says that it may be a repetition. A
channel that no entry names is told of what came since the last start of a scheduler, and of the time for which a
message is kept before it is given up: it may be on its first one. How many failures there were in a row is
known as far as the entries say that are looked at.

Where nobody has followed the ledger before, or whoever did came to rest when the config had no channels any more, all
channels are told from the last edit of the config on. Where no edit is among the entries that are looked at, the last
start of a scheduler stands for it.
"""

from __future__ import annotations

from datetime import timedelta
from itertools import islice
from typing import Final

from eventstore.committed_reader import CommittedReader
from eventstore.errors import Archived
from eventstore.store import Entry
from scheduler import vocabulary as v
from scheduler.rules.notifications.audience import Audience
from scheduler.rules.notifications.delivery import GIVE_UP_MS
from scheduler.rules.notifications.news import ChannelNews, Telling

LOOKBACK_ENTRIES: Final = 50_000
"""So many of the newest entries are looked at."""


def recollect(
    reader: CommittedReader, audience: Audience, *, is_first: bool, was_at_rest: bool = False
) -> Telling:
    """What is known by the ledger alone; the entries behind the cursor are still to be folded.

    Args:
        reader: of the ledger; audience: who is told.
        is_first: nothing says that anybody has followed this ledger before.
        was_at_rest: whoever followed it last left nothing to be told.

    Raises:
        Corrupt, Unavailable: the ledger is damaged, or cannot be read.
    """
    end = reader.refresh()
    begin = max(0, end + 1 - LOOKBACK_ENTRIES)
    last = entry_at(reader, end)
    pending_from = None if last is None else last.time - timedelta(milliseconds=GIVE_UP_MS)
    told: dict[str, int] = {}
    started, edited, newest, settled = None, None, begin - 1, begin - 1
    others_led = False
    for entry in reader.read(begin):
        newest = entry.seq
        if pending_from is not None and entry.time < pending_from:
            settled = entry.seq
        if entry.type == v.SchedulerStarted.TYPE:
            started = entry.seq
        elif entry.type == v.LeaderElected.TYPE:
            others_led = others_led or v.payload(entry).former is not None
        elif entry.type == v.ConfigAccepted.TYPE:
            edited = entry.seq
        elif entry.type in v.NOTIFICATIONS:
            data = v.payload(entry)
            told[data.channel] = max(data.last, told.get(data.channel, -1))
    if was_at_rest or (is_first and not told):
        begun = started if edited is None else edited
        # Another node that led may have gone before it told what happened then.
        untold = settled if others_led else newest
        since = untold if begun is None else begun - 1
        channels = {name: ChannelNews(settled=since) for name in audience.receivers}
        return Telling(reader.ledger_id, since, _hash_of(reader, since), channels)
    since = settled if started is None else min(settled, started - 1)
    cursor = begin - 1 if told else since
    channels = {
        name: ChannelNews(settled=told.get(name, since), unsure=True) for name in {*audience.receivers, *told}
    }
    return Telling(reader.ledger_id, cursor, _hash_of(reader, cursor), channels)


def settled_of_new(reader: CommittedReader, cursor: int) -> int:
    """Up to where the news of a channel are settled that the config has since the last look, at entry `cursor`.

    It is told of what comes from the first edit behind that on.

    Raises:
        Corrupt, Unavailable: the ledger is damaged, or cannot be read.
    """
    for entry in islice(reader.read(cursor + 1), LOOKBACK_ENTRIES):
        if entry.type == v.ConfigAccepted.TYPE:
            return entry.seq - 1
    return cursor


def entry_at(reader: CommittedReader, seq: int) -> Entry | None:
    """A committed entry; None if there is none of this number.

    Raises:
        Corrupt, Unavailable: the ledger is damaged, or cannot be read.
    """
    if not 0 <= seq <= reader.newest_seq:
        return None
    return next(reader.read(seq), None)


def is_of_this_ledger(telling: Telling, reader: CommittedReader) -> bool:
    """Whether the entry that was looked at last is still what it was; see `is_as_it_was`."""
    if any(each.settled > reader.newest_seq for each in telling.channels.values()):
        return False
    return is_as_it_was(reader, telling.cursor, telling.cursor_hash)


def is_as_it_was(reader: CommittedReader, seq: int, entry_hash: str) -> bool:
    """Whether an entry is still what it was when it was looked at: not so after a restore.

    Nor where it was archived since, and the archive cannot be read. Before the first entry (-1) is nothing.
    """
    if seq < 0:
        return True
    try:
        found = entry_at(reader, seq)
    except Archived:
        return False
    return found is not None and found.hash == entry_hash


def _hash_of(reader: CommittedReader, seq: int) -> str:
    found = entry_at(reader, seq)
    return "" if found is None else found.hash
