"""What follows the ledger and has people told: it looks at what is new, makes messages, tries them, records the end.

It takes no lock to read, waits for nobody, and appends at most once a second. What is to be told is kept before it is
tried, so that a message that is tried again after a crash has the same id.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from contextlib import closing
from datetime import datetime
from typing import Final

from eventstore.errors import Archived, LedgerError, Poisoned
from eventstore.head import last_append_ns
from eventstore.store import Event
from scheduler import vocabulary as v
from scheduler.home import Home
from scheduler.ledger.open import open_ledger_to_read
from scheduler.nodes.node_identity import leads_here, node_name
from scheduler.notifications.channels_in_force import ChannelsInForce
from scheduler.notifications.deliveries import Deliveries, Opener
from scheduler.notifications.message_writer import MessageWriter, NoSuchNews
from scheduler.notifications.recollection import entry_at, is_of_this_ledger, recollect, settled_of_new
from scheduler.notifications.records import records
from scheduler.notifications.state_file import come_to_rest, is_at_rest, read_telling, write_telling
from scheduler.rules.notifications.audience import Audience
from scheduler.rules.notifications.delivery import (
    begin_try,
    cut_off,
    end_try,
    fail_try,
    make_parcel,
    wait_s,
)
from scheduler.rules.notifications.news import ChannelNews, Telling
from scheduler.rules.notifications.telling import fold
from scheduler.store import open_committed, open_store_to_append

LOOK_S: Final = 0.5
"""How often it looks whether anything is new."""
BUSY_LOOKS_MAX: Final = 6
"""So many looks it waits at most until nothing was appended from one to the next: runs that start come first."""
TURN_ENTRIES: Final = 20_000
"""So many entries are taken up at a time: it bounds how long a try that is due waits."""
RECORD_S: Final = 1.0
AGAIN_S: Final = 5.0
"""So long after the ledger could not be written it is tried again."""
SHUTDOWN_S: Final = 2.0
"""So long are tries waited for at the end."""
_CONFIG_TYPES: Final = frozenset({v.ConfigAccepted.TYPE, v.JobDefined.TYPE, v.SchedulerStarted.TYPE})


class Follower:
    """Has people told what becomes of a home's jobs.

    Args:
        home: the home; opener: makes the way to a receiver.
        now: the wall clock; seconds: a clock that is never set.
        is_first: nothing says that anybody has followed this ledger before.

    Attributes:
        telling: what is known; deliveries: the tries that are going on.

    Raises:
        LedgerError: the ledger cannot be read.
    """

    def __init__(
        self,
        home: Home,
        opener: Opener,
        now: Callable[[], datetime],
        seconds: Callable[[], float],
        *,
        is_first: bool,
    ) -> None:
        self._home, self._now, self._seconds = home, now, seconds
        self.deliveries = Deliveries(opener)
        self._channels = ChannelsInForce(home)
        self._channels.refresh()
        self._reader = open_committed(home)
        self._other_leads = False
        self._audience, mark = self._read_state()
        self._writer = MessageWriter(
            home, self._reader.ledger_id, lambda seq: entry_at(self._reader, seq), self._audience, mark
        )
        self.telling = self._remembered(is_first=is_first)
        self._dirty = True
        self._record_at_s = 0.0
        self._busy_looks = 0
        self._seen_append_ns = -1
        self._behind = True

    def turn(self, timeout_s: float = 0.0, *, last: bool = False) -> None:
        """Do what is due, then wait for what comes next.

        Args:
            timeout_s: how long it waits at most.
            last: nothing more will be recorded: look at all there is.

        Raises:
            LedgerError: the ledger is damaged, or this process can write nothing more.
        """
        if self._channels.refresh():
            self._audience.receive(self._channels.receivers)
            self._dirty = True
        self._follow(last=last)
        if not self._behind:
            self._make_parcels()
        self._keep()
        if self._other_leads:
            return
        self._begin_tries()
        self.take(0.0)
        self._record(last=last)
        self._keep()
        if timeout_s > 0:
            self.take(min(timeout_s, self._wait_s()))

    def finish(self) -> None:
        """Look at all there is, wait a moment for tries, and record how they ended.

        Raises:
            LedgerError: the ledger is damaged, or this process can write nothing more.
        """
        self.turn(last=True)
        give_up_s = self._seconds() + SHUTDOWN_S
        while self.under_way and (left_s := give_up_s - self._seconds()) > 0:
            self.take(left_s)
        if self._other_leads:
            return
        # No try begins any more: it would be cut off.
        self._record(last=True)
        self._keep()

    @property
    def is_idle(self) -> bool:
        """Whether the config has no channels, and nothing is left to be recorded of any."""
        return self._channels.are_known and not self._channels.settings and not self.telling.channels

    @property
    def is_deposed(self) -> bool:
        """Whether another node leads, as far as all there is to be read says: it has people told."""
        return self._other_leads and not self._behind

    @property
    def under_way(self) -> frozenset[str]:
        """The channels to which a try is going on, or whose try has ended and was not taken up."""
        return self.deliveries.under_way

    def wake(self) -> None:
        """End the wait of a turn; a signal handler may call it."""
        self.deliveries.ended.put(None)

    def close(self) -> None:
        """Close all files; where nobody is told of anything, that alone is kept."""
        if self.is_idle:
            come_to_rest(self._home.notifications)
        self._reader.close()

    def _read_state(self) -> tuple[Audience, str]:
        """Who is told of which job, and the mark of a home that is a copy."""
        ledger = open_ledger_to_read(self._home)
        with closing(ledger.store):
            definitions = [job.definition for job in ledger.state.jobs.values()]
        self._other_leads = not leads_here(ledger.state)
        return Audience(definitions, self._channels.receivers), ledger.state.home

    def _remembered(self, *, is_first: bool) -> Telling:
        """What is kept, if it is of this ledger; else what the ledger says."""
        self._reader.refresh()
        found = read_telling(self._home.notifications, self._reader.ledger_id)
        if found is None or not is_of_this_ledger(found, self._reader):
            was_at_rest = is_at_rest(self._home.notifications)
            return recollect(self._reader, self._audience, is_first=is_first, was_at_rest=was_at_rest)
        cut_off(found)
        if new := self._channels.receivers.keys() - found.channels.keys():
            settled = settled_of_new(self._reader, found.cursor)
            found.channels |= {name: ChannelNews(settled=settled) for name in new}
        return found

    def _follow(self, *, last: bool) -> None:
        """Take up what is new, once nothing is appended for a moment."""
        for name in self._channels.settings:
            self.telling.channels.setdefault(name, ChannelNews(settled=self.telling.cursor))
        if not (last or self._behind or self._is_quiet()):
            return
        while True:
            taken = 0
            for entry in self._reader.read(self.telling.cursor + 1):
                fold(self.telling, entry, self._audience)
                if entry.type in _CONFIG_TYPES:
                    self._writer.config_changed()
                elif entry.type == v.LeaderElected.TYPE:
                    self._other_leads = v.payload(entry).node != node_name()
                taken += 1
                if taken == TURN_ENTRIES:
                    break
            # The cursor need not be kept at once: what is read again changes nothing.
            self._dirty = self._dirty or taken > 0
            self._behind = taken == TURN_ENTRIES or self._reader.pending
            if not (last and taken == TURN_ENTRIES):
                return

    def _is_quiet(self) -> bool:
        """Whether nothing was appended since the last look; and, after some looks, whatever was."""
        append_ns = last_append_ns(self._home.ledger)
        if append_ns is None:
            return True
        moved, self._seen_append_ns = append_ns != self._seen_append_ns, append_ns
        self._busy_looks = self._busy_looks + 1 if moved else 0
        if moved and self._busy_looks <= BUSY_LOOKS_MAX:
            return False
        self._busy_looks = 0
        return True

    def _make_parcels(self) -> None:
        now = self._now()
        for name, receiver in self._channels.receivers.items():
            channel = self.telling.channels.get(name)
            if channel is not None and make_parcel(channel, receiver, now):
                self._dirty = True

    def _begin_tries(self) -> None:
        now = self._now()
        for name, settings in self._channels.settings.items():
            channel = self.telling.channels.get(name)
            if channel is None or channel.parcel is None or name in self.under_way:
                continue
            if wait_s(channel, self._channels.receivers[name], now) != 0:
                continue
            try:
                message = self._writer.message(name, channel.parcel)
            except NoSuchNews as problem:
                fail_try(channel.parcel, now, str(problem), permanent=True, uncertain=False)
                continue
            except Archived as problem:
                fail_try(channel.parcel, now, str(problem), permanent=False, uncertain=False)
                continue
            begin_try(channel.parcel)
            self._dirty = True
            # What a crash would make uncertain has to be known after it; of later tries the disk knows it then.
            self._keep(durable=channel.parcel.tries == 1)
            self.deliveries.begin(settings, message)

    def take(self, timeout_s: float) -> None:
        """Take up how tries ended, once one has."""
        for channel_name, message_id, problem in self.deliveries.take(timeout_s):
            channel = self.telling.channels.get(channel_name)
            parcel = None if channel is None else channel.parcel
            if parcel is None or self._writer.id_of(channel_name, parcel.bundle) != message_id:
                continue
            self._dirty = True
            if problem is None:
                end_try(parcel)
            else:
                fail_try(
                    parcel,
                    self._now(),
                    problem.reason,
                    permanent=problem.permanent,
                    uncertain=problem.uncertain,
                    refused_ms=round(problem.wait_s * 1_000),
                )

    def _record(self, *, last: bool) -> None:
        """Record what became of messages, at most once a second."""
        now_s = self._seconds()
        if now_s < self._record_at_s and not last:
            return
        events = self._events()
        if not events:
            return
        self._record_at_s = now_s + RECORD_S
        try:
            store = open_store_to_append(self._home, v.SCHEDULER, create=False)
            with closing(store):
                store.append(events)
        except Poisoned:
            raise
        except (LedgerError, OSError):
            self._record_at_s = now_s + AGAIN_S
            return
        # What was recorded counts once it is read again, with whatever others have appended.
        self._behind = True
        self._follow(last=True)

    def _events(self) -> list[Event]:
        if not self._channels.are_known:
            return []
        events = []
        for name, channel in list(self.telling.channels.items()):
            is_gone = name not in self._channels.settings
            if name in self.under_way:
                continue
            events += records(name, channel, self._writer.id_of, is_gone=is_gone)
            if is_gone and channel.parcel is None and channel.gathered is None:
                del self.telling.channels[name]
                self._dirty = True
        return events

    def _keep(self, *, durable: bool = False) -> None:
        if self._dirty:
            # On a full disk it goes on with what it knows, until that can be kept.
            with contextlib.suppress(OSError):
                write_telling(self._home.notifications, self.telling, durable=durable)
                self._dirty = False

    def _wait_s(self) -> float:
        now, waits = self._now(), [LOOK_S]
        for name, receiver in self._channels.receivers.items():
            channel = self.telling.channels.get(name)
            found = None if channel is None else wait_s(channel, receiver, now)
            if found is not None and name not in self.under_way:
                waits.append(max(found, 0.01))
        return 0.0 if self._behind and not self._reader.pending else min(waits)
