"""What becomes of a run that cannot start at once."""

from __future__ import annotations

from typing import Final

from scheduler.configuration.keys import locks, values
from scheduler.configuration.keys.block_values import expect
from scheduler.configuration.keys.key import Key
from scheduler.configuration.settings.job_settings import JOB_SETTINGS

KEYS: Final[dict[str, Key]] = {
    "locks": Key(
        setting=JOB_SETTINGS["locks"],
        read=locks.locks,
        takes="a list of locks, or one lock; none takes those of defaults back",
        default="none",
        meaning="What the job's runs share with runs of other jobs, by name. A run starts when it can have all of "
        "them, and holds them until its attempt has ended; the oldest run comes first. A lock is held by one run at "
        "once, unless `scheduler: {locks: ...}` says how many. A job has at most 16, which replace those in "
        "`defaults`. See [overlap and load](overlap.md#locks).",
        example="locks: [database]",
        comment="a run waits until no run of another job holds one of these (none)",
        shared=True,
        synonyms=("lock", "mutex", "semaphore", "pool", "concurrency_group"),
    ),
    "overlap": Key(
        setting=JOB_SETTINGS["overlap"],
        read=values.one_of("skip", "queue", "replace", "allow"),
        takes="skip, queue, replace or allow",
        default="skip",
        meaning="What becomes of a run that falls due while the job's last one is running: it is skipped, it waits, "
        "it waits until that one has been stopped for it, or it starts beside it. Of several that `replace`, the "
        "newest stays. What a person asked for is never replaced and replaces nothing: it waits.",
        example="overlap: skip",
        comment="when the last run is still going: skip, queue, replace or allow (skip)",
        shared=True,
    ),
    "queue_limit": Key(
        setting=JOB_SETTINGS["queue_limit"],
        read=values.whole_number(1, 10_000),
        takes="a whole number from 1 to 10000",
        default="1000",
        meaning="At most so many runs of the job wait for an earlier one; a further one is skipped.",
        example="queue_limit: 1000",
        comment="at most so many runs wait for an earlier one (1000)",
        shared=True,
    ),
    "start_deadline": Key(
        setting=JOB_SETTINGS["start_deadline"],
        read=values.duration_ms,
        takes="a duration such as 90s, 15m, 36h or 7d",
        default="1h of waiting for a slot",
        meaning="A run that could not start so long after its time is given up, and recorded as such. Written, it "
        "counts every wait; left out, only that for a slot (`max_parallel`). What is caught up counts from its tick; "
        "runs that a person asked for are never given up.",
        example="start_deadline: 1h",
        comment="give up what could not start so long after its time (1h of waiting for a slot)",
        shared=True,
        synonyms=("misfire_grace_time",),
    ),
    "expect": Key(
        setting=JOB_SETTINGS["expect"],
        read=expect.expect,
        merge=expect.merged,
        takes=expect.TAKES,
        default="none",
        meaning="What is told when it does not hold, and again when it does: each run starts within `start_within` "
        "of its time, and is over within `finish_within` of it, however it ends; one success follows another within "
        "`success_every`, days without times included, but not while the job is disabled. It stops nothing. Runs "
        "that a person asked for are not judged. A job's block is merged over that in `defaults`, and `none` takes "
        "one of them back. See [expectations](expectations.md).",
        example="expect: {start_within: 10m, finish_within: 2h, success_every: 4d}",
        comment="tell when this does not hold, and stop nothing (none)",
        shared=True,
        synonyms=("expects", "expectation", "expectations", "sla"),
    ),
}
