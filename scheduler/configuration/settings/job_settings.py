"""The settings of a job in the order in which they are shown; `scheduler.configuration.keys` has how each is read."""

from __future__ import annotations

from typing import Final

from scheduler.configuration.settings import shown
from scheduler.configuration.settings.setting import Setting

TIMING_KEYS: Final[tuple[str, ...]] = ("schedule", "every", "at", "on_demand")
"""A job has exactly one of these."""

JOB_SETTINGS: Final[dict[str, Setting]] = {
    "command": Setting("command", shown.command, derived=("shell",)),
    "python": Setting("python", shown.text_or_none),
    "description": Setting("description", shown.text),
    "schedule": Setting("schedule", shown.expressions, derived=("schedules",)),
    "every": Setting("every", shown.text),
    "at": Setting("at", shown.text),
    "on_demand": Setting("on_demand", shown.boolean),
    "after": Setting("after", shown.after),
    "timezone": Setting("timezone", shown.text),
    "jitter": Setting("jitter_ms", shown.jitter, derived=("jitter_offset_ms",)),
    "calendars": Setting("calendars", shown.calendars),
    "enabled": Setting("enabled", shown.boolean),
    "env": Setting("env", shown.variables),
    "params": Setting("params", shown.parameters),
    "secrets": Setting("secrets", shown.secrets),
    "run_as": Setting("run_as", shown.text_or_none),
    "runs_on": Setting("runs_on", shown.text_or_none),
    "working_directory": Setting("working_directory", shown.folder),
    "timeout": Setting("timeout_ms", shown.duration_ms),
    "kill_after": Setting("kill_after_ms", shown.duration_ms),
    "retry": Setting("retry", shown.retry),
    "limits": Setting("limits", shown.limits),
    "catch_up": Setting("catch_up", shown.text),
    "catch_up_limit": Setting("catch_up_limit", shown.text),
    "catch_up_window": Setting("catch_up_window_ms", shown.duration_ms),
    "success_codes": Setting("success_codes", shown.success_codes),
    "fail_on_output": Setting("fail_on_output", shown.texts),
    "locks": Setting("locks", shown.words),
    "overlap": Setting("overlap", shown.text),
    "queue_limit": Setting("queue_limit", shown.text),
    "start_deadline": Setting("start_deadline_ms", shown.start_deadline_ms),
    "expect": Setting("expect", shown.expect),
    "tags": Setting("tags", shown.words),
    "notify": Setting("notify", shown.notify),
    "require_reason": Setting("require_reason", shown.boolean),
    "approval": Setting("approval", shown.text),
    "retention_hours": Setting("retention_hours", shown.text, only=("cleanup-sessions",)),
    "retention_days": Setting("retention_days", shown.text, only=("log-cleanup",)),
    "directories": Setting("directories", shown.directories, only=("cleanup-sessions", "log-cleanup")),
    "dry_run": Setting("dry_run", shown.boolean, only=("cleanup-sessions", "log-cleanup")),
}
