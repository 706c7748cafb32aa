"""The table of keys: which exist, and everything that is to be said of each.

`docs/config.md`, the starter config, what `jobs show` shows and what is suggested for a mistyped key come from here.
"""

from __future__ import annotations

from typing import Final

from scheduler.configuration.keys.job_keys import (
    attempts,
    maintenance,
    missed,
    people,
    success,
    surroundings,
    waits,
    when,
    work,
)
from scheduler.configuration.keys.key import Key

TOP_KEYS: Final[tuple[str, ...]] = (
    "jobs", "defaults", "scheduler", "ledger", "calendars", "channels", "nodes", "telemetry",
)  # fmt: skip
JOB_KEYS: Final[dict[str, Key]] = {
    **work.KEYS,
    **when.KEYS,
    **surroundings.KEYS,
    **attempts.KEYS,
    **missed.KEYS,
    **success.KEYS,
    **waits.KEYS,
    **people.KEYS,
    **maintenance.KEYS,
}
"""The keys of a job, in the order in which they are shown."""

DEFAULTS_KEYS: Final = {name: key for name, key in JOB_KEYS.items() if key.shared}
MERGED_KEYS: Final = {name: key for name, key in JOB_KEYS.items() if key.merge}
"""Those whose value in a job is merged over that in `defaults`."""


def keys_of(registered: str) -> tuple[str, ...]:
    """The keys that only registered jobs take, of one of them; its retention comes first."""
    return tuple(name for name, key in JOB_KEYS.items() if registered in key.only)


def filled(registered: str) -> dict[str, object]:
    """Members of a registered job that are filled in unless they are written."""
    return {key.member: key.fill() for key in JOB_KEYS.values() if key.fill and registered in key.only}
