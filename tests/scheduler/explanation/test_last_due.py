"""About which instant `jobs why` answers that is asked about none: the latest at which the job was due."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from eventstore.store import OWN_SEQ
from scheduler import vocabulary as v
from scheduler.explanation import Explainer
from scheduler.explanation.last_due import last_due
from scheduler.ledger.past import Past
from tests.support.calendars import calendar, on
from tests.support.world import BEGIN, World, job

HOUR = timedelta(hours=1)
RARE = "0 0 1 6 *"


@pytest.fixture
def asked(tmp_path: Path) -> Callable[[World], tuple[datetime | None, str]]:
    """Asks about a job without a time: the instant, and what became of it."""

    def ask(world: World) -> tuple[datetime | None, str]:
        store = world.machine.store.peer()
        explainer = Explainer(Past(store, tmp_path, 65_536), "hourly", world.clock.wall, serving=True)
        instant = last_due(explainer, store, "hourly")
        return instant, "" if instant is None else explainer.explain(instant).verdict

    return ask


Asked = Callable[[World], tuple[datetime | None, str]]


def disable(world: World) -> None:
    """The job is disabled."""
    world.person(v.JobDisabled(), "hourly")


def settle(world: World) -> None:
    """What comes in the next hours is settled."""
    world.settle("hourly", world.clock.wall + 4 * HOUR)


def backfill(world: World) -> None:
    """The first instant is run again."""
    world.backfill("hourly", 3 * HOUR, most=1)


@pytest.mark.parametrize(
    ("deed", "verdict"),
    [(disable, "disabled"), (settle, "settled"), (backfill, "ran")],
    ids=["disabled", "settled", "backfilled"],
)
@pytest.mark.parametrize("edit", [{"schedule": RARE}, {"timeout_ms": 60_000}, {"overlap": "queue"}], ids=str)
def test_an_edit_changes_nothing_about_when_it_was_last_due(
    asked: Asked, deed: Callable[[World], None], verdict: str, edit: dict[str, Any]
) -> None:
    """However its last instant passed: disabled, settled, or before an older one was backfilled."""
    world = World(job("hourly"))
    world.start()
    world.until(BEGIN + 2.5 * HOUR)
    deed(world)
    world.until(BEGIN + 4.25 * HOUR)
    assert asked(world) == (BEGIN + 4 * HOUR, verdict)
    world.edit(job("hourly", **edit))
    world.run(60)
    assert asked(world) == (BEGIN + 4 * HOUR, verdict)


def test_excluded_days_are_none_at_which_it_was_due(asked: Asked) -> None:
    """A calendar that is changed meanwhile makes no instant of the days before."""
    world = World(job("hourly", calendars=on(without=(calendar("closed", "2026-01-02"),))))
    world.calendars["closed"] = calendar("closed", "2026-01-02")
    world.start()
    world.until(BEGIN + 30 * HOUR)
    assert asked(world) == (BEGIN + 23 * HOUR, "ran")
    world.calendars["closed"] = calendar("closed", "2026-01-05")
    world.edit(job("hourly", calendars=on(without=(world.calendars["closed"],))))
    world.run(60)
    assert asked(world) == (BEGIN + 23 * HOUR, "ran")


def test_what_was_asked_for_later_than_an_earlier_schedule_had_counts(asked: Asked) -> None:
    """Of a job that runs on demand now."""
    world = World(job("hourly"))
    world.start()
    world.until(BEGIN + 2.5 * HOUR)
    world.edit(job("hourly", on_demand=True))
    world.run(1_800)
    request = v.event(v.RunRequested(executor="scheduler"), "user:ann@sim", job="hourly", run=OWN_SEQ)
    (entry,) = world.say(lambda _: [request])
    world.run(60)
    assert asked(world)[0] == entry.time
