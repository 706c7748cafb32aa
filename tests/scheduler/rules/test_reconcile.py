"""What is recorded so that the state agrees with the config, and what it closes."""

from __future__ import annotations

from datetime import timedelta

import pytest

from eventstore.store import Event
from scheduler import vocabulary as v
from scheduler.rules.laws.ledger_laws import illegal_entries
from scheduler.rules.pauses import pauses_ended
from scheduler.rules.reconcile import reconcile
from tests.support.world import BEGIN, World, job

HOUR = timedelta(hours=1)


def told(events: list[Event]) -> list[tuple[str, str | None]]:
    """What each event is, and of which job."""
    return [(event.data.TYPE, event.job) for event in events if isinstance(event.data, v.Payload)]


def test_only_what_differs_is_recorded() -> None:
    """A new job, a changed one, one that is gone; then that the config was accepted, once."""
    world = World(job("same"), job("changed"), job("gone"))
    world.start()
    jobs = {"same": job("same"), "changed": job("changed", overlap="queue"), "new": job("new", enabled=False)}
    events = reconcile(world.state, jobs, "digest", BEGIN)
    assert told(events) == [
        ("job.defined", "changed"),
        ("job.defined", "new"),
        ("job.disabled", "new"),
        ("job.removed", "gone"),
        ("config.accepted", None),
    ]
    assert {event.actor for event in events} == {v.CONFIG}
    changed, new = events[0].data, events[1].data
    assert isinstance(changed, v.JobDefined)
    assert isinstance(new, v.JobDefined)
    assert changed.changed == ["overlap"]
    assert (new.changed, new.config, events[3].data) == ([], "digest", v.JobRemoved(config="digest"))
    assert events[4].data == v.ConfigAccepted(config="digest", jobs=3)
    world.say(lambda _: events)
    assert reconcile(world.state, jobs, "digest", BEGIN) == []
    assert told(reconcile(world.state, jobs, "another digest", BEGIN)) == [("config.accepted", None)]


@pytest.mark.parametrize("enabled", [False, True])
def test_the_config_enables_and_disables(enabled: bool) -> None:
    """With the definition that says so; a job that comes back starts from the new definition alone."""
    world = World(job("it", enabled=not enabled))
    world.start()
    said = "job.enabled" if enabled else "job.disabled"
    events = reconcile(world.state, {"it": job("it", enabled=enabled)}, "c", BEGIN)
    assert told(events)[:2] == [("job.defined", "it"), (said, "it")]
    world.say(lambda _: events)
    assert world.state.jobs["it"].enablement.enabled is enabled
    world.edit(remove=["it"])
    back = reconcile(world.state, {"it": job("it")}, "c", BEGIN)
    assert told(back) == [("job.defined", "it"), ("config.accepted", None)]
    world.say(lambda _: back)
    assert world.state.jobs["it"].on_schedule


def test_a_pause_that_has_ended_is_recorded_from_its_end_on() -> None:
    """Not before, and not for a job that was removed meanwhile."""
    world = World(job("it"), job("gone"))
    world.start()
    for name in ("it", "gone"):
        world.person(v.JobDisabled(until=BEGIN + HOUR), name)
    world.edit(remove=["gone"])
    assert pauses_ended(world.state, BEGIN + HOUR - timedelta(microseconds=1)) == []
    for now in (BEGIN + HOUR, BEGIN + 5 * HOUR):
        (event,) = pauses_ended(world.state, now)
        assert (event.job, event.actor) == ("it", v.SCHEDULER)
        assert event.data == v.JobEnabled(reason="the pause ended", effective_at=BEGIN + HOUR)
    world.say(lambda _: [event])
    assert pauses_ended(world.state, BEGIN + 5 * HOUR) == []


@pytest.mark.parametrize("reason", ["disabled", "replaced", "removed"])
def test_instants_before_an_edit_that_nobody_watched_are_told_with_its_reason(reason: str) -> None:
    """They fell due by a schedule that is in force no more: recorded as missed, and not run."""
    world = World(job("hourly"), job("other", "0 0 1 6 *"))
    world.start()
    world.run(60)
    world.crash()
    world.clock.pass_(2.5 * 3_600)
    if reason == "removed":
        world.edit(remove=["hourly"])
    elif reason == "disabled":
        world.edit(job("hourly", enabled=False))
    else:
        world.edit(job("hourly", "30 5 * * *"))
    world.clock.pass_(3_600)
    world.start()
    world.run(10)
    assert [word for word in world.told("hourly") if "misfired" in word] == [f"misfired 2 run 0 ({reason})"]
    assert not world.entries(v.RunStarted)
    assert list(illegal_entries(world.entries())) == []
