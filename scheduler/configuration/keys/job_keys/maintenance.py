"""What only the maintenance jobs take."""

from __future__ import annotations

from typing import Final

from scheduler.configuration.keys import converters, values
from scheduler.configuration.keys.key import Key
from scheduler.configuration.settings.job_settings import JOB_SETTINGS
from scheduler.definition import RETENTION_MAX

KEYS: Final[dict[str, Key]] = {
    "retention_hours": Key(
        setting=JOB_SETTINGS["retention_hours"],
        read=values.whole_number(1, RETENTION_MAX["hours"]),
        takes=f"a whole number from 1 to {RETENTION_MAX['hours']}",
        default="24",
        meaning="Sessions that are older are deleted.",
        example="retention_hours: 24",
        fill=lambda: 24,
    ),
    "retention_days": Key(
        setting=JOB_SETTINGS["retention_days"],
        read=values.whole_number(1, RETENTION_MAX["days"]),
        takes=f"a whole number from 1 to {RETENTION_MAX['days']}",
        default="30",
        meaning="Logs that are older are deleted.",
        example="retention_days: 30",
        fill=lambda: 30,
    ),
    "directories": Key(
        setting=JOB_SETTINGS["directories"],
        read=converters.directories,
        takes="a list of folders, each such as {path: /srv/app/logs, pattern: '*.log'}",
        default="none",
        meaning="Further folders to clean, beside cronledger's own. `path` is absolute or relative to the home; "
        "`pattern` (`*` if it is left out) is compared with the names of the files in it.",
        example='directories:\n  - {path: /srv/app/logs, pattern: "*.log"}'
        '  # path absolute or relative to the home; pattern ("*")',
        comment="further folders to clean, beside cronledger's own (none)",
    ),
    "dry_run": Key(
        setting=JOB_SETTINGS["dry_run"],
        read=values.boolean,
        takes="true or false",
        default="false",
        meaning="Nothing is deleted: the job only counts what would be.",
        example="dry_run: false",
        comment="only count what would be deleted",
    ),
}
