"""What only the maintenance jobs take."""

from __future__ import annotations

from typing import Final

from scheduler.configuration.keys import converters, shown, values
from scheduler.configuration.keys.key import Key
from scheduler.definition import RETENTION_MAX

KEYS: Final[dict[str, Key]] = {
    "retention_hours": Key(
        member="retention_hours",
        read=values.whole_number(1, RETENTION_MAX["hours"]),
        show=shown.text,
        takes=f"a whole number from 1 to {RETENTION_MAX['hours']}",
        default="24",
        meaning="Sessions that are older are deleted.",
        example="retention_hours: 24",
        only=("cleanup-sessions",),
        fill=lambda: 24,
    ),
    "retention_days": Key(
        member="retention_days",
        read=values.whole_number(1, RETENTION_MAX["days"]),
        show=shown.text,
        takes=f"a whole number from 1 to {RETENTION_MAX['days']}",
        default="30",
        meaning="Logs that are older are deleted.",
        example="retention_days: 30",
        only=("log-cleanup",),
        fill=lambda: 30,
    ),
    "directories": Key(
        member="directories",
        read=converters.directories,
        show=shown.directories,
        takes="a list of folders, each such as {path: /srv/app/logs, pattern: '*.log'}",
        default="none",
        meaning="Further folders to clean, beside cronledger's own. `path` is absolute or relative to the home; "
        "`pattern` (`*` if it is left out) is compared with the names of the files in it.",
        example='directories:\n  - {path: /srv/app/logs, pattern: "*.log"}'
        '  # path absolute or relative to the home; pattern ("*")',
        comment="further folders to clean, beside cronledger's own (none)",
        only=("cleanup-sessions", "log-cleanup"),
    ),
    "dry_run": Key(
        member="dry_run",
        read=values.boolean,
        show=shown.boolean,
        takes="true or false",
        default="false",
        meaning="Nothing is deleted: the job only counts what would be.",
        example="dry_run: false",
        comment="only count what would be deleted",
        only=("cleanup-sessions", "log-cleanup"),
    ),
}
