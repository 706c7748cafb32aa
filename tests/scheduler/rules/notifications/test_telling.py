"""The fold of news, entry by entry: what lives of followers meet too seldom."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import msgspec

from eventstore.store import Entry
from scheduler import vocabulary as v
from scheduler.definition import JobDefinition, Notify
from scheduler.rules.notifications.audience import Audience, Receiver
from scheduler.rules.notifications.delivery import begin_try, fail_try
from scheduler.rules.notifications.news import PENDING_MAX, Bundle, ChannelNews, News, Parcel, Telling, Told
from scheduler.rules.notifications.telling import BREACHES_MAX, fold
from tests.support.ledger import run_finished, run_started

BEGIN = datetime(2026, 3, 1, tzinfo=UTC)
JOB = JobDefinition(name="a", command="x", every="1h", notify=Notify(channels=("mail",)))


class Fold:
    """A fold of entries about job `a`, of which a channel `mail` is told."""

    def __init__(self, *when: str, each_run: bool = False) -> None:
        receiver = Receiver(name="mail", when=when, each_run=each_run)  # type: ignore[arg-type]
        self.audience = Audience([JOB], {"mail": receiver})
        self.telling = Telling("1", -1)

    def take(self, payload: v.Payload, run: int | None = 1, job: str | None = "a") -> int:
        """Take up an entry; its number."""
        seq = self.telling.cursor + 1
        raw = msgspec.Raw(msgspec.json.encode(payload))
        entry = Entry(seq, BEGIN, payload.TYPE, v.SCHEDULER, raw, 0, "", "", job, run)
        fold(self.telling, entry, self.audience)
        return seq

    def told(self) -> list[str]:
        """The kinds of what is gathered."""
        gathered = self.telling.channels.get("mail", ChannelNews()).gathered
        return [] if gathered is None else [each.kind for each in gathered.shown]


def about(first: int, last: int, count: int) -> dict[str, object]:
    """The members of an entry that tells of these."""
    return {"channel": "mail", "kinds": {"failure": count}, "first": first, "last": last, "count": count}


def test_a_run_starts_once() -> None:
    """Further attempts are no further starts."""
    each = Fold(each_run=True)
    each.take(run_started())
    each.take(run_started(attempt=2))
    assert each.told() == ["started"]


def test_a_job_that_left_the_config_begins_anew() -> None:
    """What it did before is nobody's concern when it comes back."""
    each = Fold("failure", "recovery")
    each.take(run_finished(BEGIN, "failed"))
    each.take(v.JobRemoved(config="c"), None)
    each.take(run_finished(BEGIN))
    assert each.told() == ["failure"]


def test_what_was_told_and_is_gathered_still_makes_the_next_message_unsure() -> None:
    """What is kept is older than what was told then: it cannot be told apart, so it may be a repetition."""
    each = Fold("failure")
    first = each.take(run_finished(BEGIN, "failed"))
    last = each.take(run_finished(BEGIN, "failed"))
    each.take(v.NotificationSent(message="m", **about(first, first, 1)), None, None)  # type: ignore[arg-type]
    channel = each.telling.channels["mail"]
    assert channel.unsure
    each.take(v.NotificationSent(message="m", **about(first, last, 2)), None, None)  # type: ignore[arg-type]
    assert channel.gathered is None
    assert channel.settled == last


def test_a_run_whose_place_was_taken_is_forgotten_with_its_end() -> None:
    """Whether or not anybody is still told of its job, and however it ends."""
    each = Fold("failure")
    for run in (1, 2):
        each.take(v.RunCancelRequested(replaced_by=9), run)
    assert each.telling.replaced == [1, 2]
    each.audience.define(msgspec.structs.replace(JOB, notify=None))
    each.take(run_finished(BEGIN, "cancelled"), 1)
    each.take(v.RunSkipped(trigger="schedule", reason="superseded"), 2)
    assert each.telling.replaced == []


def test_so_many_breaches_are_remembered_at_most() -> None:
    """The end of the oldest one is not told then, that of the newest is."""
    each = Fold("late", "recovery")
    since = {"expectation": "success_every", "since": BEGIN}
    breach = v.ExpectationBreached(limit_ms=1, **since)  # type: ignore[arg-type]
    seqs = [each.take(breach) for _ in range(BREACHES_MAX + 1)]
    ends = {"until": BEGIN, "by": "succeeded", "because_of": 1}
    for seq in (seqs[0], seqs[-1]):
        each.take(v.ExpectationMet(breach=seq, **since, **ends))  # type: ignore[arg-type]
    gathered = each.telling.channels["mail"].gathered
    assert gathered is not None
    assert (gathered.counts["late"], gathered.counts["recovery"]) == (BREACHES_MAX + 1, 1)


def test_what_is_dropped_from_the_ends_moves_them() -> None:
    """First and last are those that are left, as long as all are known one by one."""
    news = [News(seq, "failure", "a") for seq in range(3)]
    bundle = Bundle.of(news[0])
    bundle.add(news[1])
    bundle.add(news[2])
    for dropped, ends in ((news[0], (1, 2)), (news[1], (0, 2)), (news[2], (0, 1))):
        left = bundle.without(dropped)
        assert left is not None
        assert (left.first, left.last, left.count, left.counts) == (*ends, 2, {"failure": 2})
    assert Bundle.of(news[0]).without(news[0]) is None


def test_what_is_to_be_told_of_a_job_is_bounded() -> None:
    """The oldest entry is remembered, by which it is known that a message told of one, and the newest."""
    told = Told()
    for seq in range(PENDING_MAX):
        told.add(seq)
    assert told.pending == list(range(PENDING_MAX))
    for seq in range(PENDING_MAX, 100):
        told.add(seq)
    assert told.pending == [0, *range(101 - PENDING_MAX, 100)]
    told.settle(5, arrived=True)
    assert told.arrived


def test_once_uncertain_it_stays_so() -> None:
    """A later try that was refused for certain says nothing of the one before; waits double up to 1.5 s."""
    parcel, waits = Parcel(Bundle.of(News(1, "failure", "a"))), []
    for uncertain in (True, False, False, False, False):
        begin_try(parcel)
        fail_try(parcel, BEGIN, "no answer", permanent=False, uncertain=uncertain)
        assert parcel.next_try is not None
        waits.append((parcel.next_try - BEGIN) / timedelta(milliseconds=1))
    assert parcel.uncertain
    assert waits == [250, 500, 1_000, 1_500, 1_500]
