"""The fold of news, entry by entry: what lives of followers meet too seldom."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec

from eventstore.store import Entry
from scheduler import vocabulary as v
from scheduler.definition import JobDefinition, Notify
from scheduler.rules.notifications.audience import Audience, Receiver
from scheduler.rules.notifications.delivery import begin_try, fail_try, make_parcel
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

    def send(self, *, arrives: bool) -> None:
        """A message is made of what is gathered, and taken by its receiver, or given up."""
        channel = self.telling.channels["mail"]
        assert make_parcel(channel, self.audience.receivers["mail"], BEGIN)
        assert channel.parcel is not None
        bundle = channel.parcel.bundle
        said: dict[str, Any] = about(bundle.first, bundle.last, bundle.count)
        sent = v.NotificationSent(message="m", **said) if arrives else v.NotificationFailed(error="e", **said)
        self.take(sent, None, None)
        assert (channel.told if arrives else channel.given_up) == BEGIN

    def told(self) -> list[str]:
        """The kinds of what is gathered."""
        gathered = self.telling.channels.get("mail", ChannelNews()).gathered
        assert gathered is None or {each.job for each in gathered.shown} == {"a"}
        return [] if gathered is None else [each.kind for each in gathered.shown]


def about(first: int, last: int, count: int) -> dict[str, object]:
    """The members of an entry that tells of these."""
    return {"channel": "mail", "kinds": {"failure": count}, "first": first, "last": last, "count": count}


def test_a_run_starts_once() -> None:
    """Further attempts are no further starts."""
    each = Fold(each_run=True)
    each.take(run_started())
    assert each.told() == ["started"]
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
    """The end of the oldest one is not told then, those of the next one and of the newest are."""
    each = Fold("late", "recovery")
    since = {"expectation": "success_every", "since": BEGIN}
    breach = v.ExpectationBreached(limit_ms=1, **since)  # type: ignore[arg-type]
    seqs = [each.take(breach) for _ in range(BREACHES_MAX + 1)]
    ends = {"until": BEGIN, "by": "succeeded", "because_of": 1}
    for seq in (seqs[0], seqs[1], seqs[-1]):
        each.take(v.ExpectationMet(breach=seq, **since, **ends))  # type: ignore[arg-type]
    gathered = each.telling.channels["mail"].gathered
    assert gathered is not None
    assert (gathered.counts["late"], gathered.counts["recovery"]) == (BREACHES_MAX + 1, 2)


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
    left = Bundle(0, 9, 4, {"failure": 4}, list(news[1:])).without(news[1])
    assert left == Bundle(0, 9, 3, {"failure": 3}, [news[2]])
    only = News(5, "recovery", "a")
    left = Bundle(1, 5, 2, {"recovery": 2}, [only]).without(only)
    assert left == Bundle(1, 5, 2, {"recovery": 1, "finished": 1}, [News(5, "finished", "a")])


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


def test_what_does_not_run_is_told_to_those_who_want_it() -> None:
    """Skips, and instants that were missed, unless a person wanted them caught up; the reason is on record."""
    skipped = v.RunSkipped(reason="overlap", trigger="schedule")
    missed: dict[str, Any] = {"first": BEGIN, "last": BEGIN, "count": 1, "policy": "none", "will_run": 0}
    each = Fold("skipped", "missed")
    each.take(skipped)
    each.take(v.ScheduleMisfired(**missed), None)
    each.take(v.ScheduleMisfired(reason="paused", **missed), None)
    each.take(skipped, job="other")
    assert each.told() == ["skipped", "missed"]
    other = Fold("failure")
    other.take(skipped)
    other.take(v.ScheduleMisfired(**missed), None)
    assert other.told() == []


def test_only_whose_place_another_one_takes_fails_untold() -> None:
    """A run that a person asked to stop, and that fails, has failed; what was replaced is forgotten at its end."""
    each = Fold("failure")
    each.take(v.RunCancelRequested(reason="by hand"), 1)
    each.take(v.RunCancelRequested(reason="replaced", replaced_by=9), 2)
    each.take(v.RunCancelRequested(reason="replaced", replaced_by=9), 2)
    each.take(v.RunCancelRequested(reason="replaced", replaced_by=9), 3)
    assert each.telling.replaced == [2, 3]
    each.take(run_finished(BEGIN, "failed"), 2)
    assert (each.told(), each.telling.replaced) == ([], [3])
    each.take(run_finished(BEGIN, "failed"), 1)
    assert each.told() == ["failure"]


def test_the_end_of_what_was_lost_is_told_as_that_of_a_failure() -> None:
    """To a channel that was told of it."""
    each = Fold("lost", "recovery")
    each.take(run_finished(BEGIN, "lost"))
    each.take(run_finished(BEGIN, "unknown"))
    each.take(run_finished(BEGIN))
    assert each.told() == ["lost", "lost", "recovery"]
    assert each.telling.jobs == {}


def test_the_end_of_what_could_not_be_told_is_told_as_what_else_it_is() -> None:
    """The failure is given up: its recovery is an end of a run, to those who want these, and nothing to others."""
    for when, others in ((("finished",), ["finished"]), ((), [])):
        each = Fold("failure", "recovery", *when)
        each.take(run_finished(BEGIN, "failed"))
        make_parcel(each.telling.channels["mail"], each.audience.receivers["mail"], BEGIN)
        first = each.take(run_finished(BEGIN, "cancelled"))
        end = each.take(run_finished(BEGIN))
        assert each.told() == [*others, "recovery"]
        each.take(v.NotificationFailed(error="e", **about(0, 0, 1)), None, None)  # type: ignore[arg-type]
        assert each.told() == 2 * others
        gathered = each.telling.channels["mail"].gathered
        if others:
            shown = [News(seq, "finished", "a") for seq in (first, end)]
            assert gathered == Bundle(first, end, 2, {"finished": 2}, shown)


def test_the_end_of_what_is_still_to_be_told_is_told() -> None:
    """A first failure is given up, and a second one is not: the recovery ends that one."""
    each = Fold("failure", "recovery")
    each.take(run_finished(BEGIN, "failed"))
    make_parcel(each.telling.channels["mail"], each.audience.receivers["mail"], BEGIN)
    each.take(run_finished(BEGIN, "failed"))
    each.take(run_finished(BEGIN))
    each.take(v.NotificationFailed(error="e", **about(0, 0, 1)), None, None)  # type: ignore[arg-type]
    assert each.told() == ["failure", "recovery"]


def test_the_end_of_a_breach_that_could_not_be_told_is_not_told() -> None:
    """One that was told ends in a recovery, and then nothing is wrong with the job."""
    since: dict[str, Any] = {"expectation": "success_every", "since": BEGIN}
    ends: dict[str, Any] = {"until": BEGIN, "by": "succeeded", "because_of": 1, **since}
    for arrives in (True, False):
        each = Fold("late", "recovery")
        breach = each.take(v.ExpectationBreached(limit_ms=1, **since))
        each.send(arrives=arrives)
        each.take(v.ExpectationMet(breach=breach, **ends))
        assert each.told() == ["recovery"] * arrives
        assert each.telling.jobs == {}
    late = Fold("late", "recovery")
    breach = late.take(v.ExpectationBreached(limit_ms=1, **since))
    make_parcel(late.telling.channels["mail"], late.audience.receivers["mail"], BEGIN)
    late.take(v.ExpectationMet(breach=breach, **ends))
    late.take(v.NotificationFailed(error="e", **about(breach, breach, 1)), None, None)  # type: ignore[arg-type]
    assert late.told() == []
