from __future__ import annotations

import pytest

from scheduler.configuration.settings.shown import expect as shown
from scheduler.definition import Expect, revision
from tests.scheduler.configuration.reading import job, read, the_mistake, the_mistake_in

DEFAULTS = "defaults: {expect: {finish_within: 2h, success_every: 1d}}"


@pytest.mark.parametrize(("written", "found"), [
    ("{start_within: 10m}", Expect(start_within_ms=600_000)),
    ("{start_within: 2h, finish_within: 2h}", Expect(start_within_ms=7_200_000, finish_within_ms=7_200_000)),
    ("{success_every: 4d}", Expect(success_every_ms=345_600_000)),
    ("none", None),
    ("{success_every: none}", None),
])  # fmt: skip
def test_what_is_expected_is_read(written: str, found: Expect | None) -> None:
    """Each by a duration; none at all is what applied before there were any."""
    definition = job(f"command: x, every: 5m, expect: {written}")
    assert definition.expect == found
    if found is None:
        assert revision(definition) == revision(job("command: x, every: 5m"))
    assert job(f"command: x, every: 5m, expect: {shown(found)}").expect == found


@pytest.mark.parametrize(("body", "found"), [
    ("every: 5m", Expect(finish_within_ms=7_200_000, success_every_ms=86_400_000)),
    ("every: 5m, expect: {finish_within: none}", Expect(success_every_ms=86_400_000)),
    ("every: 5m, expect: none", None),
    ("on_demand: true", Expect(success_every_ms=86_400_000)),
    ("on_demand: true, expect: {success_every: none}", None),
    ("at: 2026-12-24T18:00:00Z", Expect(finish_within_ms=7_200_000)),
])  # fmt: skip
def test_a_job_takes_what_its_times_leave_a_meaning(body: str, found: Expect | None) -> None:
    """Its own block is merged over that in defaults; of that, what cannot be meant is left out."""
    assert job(f"command: x, {body}", before=DEFAULTS).expect == found


@pytest.mark.parametrize(("body", "words"), [
    ("every: 5m, expect: {start_within: 3h, finish_within: 2h}", "(3h) is longer than finish_within (2h)"),
    ("every: 5m, expect: {sla: 3h}", "unknown key 'sla' in expect"),
    ("every: 5m, expect: 3h", "this takes a mapping such as {start_within: 10m, finish_within: 2h}, or none"),
    ("every: 5m, expect: {start_within: 4000d}", "more than ten years"),
    ("on_demand: true, expect: {start_within: 3h}", "start_within goes by the times of a schedule"),
    ("on_demand: true, expect: {finish_within: 3h}", "finish_within goes by the times of a schedule"),
    ("at: 2026-12-24T18:00:00Z, expect: {success_every: 3h}", "cannot succeed again and again"),
])  # fmt: skip
def test_what_cannot_be_meant_is_refused(body: str, words: str) -> None:
    """Each mistake says what is wrong."""
    assert words in the_mistake_in(f"command: x, {body}").message


def test_blocks_that_contradict_one_another_are_refused() -> None:
    """That of the job is longer than what defaults say."""
    told = the_mistake(f"{DEFAULTS}\njobs: {{a: {{command: x, every: 5m, expect: {{start_within: 3h}}}}}}")
    assert told.message.endswith("(merged with the expect in defaults)")


def test_the_address_of_the_heartbeat_is_not_shown() -> None:
    """Whoever knows it can ping it; it may stand in a file."""
    from scheduler.configuration.keys.block_values.heartbeat import shown

    found = read(
        'scheduler: {heartbeat: {url: "https://hc.example/secret", interval: 5m}}'
    ).settings.heartbeat
    assert found is not None
    assert found.interval_ms == 300_000
    assert shown(found) == "{url: (an address), interval: 5m}"
    assert read("scheduler: {heartbeat: {url: {file: /etc/ping}}}").settings.heartbeat is not None
    assert read("scheduler: {heartbeat: none}").settings.heartbeat is None


@pytest.mark.parametrize(("block", "words"), [
    ("{url: ftp://x}", "this is no address"),
    ("{url: 'https://x.example', interval: 1s}", "this takes a duration from 10s to 1d"),
    ("{interval: 1m}", "interval goes with url"),
    ("{pulse: 1m}", "unknown key 'pulse' in heartbeat"),
    ("often", "this takes a mapping such as"),
])  # fmt: skip
def test_a_heartbeat_that_cannot_be_is_refused(block: str, words: str) -> None:
    """Each mistake says what is wrong."""
    assert words in the_mistake(f"scheduler: {{heartbeat: {block}}}").message
