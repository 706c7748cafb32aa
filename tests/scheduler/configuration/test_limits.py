from __future__ import annotations

import pytest

from scheduler.configuration.settings.shown import limits as shown
from scheduler.definition import Limits, revision
from tests.scheduler.configuration.reading import job, refused, the_mistake_in

DEFAULTS = "defaults: {limits: {memory: 1GB, nice: 5}}"
TAKES = "this takes a mapping such as {memory: 2GB, cpu_time: 30m}, or none"


@pytest.mark.parametrize(("written", "found"), [
    ("{memory: 2GB}", Limits(memory_bytes=2 * 10**9)),
    ("{memory: 1.5 GiB}", Limits(memory_bytes=3 * 2**29)),
    ("{memory: 512mb, output: 64kB}", Limits(memory_bytes=512 * 10**6, output_bytes=64_000)),
    ("{cpu_time: 1h30m, nice: 19}", Limits(cpu_time_ms=5_400_000, nice=19)),
    ("none", None),
    ("{memory: none}", None),
])  # fmt: skip
def test_limits_are_read(written: str, found: Limits | None) -> None:
    """Sizes have units of a thousand or of 1024; none at all is what applied before there were any."""
    definition = job(f"command: x, every: 5m, limits: {written}")
    assert definition.limits == found
    if found is None:
        assert revision(definition) == revision(job("command: x, every: 5m"))


@pytest.mark.parametrize(("written", "found"), [
    ("", Limits(memory_bytes=10**9, nice=5)),
    ("limits: {memory: 2GB}, ", Limits(memory_bytes=2 * 10**9, nice=5)),
    ("limits: {nice: none}, ", Limits(memory_bytes=10**9)),
    ("limits: none, ", None),
])  # fmt: skip
def test_limits_are_merged_over_those_of_defaults(written: str, found: Limits | None) -> None:
    """By their keys; none takes one of them back, or all."""
    assert job(f"{written}command: x, every: 5m", before=DEFAULTS).limits == found


@pytest.mark.parametrize(("limits", "words"), [
    (None, "none"),
    (Limits(memory_bytes=3 * 2**29, cpu_time_ms=1_800_000, nice=10, output_bytes=10**8),
     "{memory: 1536MiB, cpu_time: 30m, nice: 10, output: 100MB}"),
    (Limits(memory_bytes=123_456_789), "{memory: 123456789B}"),
])  # fmt: skip
def test_limits_are_shown_as_they_could_be_written(limits: Limits | None, words: str) -> None:
    """Exactly, in the largest unit that fits."""
    assert shown(limits) == words


@pytest.mark.parametrize(("written", "key", "said", "suggestion"), [
    ("2GB", "", f"{TAKES}, not a single value", ""),
    ("{}", "", f"{TAKES}, not an empty mapping", ""),
    ("{mem: 2GB}", ".mem", "unknown key 'mem' in limits, which takes memory, cpu_time, nice, output", "memory"),
    ("{memory: 2G}", ".memory", "this takes a size such as 500MB or 2GB, not '2G'", "2GB"),
    ("{memory: 2000000000}", ".memory",
     "this takes a size such as 500MB or 2GB, not '2000000000': a size has a unit", ""),
    ("{memory: much}", ".memory", "this takes a size such as 500MB or 2GB, not 'much'", ""),
    ("{memory: 1MB}", ".memory", "1MB is out of range: this takes a size from 4MB to 1000TB", ""),
    ("{output: 5000TB}", ".output", "5000TB is out of range: this takes a size from 1kB to 1000TB", ""),
    ("{cpu_time: 30}", ".cpu_time",
     "duration '30' has no unit: write whole numbers with a unit, such as 90s, 15m, 36h, 7d or 1h30m", "30s"),
    ("{cpu_time: 9999d}", ".cpu_time", "this is more than ten years of processor time", ""),
    ("{nice: -5}", ".nice", "this takes a whole number from 1 to 19, not '-5'", ""),
    ("{nice: 20}", ".nice", "20 is out of range: this takes a whole number from 1 to 19", ""),
])  # fmt: skip
def test_mistaken_limits_are_told(written: str, key: str, said: str, suggestion: str) -> None:
    """With the key that it is about, and what was probably meant."""
    mistake = the_mistake_in(f"every: 5m, command: x, limits: {written}")
    assert (mistake.key, mistake.message, mistake.suggestion) == (f"jobs.a.limits{key}", said, suggestion)


def test_all_mistakes_are_told_in_their_lines() -> None:
    """Those in defaults too."""
    errors = refused("""\
        defaults:
          limits: {nice: 0}
        jobs:
          a:
            every: 5m
            command: x
            limits:
              memory: 2
              outptu: 1MB
        """)
    assert [(each.line, each.key) for each in errors] == [
        (2, "defaults.limits.nice"), (8, "jobs.a.limits.memory"), (9, "jobs.a.limits.outptu"),
    ]  # fmt: skip
