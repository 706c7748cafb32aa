"""Who is told of a job, and of what: its `notify`, and the channels that bear one of its tags. Pure rules."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

import msgspec

from scheduler.definition import JobDefinition, Notify
from scheduler.entry_members import NotificationKind

WHEN_DEFAULT: Final[tuple[NotificationKind, ...]] = ("failure",)
THRESHOLD_DEFAULT: Final = 1
DIGEST_MS_DEFAULT: Final = 60_000


class Receiver(msgspec.Struct, frozen=True, kw_only=True):
    """What the config says of a channel, as far as it decides what is told there.

    Attributes:
        name: of the channel.
        tags: it is told of the jobs that bear one of these, whatever their `notify` says.
        when: what it is told; empty: failures.
        threshold: failures are told of from so many in a row on; None: from the first one on.
        digest_ms: no two messages are closer than this.
        each_run: it is told the start and the end of each run, and nothing else.
    """

    name: str
    tags: tuple[str, ...] = ()
    when: tuple[NotificationKind, ...] = ()
    threshold: int | None = None
    digest_ms: int = DIGEST_MS_DEFAULT
    each_run: bool = False


class Subscription(msgspec.Struct, frozen=True):
    """What one channel is told of one job."""

    channel: str
    when: tuple[NotificationKind, ...]
    threshold: int
    each_run: bool = False

    def wants(self, kind: NotificationKind) -> bool:
        """Whether such news are told there."""
        return kind in self.when


class _Known(msgspec.Struct, frozen=True):
    """What is remembered of a definition."""

    tags: tuple[str, ...]
    notify: Notify | None
    timezone: str


_EACH_RUN: Final[tuple[NotificationKind, ...]] = ("started", "failure", "lost", "finished")


class Audience:
    """The subscriptions of all jobs.

    A job's own `notify` wins over what the channel says; what neither says is failures, from the first one on.

    Args:
        definitions: of the jobs, the last one of each that is no longer in the config too.
        receivers: the channels of the config, by name.
    """

    def __init__(self, definitions: Iterable[JobDefinition], receivers: Mapping[str, Receiver]) -> None:
        self.receivers = receivers
        self._known: dict[str, _Known] = {}
        self._subscriptions: dict[str, tuple[Subscription, ...]] = {}
        for definition in definitions:
            self.define(definition)

    def define(self, definition: JobDefinition) -> None:
        """A job has this definition from now on."""
        self._subscriptions.pop(definition.name, None)
        if definition.tags or definition.notify is not None:
            self._known[definition.name] = _Known(definition.tags, definition.notify, definition.timezone)
        else:
            self._known.pop(definition.name, None)

    def receive(self, receivers: Mapping[str, Receiver]) -> None:
        """The config has these channels from now on."""
        self.receivers = receivers
        self._subscriptions.clear()

    def of(self, job: str) -> tuple[Subscription, ...]:
        """The subscriptions of a job, in the order in which it names the channels."""
        found = self._subscriptions.get(job)
        if found is None:
            known = self._known.get(job)
            found = () if known is None else _subscriptions(known, self.receivers)
            self._subscriptions[job] = found
        return found

    def timezone(self, job: str) -> str:
        """The zone of a job that somebody may be told of; UTC of another one."""
        known = self._known.get(job)
        return "UTC" if known is None else known.timezone


def _subscriptions(known: _Known, receivers: Mapping[str, Receiver]) -> tuple[Subscription, ...]:
    notify = known.notify
    named = {} if notify is None else dict.fromkeys(notify.channels, notify)
    tagged = [each.name for each in receivers.values() if set(each.tags).intersection(known.tags)]
    found = []
    for name in dict.fromkeys((*named, *tagged)):
        receiver = receivers.get(name)
        if receiver is None:
            continue
        own = named.get(name)
        when = (() if own is None else own.when) or receiver.when or WHEN_DEFAULT
        threshold = (None if own is None else own.threshold) or receiver.threshold or THRESHOLD_DEFAULT
        if receiver.each_run:
            when, threshold = _EACH_RUN, 1
        found.append(Subscription(name, when, threshold, receiver.each_run))
    return tuple(found)
