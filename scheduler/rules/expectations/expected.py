"""What is expected of jobs, in the state: since when it counts, and of which breaches something is to be told."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

import msgspec

from scheduler.definition import JobDefinition
from scheduler.entry_members import BreachEnd, Expectation

ENDED_MAX = 1_000
"""So many breaches that came and went while no scheduler served are told of: the newest ones."""


class JobExpectation(msgspec.Struct, gc=False, omit_defaults=True):
    """Since when what is expected of one job counts.

    Attributes:
        written: of each thing that is expected, since when it is as the definition has it.
        enabled: when the job was enabled last.
        success_from: from when on the time to the next success counts: the last success, put off by the time during
            which the job was disabled since.
        stopped: since when the job is disabled; None if it is not.
    """

    written: dict[Expectation, datetime]
    enabled: datetime
    success_from: datetime
    stopped: datetime | None = None


class Breach(msgspec.Struct, gc=False, omit_defaults=True):
    """Something that is expected of a job, and does not hold from `since` on.

    Attributes:
        expectation, job, run, limit_ms, since, scheduled_for: as `expectation.breached` has them.
        seq: the entry that tells of it; None while none does.
        by, until, because_of: what ended it, as `expectation.met` has it; None while it goes on.
    """

    expectation: Expectation
    job: str
    limit_ms: int
    since: datetime
    run: int | None = None
    scheduled_for: datetime | None = None
    seq: int | None = None
    by: BreachEnd | None = None
    until: datetime | None = None
    because_of: int | None = None

    @property
    def key(self) -> str:
        """What it is about; of that there is one breach at a time."""
        return key_of(self.expectation, self.job, self.run)


class Expectations(msgspec.Struct):
    """What is expected of jobs.

    Attributes:
        jobs: of which something is expected, by name.
        open: the breaches that are on record and go on, by their keys, the oldest first.
        ended: those that ended, and of which no entry tells that yet, the oldest first.
    """

    jobs: dict[str, JobExpectation] = {}
    open: dict[str, Breach] = {}
    ended: list[Breach] = []

    def open_of(self, name: str, live: Iterable[int]) -> list[Breach]:
        """The breaches of one job, of which these runs are in flight, that are on record and go on."""
        keys = [key_of("success_every", name, None)]
        keys += [key_of(each, name, number) for number in live for each in ("start_within", "finish_within")]
        return [self.open[key] for key in keys if key in self.open]


def key_of(expectation: Expectation, job: str, run: int | None) -> str:
    """What a breach is about."""
    return f"{expectation} {job if run is None else run}"


def limit_ms(definition: JobDefinition, expectation: Expectation) -> int | None:
    """Within how many milliseconds something is expected of a job; None if it is not."""
    expect = definition.expect
    if expect is None:
        return None
    if expectation == "start_within":
        return expect.start_within_ms
    return expect.finish_within_ms if expectation == "finish_within" else expect.success_every_ms
