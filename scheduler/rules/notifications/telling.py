"""The fold: which entries are news, for which channels. Pure rules.

| entry | kind |
|---|---|
| `run.finished`, the final one: failed or timed out, so many in a row | `failure` |
| the same: lost or unknown | `lost` |
| the same: succeeded, after something of the job that the channel was told | `recovery` |
| the same, however it came out, where that is told as nothing else | `finished` |
| `run.skipped` | `skipped` |
| `schedule.misfired`, unless a person wanted that caught up | `missed` |
| `expectation.breached`, and `expectation.met` behind it | `late`, `recovery` |
| `run.started`, the first attempt, for monitoring services alone | `started` |

A run that is cancelled is no failure, nor is one whose place another one takes. What is lost, unknown or cancelled
neither counts as one of several failures in a row nor ends them.
"""

# ruff: noqa: ARG001 - every type of entry is taken up by a function of the same arguments

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from eventstore.store import Entry
from scheduler import vocabulary as v
from scheduler.entry_members import NotificationKind
from scheduler.rules.notifications.audience import Audience, Subscription
from scheduler.rules.notifications.news import Bundle, ChannelNews, JobNews, News, Telling, Told

REPLACED_MAX: Final = 10_000
BREACHES_MAX: Final = 100
"""So many breaches of one job are remembered at most, the newest."""


def fold(telling: Telling, entry: Entry, audience: Audience) -> None:
    """Take an entry up: the one behind the cursor.

    Raises:
        UnfitPayload: its payload is not what its type says.
    """
    telling.cursor, telling.cursor_hash = entry.seq, entry.hash
    take = _TAKERS.get(entry.type)
    if take is not None:
        take(telling, entry, audience)


def _started(telling: Telling, entry: Entry, audience: Audience) -> None:
    wanted = [each for each in _subscriptions(entry, audience) if each.each_run]
    if wanted and v.payload(entry).attempt == 1:
        for each in wanted:
            _tell(telling, each.channel, News(entry.seq, "started", entry.job or ""))


def _cancel_requested(telling: Telling, entry: Entry, audience: Audience) -> None:
    if entry.run is None or not audience.of(entry.job or ""):
        return
    if v.payload(entry).replaced_by is not None and entry.run not in telling.replaced:
        telling.replaced = [*telling.replaced[1 - REPLACED_MAX :], entry.run]


def _was_replaced(telling: Telling, run: int | None) -> bool:
    """Whether another run takes the place of one that ends now."""
    if run not in telling.replaced:
        return False
    telling.replaced = [each for each in telling.replaced if each != run]
    return True


def _skipped(telling: Telling, entry: Entry, audience: Audience) -> None:
    _was_replaced(telling, entry.run)
    for each in _subscriptions(entry, audience):
        if each.wants("skipped"):
            _tell(telling, each.channel, News(entry.seq, "skipped", entry.job or ""))


def _misfired(telling: Telling, entry: Entry, audience: Audience) -> None:
    wanted = [each for each in _subscriptions(entry, audience) if each.wants("missed")]
    if wanted and v.payload(entry).reason != "paused":
        for each in wanted:
            _tell(telling, each.channel, News(entry.seq, "missed", entry.job or ""))


def _breached(telling: Telling, entry: Entry, audience: Audience) -> None:
    wanted = [each.channel for each in _subscriptions(entry, audience) if each.wants("late")]
    if not wanted:
        return
    job = telling.jobs.setdefault(entry.job or "", JobNews())
    job.breaches[entry.seq] = {channel: Told([entry.seq]) for channel in wanted}
    while len(job.breaches) > BREACHES_MAX:
        del job.breaches[next(iter(job.breaches))]
    for channel in wanted:
        _tell(telling, channel, News(entry.seq, "late", entry.job or ""))


def _met(telling: Telling, entry: Entry, audience: Audience) -> None:
    job = telling.jobs.get(entry.job or "")
    if job is None:
        return
    breach = v.payload(entry).breach
    breached = job.breaches.pop(breach, {})
    for each in _subscriptions(entry, audience):
        told = breached.get(each.channel)
        if told is not None and each.wants("recovery"):
            news = News(entry.seq, "recovery", entry.job or "", ends=_open_end(told))
            _tell(telling, each.channel, news)
    _forget(telling, entry.job or "", job)


def _finished(telling: Telling, entry: Entry, audience: Audience) -> None:
    subscriptions, name = _subscriptions(entry, audience), entry.job or ""
    if not subscriptions and name not in telling.jobs and entry.run not in telling.replaced:
        return
    data: v.RunFinished = v.payload(entry)
    if data.retry_at is not None:
        return
    job = telling.jobs.get(name, JobNews())
    was_replaced = _was_replaced(telling, entry.run)
    failed = data.outcome in ("failed", "timed_out") and not was_replaced
    if failed:
        job.failures += 1
    for each in subscriptions:
        news = _news(each, entry, data, job, failed=failed)
        if news is not None:
            _tell(telling, each.channel, news)
            if news.kind in ("failure", "lost"):
                job.told.setdefault(each.channel, Told()).add(entry.seq)
    if data.outcome == "succeeded":
        job.failures, job.told = 0, {}
    _forget(telling, name, job)


def _news(
    subscription: Subscription, entry: Entry, data: v.RunFinished, job: JobNews, *, failed: bool
) -> News | None:
    """What the end of a run is told as; None: as nothing."""
    name = entry.job or ""
    if failed and subscription.wants("failure") and job.failures >= subscription.threshold:
        return News(entry.seq, "failure", name, job.failures)
    if data.outcome in ("lost", "unknown") and subscription.wants("lost"):
        return News(entry.seq, "lost", name)
    told = job.told.get(subscription.channel)
    if data.outcome == "succeeded" and told is not None and subscription.wants("recovery"):
        otherwise: NotificationKind | None = "finished" if subscription.wants("finished") else None
        return News(entry.seq, "recovery", name, job.failures, _open_end(told), otherwise)
    return News(entry.seq, "finished", name) if subscription.wants("finished") else None


def _removed(telling: Telling, entry: Entry, audience: Audience) -> None:
    """What it did counts no more. The end of what is late is an entry of its own, behind this one."""
    if (job := telling.jobs.get(entry.job or "")) is not None:
        job.failures, job.told = 0, {}
        _forget(telling, entry.job or "", job)


def _defined(telling: Telling, entry: Entry, audience: Audience) -> None:
    audience.define(v.payload(entry).definition)


def _adopted(telling: Telling, entry: Entry, audience: Audience) -> None:
    """The home is a copy: what was pending in the original is told by that one too."""
    for channel in telling.channels.values():
        if channel.parcel is not None:
            channel.parcel.uncertain = True
        channel.unsure = channel.unsure or channel.gathered is not None


def _sent(telling: Telling, entry: Entry, audience: Audience) -> None:
    data: v.NotificationSent = v.payload(entry)
    _settle(telling, data)
    if (channel := telling.channels.get(data.channel)) is not None:
        channel.told = entry.time


def _failed(telling: Telling, entry: Entry, audience: Audience) -> None:
    data: v.NotificationFailed = v.payload(entry)
    _settle(telling, data)
    if (channel := telling.channels.get(data.channel)) is not None:
        channel.given_up = entry.time
        _withdraw(channel, data.last)


def _withdraw(channel: ChannelNews, untold_until: int) -> None:
    """Nobody is told of the end of something that they were never told of."""
    for each in [] if channel.gathered is None else list(channel.gathered.shown):
        if each.ends is None or each.ends > untold_until or channel.gathered is None:
            continue
        if each.otherwise is not None:
            channel.gathered = channel.gathered.retold(each, each.otherwise)
        else:
            channel.gathered = channel.gathered.without(each)


def _settle(telling: Telling, data: v.NotificationSent | v.NotificationFailed) -> None:
    """What the entry tells of is neither to be told nor on its way any more."""
    arrived = isinstance(data, v.NotificationSent)
    for name, job in list(telling.jobs.items()):
        job.settle(data.channel, data.last, arrived=arrived)
        _forget(telling, name, job)
    channel = telling.channels.get(data.channel)
    if channel is None:
        return
    channel.settled = max(channel.settled, data.last)
    parcel = channel.parcel
    if parcel is not None and parcel.bundle.last <= data.last:
        channel.parcel = None
    gathered = channel.gathered
    if gathered is not None and gathered.last <= data.last:
        channel.gathered = None
    elif gathered is not None and gathered.first <= data.last:
        channel.unsure = True  # what is kept is older than what was told, as after a full disk


def _tell(telling: Telling, name: str, news: News) -> None:
    channel = telling.channels.setdefault(name, ChannelNews())
    if news.seq <= channel.settled:
        return
    if channel.gathered is None:
        channel.gathered = Bundle.of(news)
    else:
        channel.gathered.add(news)


def _open_end(told: Told) -> int | None:
    """What a recovery ends, where it depends on that whether anybody wants to know of it."""
    return None if told.arrived or not told.pending else told.pending[-1]


def _subscriptions(entry: Entry, audience: Audience) -> tuple[Subscription, ...]:
    return () if entry.job is None else audience.of(entry.job)


def _forget(telling: Telling, name: str, job: JobNews) -> None:
    """Keep what is known of a job, if anything is wrong with it."""
    if job.is_empty:
        telling.jobs.pop(name, None)
    else:
        telling.jobs[name] = job


_TAKERS: Final[dict[str, Callable[[Telling, Entry, Audience], None]]] = {
    v.RunStarted.TYPE: _started,
    v.RunFinished.TYPE: _finished,
    v.RunSkipped.TYPE: _skipped,
    v.RunCancelRequested.TYPE: _cancel_requested,
    v.ScheduleMisfired.TYPE: _misfired,
    v.ExpectationBreached.TYPE: _breached,
    v.ExpectationMet.TYPE: _met,
    v.JobDefined.TYPE: _defined,
    v.JobRemoved.TYPE: _removed,
    v.HomeAdopted.TYPE: _adopted,
    v.NotificationSent.TYPE: _sent,
    v.NotificationFailed.TYPE: _failed,
}
