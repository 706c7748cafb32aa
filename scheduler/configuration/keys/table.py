"""The keys of a config: which exist where, what each takes, and which one a mistyped key probably meant."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from scheduler.configuration.keys import converters, values
from scheduler.configuration.keys.values import Reader
from scheduler.configuration.spelling import nearest
from scheduler.definition import RETENTION_MAX


class Key(NamedTuple):
    """A key and what its value becomes.

    Attributes:
        member: Name of the member of the definition or of the settings.
        read: What turns the node into the member's value.
        shared: Whether `defaults:` may set it for all jobs.
    """

    member: str
    read: Reader[Any]
    shared: bool = False


JOB_KEYS: dict[str, Key] = {
    "command": Key("command", converters.command),
    "description": Key("description", values.description),
    "schedule": Key("schedule", lambda node: values.scalar(node, "a cron expression in quotes").text),
    "every": Key("every", lambda node: values.scalar(node, "a duration such as 90s").text),
    "at": Key("at", lambda node: values.scalar(node, "a time such as 2026-12-24T18:00:00+01:00").text),
    "timezone": Key("timezone", values.zone, shared=True),
    "enabled": Key("enabled", values.boolean, shared=True),
    "env": Key("env", converters.environment, shared=True),
    "working_directory": Key("working_directory", values.folder, shared=True),
    "timeout": Key("timeout_ms", values.duration_ms_or_never, shared=True),
    "kill_after": Key("kill_after_ms", values.duration_ms, shared=True),
    "catch_up": Key("catch_up", values.one_of("one", "all", "none"), shared=True),
    "catch_up_limit": Key("catch_up_limit", values.whole_number(1, 100_000), shared=True),
    "catch_up_window": Key("catch_up_window_ms", values.duration_ms_or_never, shared=True),
    "overlap": Key("overlap", values.one_of("skip", "queue", "allow"), shared=True),
    "retention_hours": Key("retention_hours", values.whole_number(1, RETENTION_MAX["hours"])),
    "retention_days": Key("retention_days", values.whole_number(1, RETENTION_MAX["days"])),
    "directories": Key("directories", converters.directories),
    "dry_run": Key("dry_run", values.boolean),
}
DEFAULTS_KEYS = {name: key for name, key in JOB_KEYS.items() if key.shared}
SCHEDULER_KEYS: dict[str, Key] = {
    "max_parallel": Key("max_parallel", values.whole_number(1, 10_000)),
    "fsync": Key("fsync", values.one_of("always", "everysec", "never")),
    "shutdown_grace": Key("shutdown_grace_ms", values.duration_ms),
}
TOP_KEYS = ("jobs", "defaults", "scheduler")
TIMING_KEYS = ("schedule", "every", "at")

# Words of other schedulers, and words for the same thing.
_MEANT = {
    "args": "command",
    "catchup": "catch_up",
    "cmd": "command",
    "concurrency": "overlap",
    "cron": "schedule",
    "cwd": "working_directory",
    "directory": "working_directory",
    "disabled": "enabled",
    "environment": "env",
    "exec": "command",
    "grace": "kill_after",
    "interval": "every",
    "max_runtime": "timeout",
    "misfire": "catch_up",
    "run": "command",
    "script": "command",
    "tz": "timezone",
    "when": "schedule",
    "workdir": "working_directory",
    "working_dir": "working_directory",
}


def unknown_key(word: str, known: Mapping[str, Key], where: str) -> tuple[str, str]:
    """What to say of a key that does not belong, and the key that was probably meant (or an empty string).

    Args:
        word: The key as it was written.
        known: The keys that belong there.
        where: The place, in words: "a job".
    """
    if word in JOB_KEYS and known is DEFAULTS_KEYS:
        return f"{word} belongs to each job, not to defaults", ""
    for block, keys in (("scheduler", SCHEDULER_KEYS), ("jobs", JOB_KEYS)):
        if word in keys and known is not keys:
            place = "the scheduler block" if block == "scheduler" else "a job under jobs"
            return f"{word} does not belong to {where} but to {place}", ""
    meant = _MEANT.get(word.casefold().replace("-", "_"), "")
    near = meant if meant in known else nearest(word, known)
    if near:
        return f"unknown key {word!r} in {where}", near
    return f"unknown key {word!r} in {where}, which takes {', '.join(known)}", ""
