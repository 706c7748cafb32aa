"""An auditor of what people were told: it counts anew, from the whole ledger, and shares no rule with what it audits.

A channel is described by a table of what it wants; what it should be told follows from all entries at once.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import NamedTuple

from eventstore.store import Entry
from scheduler import vocabulary as v
from scheduler.notifications.message import Message

FAILED = ("failed", "timed_out")


class Wish(NamedTuple):
    """What a channel wants to know of which jobs."""

    jobs: frozenset[str]
    when: frozenset[str]
    threshold: int = 1


class _End(NamedTuple):
    """How a run ended for good; `counts` is whether it is one of several failures in a row."""

    seq: int
    outcome: str
    counts: bool


def audit(entries: Sequence[Entry], messages: Sequence[Message], wishes: dict[str, Wish]) -> None:
    """Everything was told that was to be, once, in order, or given up on record; repetitions say so."""
    for channel, wish in wishes.items():
        records = [v.payload(each) for each in entries if each.type in v.NOTIFICATIONS]
        own = [each for each in records if each.channel == channel]
        got = [each for each in messages if each.channel == channel]
        _check_order(own)
        _check_arrivals(own, got)
        _check_repetitions(got)
        _check_news(entries, own, got, wish)


def _check_order(records: Sequence[v.NotificationSent | v.NotificationFailed]) -> None:
    """No two entries about a channel tell of the same."""
    ranges = [(each.first, each.last) for each in records]
    assert all(before[1] < after[0] for before, after in pairwise(ranges)), ranges
    for each in records:
        assert each.first <= each.last
        assert each.count == sum(each.kinds.values())
        if each.about:
            assert (each.about[0], each.about[-1], len(each.about)) == (each.first, each.last, each.count)


def _check_arrivals(
    records: Sequence[v.NotificationSent | v.NotificationFailed], got: Sequence[Message]
) -> None:
    """What is recorded as sent arrived under this id."""
    arrived = {each.id: each for each in got}
    for each in records:
        if isinstance(each, v.NotificationSent):
            message = arrived[each.message]
            assert message.counts == each.kinds
            assert message.omitted + len(message.notices) == each.count
            if each.about:
                assert [notice.seq for notice in message.notices] == each.about


def _check_repetitions(got: Sequence[Message]) -> None:
    """What was told before is told again only by a message that says so."""
    known: set[int] = set()
    for message in got:
        seqs = {notice.seq for notice in message.notices}
        assert message.repeated or not known & seqs, (message.id, known & seqs)
        known |= seqs


def _check_news(
    entries: Sequence[Entry],
    records: Sequence[v.NotificationSent | v.NotificationFailed],
    got: Sequence[Message],
    wish: Wish,
) -> None:
    """All that the channel wants is in some entry about it, and nothing else was ever told."""

    def settled(seq: int) -> bool:
        return any(each.first <= seq <= each.last for each in records)

    def sent(seq: int) -> bool:
        return any(each.first <= seq <= each.last for each in records if isinstance(each, v.NotificationSent))

    wanted, allowed = _expected(entries, wish, sent)
    assert all(settled(seq) for seq in wanted), [seq for seq in wanted if not settled(seq)]
    sent_seqs = {seq for each in records if isinstance(each, v.NotificationSent) for seq in each.about}
    assert not sent_seqs & allowed.keys(), sent_seqs & allowed.keys()
    listed = {seq for each in records for seq in each.about}
    told = {notice.seq: notice.kind for message in got for notice in message.notices}
    assert listed <= wanted.keys() | allowed.keys(), listed - wanted.keys() - allowed.keys()
    for seq, kind in told.items():
        assert kind in (wanted | allowed)[seq], (seq, kind)
    whole = [each for each in records if not each.about]
    for each in whole:
        inside = [seq for seq in wanted if each.first <= seq <= each.last]
        assert len(inside) <= each.count


def _expected(
    entries: Sequence[Entry], wish: Wish, sent: Callable[[int], bool]
) -> tuple[dict[int, str], dict[int, str]]:
    """What has to be told, and what may be given up: the end of something that nobody could be told of."""
    wanted: dict[int, str] = {}
    allowed: dict[int, str] = {}
    kinds = {v.RunSkipped.TYPE: "skipped", v.ScheduleMisfired.TYPE: "missed"}
    for job in sorted(wish.jobs):
        own = [each for each in entries if each.job == job]
        ends = _ends(own)
        for at in range(len(ends)):
            _judge(ends, at, wish, sent, wanted, allowed)
        for each in own:
            kind = kinds.get(each.type, "")
            if kind in wish.when and getattr(v.payload(each), "reason", "") != "paused":
                wanted[each.seq] = kind
    return wanted, allowed


def _ends(entries: Sequence[Entry]) -> list[_End]:
    """The ends of a job's runs."""
    replaced = {
        each.run: each.seq
        for each in entries
        if each.type == v.RunCancelRequested.TYPE and v.payload(each).replaced_by is not None
    }
    finals = [
        each for each in entries if each.type == v.RunFinished.TYPE and v.payload(each).retry_at is None
    ]
    return [
        _End(
            each.seq,
            v.payload(each).outcome,
            v.payload(each).outcome in FAILED and replaced.get(each.run, each.seq) >= each.seq,
        )
        for each in finals
    ]


def _judge(
    ends: Sequence[_End],
    at: int,
    wish: Wish,
    sent: Callable[[int], bool],
    wanted: dict[int, str],
    allowed: dict[int, str],
) -> None:
    """What the end at a place is to be told as."""
    end = ends[at]
    since = max((i for i in range(at) if ends[i].outcome == "succeeded"), default=-1)
    before = ends[since + 1 : at]
    row = sum(each.counts for each in before) + end.counts
    troubles = [each.seq for each in before if wanted.get(each.seq) in ("failure", "lost")]
    if end.counts and "failure" in wish.when and row >= wish.threshold:
        wanted[end.seq] = "failure"
    elif end.outcome in ("lost", "unknown") and "lost" in wish.when:
        wanted[end.seq] = "lost"
    elif end.outcome == "succeeded" and troubles and "recovery" in wish.when:
        if any(map(sent, troubles)):
            wanted[end.seq] = "recovery"
        elif "finished" in wish.when:
            wanted[end.seq] = "finished" if sent(end.seq) else "recovery or finished"
        else:
            allowed[end.seq] = "recovery"
    elif "finished" in wish.when:
        wanted[end.seq] = "finished"
