"""`@reboot` in a config: alone, and with nothing that needs times."""

from __future__ import annotations

import pytest

from scheduler.rules.job_schedule import schedule_of
from scheduler.schedule.uncomputed import AtReboot
from tests.scheduler.configuration.reading import job, read, the_mistake


@pytest.mark.parametrize("written", ["@reboot", "@Reboot", " @reboot "])
def test_it_is_a_schedule_without_times(written: str) -> None:
    """What defaults say of times is not for it."""
    definition = job(
        f'command: x, schedule: "{written}"', before="defaults: {jitter: 1m, timezone: Europe/Paris}"
    )
    assert definition.at_reboot
    assert not definition.has_times
    assert definition.jitter_ms is None
    assert schedule_of(definition) == AtReboot("Europe/Paris")
    assert read('jobs: {a: {command: x, schedule: ["@reboot"]}}').definitions["a"].at_reboot


@pytest.mark.parametrize(("body", "part", "key"), [
    ('schedule: ["0 2 * * *", "@reboot"]', "stands alone", "jobs.a.schedule.2"),
    ('schedule: "@reboot", jitter: 1m', "no time that jitter could move", "jobs.a.jitter"),
    ('schedule: "@reboot", calendars: {except: days}', "calendars choose among the times", "jobs.a.calendars"),
    ('schedule: "@rebot"', "there is no alias", "jobs.a.schedule"),
])  # fmt: skip
def test_what_does_not_go_with_it_is_refused(body: str, part: str, key: str) -> None:
    """Each in its place."""
    error = the_mistake(f"calendars: {{days: {{dates: [2026-01-01]}}}}\njobs: {{a: {{command: x, {body}}}}}")
    assert part in error.message
    assert (error.line, error.key) == (2, key)
