"""News, and what is known of them: per channel what is to be told, per job what went wrong and was told.

All of this is kept over restarts in a file beside the ledger. Its size grows with the number of channels, and of jobs
that something is wrong with, never with history.
"""

from __future__ import annotations

from datetime import datetime
from typing import Final

import msgspec

from scheduler.entry_members import NOTIFICATION_KINDS, NotificationKind

SHOWN_MAX: Final = 50
"""So many news of a message are told one by one; the others are counted."""
PENDING_MAX: Final = 8
"""So many entries of one job that a channel is still to be told of are remembered: the oldest, and the newest."""
_RANKS: Final = {kind: rank for rank, kind in enumerate(NOTIFICATION_KINDS)}


class News(msgspec.Struct, frozen=True, omit_defaults=True):
    """Something to tell.

    Attributes:
        seq: the entry; kind: what it is told as; job: which one it is about.
        failures: how many in a row there were then.
        ends: of a recovery, the newest entry that it ends, as long as nobody was told of any of them.
        otherwise: what it is told as if nobody ever is; None: as nothing.
    """

    seq: int
    kind: NotificationKind
    job: str
    failures: int = 0
    ends: int | None = None
    otherwise: NotificationKind | None = None


class Bundle(msgspec.Struct, omit_defaults=True):
    """News for one channel that are told together, in the order of the ledger.

    Attributes:
        first, last: entries; count: how many news there are.
        counts: how many of each kind.
        shown: those that are told one by one, what matters most.
    """

    first: int
    last: int
    count: int
    counts: dict[NotificationKind, int]
    shown: list[News]

    @classmethod
    def of(cls, news: News) -> Bundle:
        """One piece of news."""
        return cls(news.seq, news.seq, 1, {news.kind: 1}, [news])

    def add(self, news: News) -> None:
        """One more, of a later entry."""
        self.last = news.seq
        self.count += 1
        self.counts[news.kind] = self.counts.get(news.kind, 0) + 1
        if len(self.shown) < SHOWN_MAX:
            self.shown.append(news)
            return
        least = max(_RANKS[each.kind] for each in self.shown)
        if _RANKS[news.kind] < least:
            # The newest of the least important ones makes room.
            at = max(place for place, each in enumerate(self.shown) if _RANKS[each.kind] == least)
            del self.shown[at]
            self.shown.append(news)

    def retold(self, news: News, kind: NotificationKind) -> Bundle:
        """The same, but one that it shows is told as another kind."""
        other = News(news.seq, kind, news.job)
        counts = {**self.counts, news.kind: self.counts[news.kind] - 1}
        counts[kind] = counts.get(kind, 0) + 1
        shown = [other if each == news else each for each in self.shown]
        return Bundle(self.first, self.last, self.count, _positive(counts), shown)

    def without(self, dropped: News) -> Bundle | None:
        """The same without one that it shows; None if nothing is left.

        A message shows something: the last one stays where others are only counted, told as an end like any other.
        """
        if self.count == 1:
            return None
        shown = [each for each in self.shown if each != dropped]
        if not shown:
            return self.retold(dropped, "finished")
        counts = {**self.counts, dropped.kind: self.counts[dropped.kind] - 1}
        # Where all are shown, it is known what comes first and last; else it is enough that none lies outside.
        whole = self.count == len(self.shown)
        first = shown[0].seq if whole else self.first
        last = shown[-1].seq if whole else self.last
        return Bundle(first, last, self.count - 1, _positive(counts), shown)


def _positive(counts: dict[NotificationKind, int]) -> dict[NotificationKind, int]:
    return {kind: count for kind, count in counts.items() if count}


class Parcel(msgspec.Struct, omit_defaults=True):
    """A message on its way: what it tells does not change any more.

    Attributes:
        bundle: what it tells.
        tries: how many were begun.
        waited_ms: how long it waited between them, all in all.
        next_try: when the next one is due; None: at once.
        wait_ms: how long it waits for that.
        on_the_way: a try was begun, and how it ended is not known.
        uncertain: some try ended, or was cut off, so that it may have arrived.
        arrived: the receiver took it, and that is still to be recorded.
        hopeless: no other try is made, which is still to be recorded.
        error: how the last try failed.
    """

    bundle: Bundle
    tries: int = 0
    waited_ms: int = 0
    next_try: datetime | None = None
    wait_ms: int = 0
    on_the_way: bool = False
    uncertain: bool = False
    arrived: bool = False
    hopeless: bool = False
    error: str = ""

    @property
    def is_settled(self) -> bool:
        """Whether no try is to be made."""
        return self.arrived or self.hopeless


class ChannelNews(msgspec.Struct, omit_defaults=True):
    """What is to be told to one channel.

    Attributes:
        gathered: what no message tells of yet.
        parcel: the message on its way; None: none is.
        made: when the last message was made.
        told: when a message was taken last; given_up: when one was given up last.
        settled: news of entries up to this one are settled: they were told, or given up.
        unsure: its memory was lost, so that what it is told may be a repetition.
    """

    gathered: Bundle | None = None
    parcel: Parcel | None = None
    made: datetime | None = None
    told: datetime | None = None
    given_up: datetime | None = None
    settled: int = -1
    unsure: bool = False


class Told(msgspec.Struct, omit_defaults=True):
    """What a channel is told of what is wrong with a job.

    Attributes:
        pending: the entries of which it is still to be told, the newest at the end.
        arrived: it was told of one.
    """

    pending: list[int] = []
    arrived: bool = False

    def add(self, seq: int) -> None:
        """It is to be told of one more."""
        self.pending = [*self.pending[:1], *self.pending[1:][2 - PENDING_MAX :], seq]

    def settle(self, until: int, *, arrived: bool) -> None:
        """It was told of those up to an entry, or it could not be."""
        left = [seq for seq in self.pending if seq > until]
        self.arrived = self.arrived or (arrived and len(left) < len(self.pending))
        self.pending = left

    @property
    def is_empty(self) -> bool:
        """Whether it was told of nothing, and is not to be."""
        return not (self.pending or self.arrived)


class JobNews(msgspec.Struct, omit_defaults=True):
    """What went wrong with a job, since it last succeeded.

    Attributes:
        failures: how many final failures there were in a row.
        told: the channels that are told of them, or of lost runs.
        breaches: the breaches of expectations that have not ended, each with the channels that are told of it.
    """

    failures: int = 0
    told: dict[str, Told] = {}
    breaches: dict[int, dict[str, Told]] = {}

    @property
    def is_empty(self) -> bool:
        """Whether nothing is wrong."""
        return not (self.failures or self.told or self.breaches)

    def settle(self, channel: str, until: int, *, arrived: bool) -> None:
        """A channel was told of what came up to an entry, or could not be."""
        for told in (self.told, *self.breaches.values()):
            if channel in told:
                told[channel].settle(until, arrived=arrived)
                if told[channel].is_empty:
                    del told[channel]
        self.breaches = {breach: told for breach, told in self.breaches.items() if told}


class Telling(msgspec.Struct, omit_defaults=True):
    """All that a follower knows, up to and including entry `cursor`.

    Attributes:
        ledger: its id; cursor_hash: of that entry, by which another ledger is told apart.
        channels: by name; jobs: by name, where something is wrong.
        replaced: runs that were asked to stop so that another one can take their place, and have not ended.
    """

    ledger: str
    cursor: int
    cursor_hash: str = ""
    channels: dict[str, ChannelNews] = {}
    jobs: dict[str, JobNews] = {}
    replaced: list[int] = []


def is_moment(read: datetime) -> bool:
    """Whether what was read of a file can be computed with: it has a zone, and is not the first or last there is."""
    return read.tzinfo is not None and 1 < read.year < 9_999


def wait_until(moment: datetime | None, now: datetime, at_most_ms: int) -> float:
    """How many seconds it is until a moment.

    One that is further away than it ever is, `at_most_ms`, has come: the clock was set back.
    """
    left_s = 0.0 if moment is None else (moment - now).total_seconds()
    return left_s if 0 < left_s <= at_most_ms / 1_000 else 0.0
