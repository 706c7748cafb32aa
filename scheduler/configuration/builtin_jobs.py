"""The jobs that cronledger brings along: found by their names, without a command, and their keys."""

from __future__ import annotations

from collections.abc import Collection

from scheduler.configuration.spelling import nearest

_COMMON = ("directories", "dry_run")
KEYS_OF_MAINTENANCE: dict[str, tuple[str, ...]] = {
    "cleanup-sessions": ("retention_hours", *_COMMON),
    "log-cleanup": ("retention_days", *_COMMON),
}
MAINTENANCE_KEYS = ("retention_hours", "retention_days", *_COMMON)
RETENTION_DEFAULTS: dict[str, dict[str, int]] = {
    "cleanup-sessions": {"retention_hours": 24},
    "log-cleanup": {"retention_days": 30},
}
"""What applies to a maintenance job that does not say how long it keeps things."""


def without_command(name: str, registered: Collection[str]) -> tuple[str, str] | None:
    """What is wrong with a job without a command, and the name that was meant; None if nothing is."""
    if name in registered:
        return None
    listed = ", ".join(sorted(registered)) or "none"
    return (
        f"job {name} has no command, and it is not one of the registered jobs ({listed}) that need none",
        nearest_registered(name, registered),
    )


def nearest_registered(name: str, registered: Collection[str]) -> str:
    """The registered job whose name begins with `name` or is one slip away from it, or an empty string."""
    longer = [each for each in registered if each.startswith(name)]
    by_word = {each.replace("-", "_"): each for each in sorted(registered)}
    return longer[0] if len(longer) == 1 else by_word.get(nearest(name, by_word), "")


def misplaced(name: str, key: str, *, has_command: bool) -> tuple[str, str] | None:
    """Why a key does not belong to a job, and the one that was meant; None if it belongs."""
    if key not in MAINTENANCE_KEYS:
        return None
    own = () if has_command else KEYS_OF_MAINTENANCE.get(name, ())
    if key in own:
        return None
    if not own:
        jobs = " and ".join(job for job, keys in KEYS_OF_MAINTENANCE.items() if key in keys)
        what = "a job that runs a command cleans by itself" if has_command else "this job does not clean"
        return f"{key} is for {jobs} without a command: {what}", ""
    return f"{name} does not take {key}: how long it keeps things is said by {own[0]}", own[0]


REGISTERED = ("cleanup-sessions", "log-cleanup")
"""Their names."""
