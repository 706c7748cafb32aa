"""When messages are made, tried, tried again and given up."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from scheduler.entry_members import NOTIFICATION_KINDS
from scheduler.rules.notifications.audience import Receiver
from scheduler.rules.notifications.delivery import (
    GIVE_UP_MS,
    REFUSED_MS_MAX,
    WAIT_MS_MAX,
    begin_try,
    fail_try,
    make_parcel,
    wait_s,
)
from scheduler.rules.notifications.news import SHOWN_MAX, Bundle, ChannelNews, News, Parcel
from tests.support.examples import examples

BEGIN = datetime(2026, 3, 1, tzinfo=UTC)
MAIL = Receiver(name="mail", digest_ms=60_000)


def news(seq: int) -> News:
    """A failure."""
    return News(seq, "failure", "a")


def test_the_first_news_at_once_and_then_no_two_messages_within_the_digest() -> None:
    """What comes behind the first message waits until its time is over."""
    channel = ChannelNews(gathered=Bundle.of(news(1)))
    assert wait_s(channel, MAIL, BEGIN) == 0
    assert make_parcel(channel, MAIL, BEGIN)
    channel.parcel, channel.gathered = None, Bundle.of(news(2))
    soon = BEGIN + timedelta(seconds=20)
    assert wait_s(channel, MAIL, soon) == 40
    assert not make_parcel(channel, MAIL, soon)
    assert make_parcel(channel, MAIL, BEGIN + timedelta(seconds=60))


def test_one_message_at_a_time_and_what_is_unsure_is_said_once() -> None:
    """None is made while one is on its way, nor of nothing; what may be a repetition says so."""
    channel = ChannelNews(gathered=Bundle.of(news(1)), unsure=True)
    assert make_parcel(channel, MAIL, BEGIN)
    assert channel == ChannelNews(parcel=Parcel(Bundle.of(news(1)), uncertain=True), made=BEGIN)
    next_day = BEGIN + timedelta(days=1)
    busy = ChannelNews(gathered=Bundle.of(news(2)), parcel=Parcel(Bundle.of(news(1))), made=BEGIN)
    assert not make_parcel(busy, MAIL, next_day)
    assert busy == ChannelNews(Bundle.of(news(2)), Parcel(Bundle.of(news(1))), made=BEGIN)
    certain = ChannelNews(gathered=Bundle.of(news(2)))
    assert make_parcel(certain, MAIL, next_day)
    assert certain == ChannelNews(parcel=Parcel(Bundle.of(news(2))), made=next_day)
    assert not make_parcel(ChannelNews(), MAIL, BEGIN)


def test_a_clock_that_was_set_back_delays_nothing() -> None:
    """A moment that is further away than it ever is has come: a message is made, a try begins."""
    channel = ChannelNews(gathered=Bundle.of(news(2)), made=BEGIN + timedelta(days=900))
    assert wait_s(channel, MAIL, BEGIN) == 0
    assert make_parcel(channel, MAIL, BEGIN)
    parcel = Parcel(Bundle.of(news(1)))
    begin_try(parcel)
    fail_try(parcel, BEGIN + timedelta(hours=1), "refused", permanent=False, uncertain=False)
    assert wait_s(ChannelNews(parcel=parcel), MAIL, BEGIN) == 0
    assert wait_s(ChannelNews(parcel=parcel), MAIL, BEGIN + timedelta(hours=1)) == 0.25


def _waits_of_one_that_refuses(asked_ms: int) -> list[int]:
    """How long it is waited, in milliseconds, after each try until it is given up."""
    parcel, now, waits = Parcel(Bundle.of(news(1))), BEGIN, list[int]()
    while True:
        begin_try(parcel)
        fail_try(parcel, now, "refused", permanent=False, uncertain=False, refused_ms=asked_ms)
        if parcel.hopeless:
            return waits
        assert parcel.next_try is not None
        assert wait_s(ChannelNews(parcel=parcel), MAIL, now) == (parcel.next_try - now).total_seconds()
        waits.append((parcel.next_try - now) // timedelta(milliseconds=1))
        now = parcel.next_try


def test_one_that_is_there_and_refuses_is_left_alone_longer_and_longer() -> None:
    """A minute, up to ten, or what it asks for: in an hour it is tried less than twenty times."""
    waits = _waits_of_one_that_refuses(60_000)
    assert waits[:3] == [60_000, 60_000, 60_000]
    assert waits == sorted(waits)
    assert max(waits) == REFUSED_MS_MAX
    assert sum(sum(waits[:at]) < 3_600_000 for at in range(len(waits))) < 20
    assert sum(waits) >= GIVE_UP_MS
    assert set(_waits_of_one_that_refuses(3_600_000)) == {3_600_000}


def test_waits_are_short_for_minutes_and_then_a_part_of_the_absence() -> None:
    """At each moment the next try is within 2 s, or a hundredth of the time, and it is given up after days."""
    parcel, now = Parcel(Bundle.of(news(1))), BEGIN
    for _ in range(10_000):
        begin_try(parcel)
        fail_try(parcel, now, "refused", permanent=False, uncertain=False)
        if parcel.hopeless:
            break
        assert parcel.next_try is not None
        away, wait = now - BEGIN, parcel.next_try - now
        assert timedelta(0) < wait <= max(timedelta(seconds=1.5), min(away / 100, timedelta(minutes=1)))
        now = parcel.next_try
    assert now - BEGIN >= timedelta(milliseconds=GIVE_UP_MS)
    assert now - BEGIN <= timedelta(milliseconds=GIVE_UP_MS + WAIT_MS_MAX)
    assert 4_000 < parcel.tries < 8_000


def test_a_try_that_would_end_the_same_way_is_the_last() -> None:
    """Nothing is waited for then; and nothing is due while a try is going on."""
    parcel = Parcel(Bundle.of(news(1)))
    channel = ChannelNews(parcel=parcel)
    begin_try(parcel)
    assert wait_s(channel, MAIL, BEGIN) is None
    fail_try(parcel, BEGIN, "no such user", permanent=True, uncertain=False)
    assert parcel.hopeless
    assert wait_s(channel, MAIL, BEGIN) is None
    waited = Parcel(Bundle.of(news(1)), waited_ms=GIVE_UP_MS)
    fail_try(waited, BEGIN, "refused", permanent=False, uncertain=False)
    assert waited.hopeless


@settings(max_examples=examples(30))
@given(st.lists(st.sampled_from(NOTIFICATION_KINDS), min_size=1, max_size=150))
def test_a_bundle_shows_what_matters_most_and_counts_all(kinds: list[str]) -> None:
    """Held against all of them, sorted by what matters: kinds in their order, of one kind the oldest."""
    all_news = [News(seq, kind, "a") for seq, kind in enumerate(kinds)]  # type: ignore[arg-type]
    bundle = Bundle.of(all_news[0])
    for each in all_news[1:]:
        bundle.add(each)
    ranked = sorted(all_news, key=lambda each: (NOTIFICATION_KINDS.index(each.kind), each.seq))
    assert bundle.shown == sorted(ranked[:SHOWN_MAX], key=lambda each: each.seq)
    assert bundle.count == len(kinds) == sum(bundle.counts.values())
    assert (bundle.first, bundle.last) == (0, len(kinds) - 1)
    assert bundle.counts == {kind: kinds.count(kind) for kind in kinds}
