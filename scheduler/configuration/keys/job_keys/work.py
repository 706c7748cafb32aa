"""What a job runs, and what it is for people."""

from __future__ import annotations

from typing import Final

from scheduler.configuration.keys import converters, values
from scheduler.configuration.keys.key import Key
from scheduler.configuration.settings.job_settings import JOB_SETTINGS

KEYS: Final[dict[str, Key]] = {
    "command": Key(
        setting=JOB_SETTINGS["command"],
        read=converters.command,
        takes="a command: text, or a list of program and arguments",
        default="none: registered jobs and those in Python need no command",
        meaning="What the job runs. Plain words run directly, any other text through `/bin/sh -c`, a list always "
        "directly.",
        example="command: /usr/local/bin/backup --all",
        comment="plain words run directly, anything else through /bin/sh;\n"
        "a list, [/usr/local/bin/backup, --all], always directly",
        synonyms=("cmd", "exec", "run", "script"),
    ),
    "python": Key(
        setting=JOB_SETTINGS["python"],
        read=converters.python_target,
        takes="a function or class of a module, package.module:callable",
        default="none",
        meaning="What the job runs in Python, in a process of its own, in place of a command: a function or class of "
        "a package in `extensions/`, or of one that is installed. A job whose name is that of a class in "
        "`extensions/NAME/jobs.py` needs neither. See [Python jobs](python-jobs.md).",
        example="python: payroll.jobs:run",
        comment="in place of a command: a function or class of a package in extensions/, or of one\n"
        "that is installed (none)",
        synonyms=("callable", "entrypoint", "function", "class"),
    ),
    "description": Key(
        setting=JOB_SETTINGS["description"],
        read=values.description,
        takes="text",
        default="",
        meaning="What the job is, for people.",
        example="description: Copies the database",
        comment='for people ("")',
    ),
}
