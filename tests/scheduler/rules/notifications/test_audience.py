"""Who is told of a job, and of what."""

from __future__ import annotations

from scheduler.definition import JobDefinition, Notify
from scheduler.rules.notifications.audience import Audience, Receiver, Subscription


def job(tags: tuple[str, ...] = (), notify: Notify | None = None) -> JobDefinition:
    """A job that bears tags, and says who is told."""
    return JobDefinition(name="a", command="x", every="1h", tags=tags, notify=notify)


def told(definition: JobDefinition, *receivers: Receiver) -> list[Subscription]:
    """The subscriptions of a job where there are these channels."""
    return list(Audience([definition], {each.name: each for each in receivers}).of("a"))


def test_a_channel_is_told_by_name_or_by_a_tag() -> None:
    """A job that names it, or bears one of its tags; once if both are so; no other job."""
    mail, pager = Receiver(name="mail"), Receiver(name="pager", tags=("prod", "etl"))
    assert told(job(), mail, pager) == []
    assert [each.channel for each in told(job(notify=Notify(channels=("mail",))), mail, pager)] == ["mail"]
    assert [each.channel for each in told(job(("etl",)), mail, pager)] == ["pager"]
    both = job(("etl", "prod"), Notify(channels=("mail", "pager")))
    assert [each.channel for each in told(both, mail, pager)] == ["mail", "pager"]


def test_the_job_wins_then_the_channel_then_failures_from_the_first_on() -> None:
    """What one of them does not say the next one says."""
    own = Notify(channels=("mail",), when=("lost",), threshold=5)
    says = Receiver(name="mail", when=("recovery",), threshold=3)
    assert told(job(notify=own), says) == [Subscription("mail", ("lost",), 5)]
    assert told(job(notify=Notify(channels=("mail",))), says) == [Subscription("mail", ("recovery",), 3)]
    plain = told(job(notify=Notify(channels=("mail",))), Receiver(name="mail"))
    assert plain == [Subscription("mail", ("failure",), 1)]


def test_a_monitoring_service_is_told_of_each_run_whatever_the_job_says() -> None:
    """Its starts and its ends, from the first one on."""
    (each,) = told(job(notify=Notify(channels=("hc",), threshold=9)), Receiver(name="hc", each_run=True))
    assert each.each_run
    assert each.threshold == 1
    assert [each.wants(kind) for kind in ("started", "failure", "lost", "finished")] == [True] * 4
    assert not each.wants("missed")


def test_edits_of_the_job_and_of_the_channels_count_at_once() -> None:
    """A channel that is gone is told nothing, and so it is with a definition that names none any more."""
    audience = Audience([job(("prod",))], {"mail": Receiver(name="mail", tags=("prod",))})
    assert audience.of("a")
    audience.receive({})
    assert audience.of("a") == ()
    audience.receive({"mail": Receiver(name="mail", tags=("prod",))})
    assert audience.of("a")
    audience.define(job())
    assert audience.of("a") == ()
    assert audience.of("unknown") == ()
