"""The keys of the `scheduler:` block, and everything that is to be said of each."""

from __future__ import annotations

import os
from typing import Final

from scheduler.configuration.keys import locks, nodes, values
from scheduler.configuration.keys.block_values import heartbeat
from scheduler.configuration.keys.key import Key
from scheduler.configuration.settings import shown
from scheduler.configuration.settings.setting import Setting

SCHEDULER_KEYS: Final[dict[str, Key]] = {
    "max_parallel": Key(
        setting=Setting("max_parallel", shown.text),
        read=values.whole_number(1, 10_000),
        takes="a whole number from 1 to 10000",
        default="eight for each processor core, at least 32",
        meaning="At most so many runs at once; the others wait their turn.",
        example="max_parallel: 32",
        comment="at most so many runs at once (eight for each processor core, at least 32)",
        fill=lambda: max(32, 8 * (os.cpu_count() or 1)),
    ),
    "locks": Key(
        setting=Setting("locks", locks.shown_capacities),
        read=locks.capacities,
        takes=locks.CAPACITIES_TAKE,
        default=locks.ONE_EACH,
        meaning="How many runs may hold a lock at once, for the `locks` of jobs. A change binds the runs that start "
        "later.",
        example="locks: {database: 2}",
        comment="how many runs may hold a lock at once (one run for each lock)",
    ),
    "fsync": Key(
        setting=Setting("fsync", shown.text),
        read=values.one_of("always", "everysec", "never"),
        takes="always, everysec or never",
        default="always",
        meaning="When entries of the ledger reach the disk: before they are acknowledged, within a second, or when "
        "the kernel writes them. A database flushes always, whatever is said here.",
        example="fsync: always",
        comment="when entries reach the disk: always, everysec or never (always)",
    ),
    "shutdown": Key(
        setting=Setting("shutdown", shown.text),
        read=values.one_of("stop", "wait", "leave"),
        takes="stop, wait or leave",
        default="stop",
        meaning="What becomes of the runs of a scheduler that stops: they are stopped after `shutdown_grace`, waited "
        "for however long they take, or left going for the next scheduler to take over.",
        example="shutdown: stop",
        comment="what becomes of runs when the scheduler stops: stop, wait or leave (stop)",
    ),
    "shutdown_grace": Key(
        setting=Setting("shutdown_grace_ms", shown.duration_ms),
        read=values.duration_ms,
        takes="a duration such as 90s, 15m, 36h or 7d",
        default="30s",
        meaning="With `shutdown: stop`, how long a stopping scheduler waits for its runs before it stops them.",
        example="shutdown_grace: 30s",
        comment="with stop, how long it waits for them before that (30s)",
    ),
    "heartbeat": Key(
        setting=Setting("heartbeat", heartbeat.shown),
        read=heartbeat.heartbeat,
        takes=heartbeat.TAKES,
        default="none",
        meaning="What shows that the scheduler is healthy. It touches `file` (`var/heartbeat`) at least every 10 "
        "seconds, and as long as that is seen a process of its own pings `url` every `interval` (1m, 10s to 1d): an "
        "address, or `{file: PATH}` or `{env: VARIABLE}` where one is read. See "
        "[expectations](expectations.md#the-scheduler-itself).",
        example='heartbeat: {url: "https://hc.example/x", interval: 1m}',
        comment="what is touched, and pinged, while the scheduler is healthy (none)",
        synonyms=("watchdog", "health", "dead_mans_switch", "healthcheck", "ping"),
    ),
    "lost_after": Key(
        setting=Setting("lost_after_ms", shown.duration_ms),
        read=nodes.lost_after,
        takes=nodes.LOST_AFTER_TAKES,
        default="1m",
        meaning="Where several machines share the ledger: a node that was silent for so long is lost, and what it "
        "had started with it. What it had not started goes elsewhere after 3 seconds.",
        example="lost_after: 1m",
        comment="where several machines share the ledger, a node that is silent for so long is lost (1m)",
        synonyms=("node_timeout", "silent_after"),
    ),
}
"""The keys of the scheduler block."""
