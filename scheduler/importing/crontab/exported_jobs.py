"""Jobs as a crontab: moving out, or showing somebody who knows cron what there is.

Each job is an entry with its name and description above it. What a crontab cannot say is said in comments: a job
whose times or command it cannot say is a comment altogether. An entry is read back, as cron would, before it is given
out.
"""

from __future__ import annotations

import os
import shlex
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Literal, NamedTuple

from scheduler.command import needs_shell
from scheduler.definition import JobDefinition
from scheduler.importing.crontab.command import SHELL, CronCommand, Unwritable, read_command, written
from scheduler.importing.crontab.dialect import Dialect
from scheduler.importing.crontab.exported_times import EntryTimes, Unsayable, times_of
from scheduler.importing.crontab.fields import BadTimes, read_times
from scheduler.importing.crontab.lines import split
from scheduler.processes.program import DEFAULT_PATH
from scheduler.wording.definitions import command_line

_COMMAND_MAX_CHARS: dict[Dialect, int] = {"debian": 998, "cronie": 131_070}
_COMMENT_MAX_CHARS = 500


class ExportedJob(NamedTuple):
    """A job with what its definition does not hold.

    Attributes:
        definition: of the job.
        env: the values of its variables.
        unsaid: settings that no crontab has, as `timeout: 1h`.
    """

    definition: JobDefinition
    env: Mapping[str, str]
    unsaid: Sequence[str]


class Exporter:
    """Writes jobs as entries.

    Args:
        dialect: whose crontab it is.
        zone: that of the machine.
        root: the home, in which commands start that name no folder.
        owner: the user as whom jobs run that name none; home_of: the folder in which cron starts a user's commands.
        form: whether a user stands in front of each command.
        now: later instants are compared.

    Attributes:
        left_out: names of the jobs of which no entry came.
    """

    def __init__(
        self,
        dialect: Dialect,
        zone: str,
        root: str,
        owner: str,
        home_of: Callable[[str], str | None],
        form: Literal["user", "system"],
        now: datetime,
    ) -> None:
        self._dialect, self._zone, self._root, self._owner = dialect, zone, root, owner
        self._form, self._now, self._home_of = form, now, home_of
        self._env: dict[str, str] = {}
        self._read_in = zone
        self.left_out: list[str] = []

    def lines(self, jobs: Iterable[ExportedJob]) -> list[str]:
        """The lines of the crontab."""
        found: list[str] = []
        for job in jobs:
            found += ["", *self._job(job)]
        return found

    def _job(self, job: ExportedJob) -> list[str]:
        definition = job.definition
        above = [
            _comment(f"job {definition.name}"),
            *(_comment(f"not said here: {each}") for each in job.unsaid),
        ]
        described = [_comment(" ".join(definition.description.split()))] if definition.description else []
        try:
            times = times_of(definition, self._dialect, self._zone, self._now)
            settings, env = self._settings(job, times)
            command = self._command(job, env)
        except (Unsayable, Unwritable) as problem:
            self.left_out.append(definition.name)
            why = str(problem) if isinstance(problem, Unsayable) else f"no crontab holds {problem}"
            return [*above, *described, _comment(f"left out: {why}")]
        entries = [f"{each} {command}" for each in times.written]
        if not definition.enabled:
            off = [_comment("it is disabled, and so a comment")]
            return [*above, *off, *described, *(f"# {entry}" for entry in entries)]
        self._env, self._read_in = env, times.zone or self._read_in
        return [*above, *([""] if described else []), *settings, *described, *entries]

    def _settings(self, job: ExportedJob, times: EntryTimes) -> tuple[list[str], dict[str, str]]:
        """Settings that an entry needs and those above it do not make; and the variables that hold with them."""
        found: list[str] = []
        if times.zone and times.zone != self._read_in:
            found.append(f"CRON_TZ={times.zone}")
        wanted = {"PATH": DEFAULT_PATH, **job.env}
        if not _is_of_shell(job):
            wanted["SHELL"] = SHELL
        env = dict(self._env)
        for name, value in wanted.items():
            if env.get(name, SHELL if name == "SHELL" else None) != value:
                found.append(_setting(name, value))
                env[name] = value
        return found, env

    def _command(self, job: ExportedJob, env: Mapping[str, str]) -> str:
        """What stands behind the times: perhaps a user, and the command as cron wants it written."""
        definition = job.definition
        if definition.command is None:
            raise Unsayable(
                "it is in Python" if definition.python is not None else "cronledger itself does it"
            )
        line = definition.command[2] if _is_of_shell(job) else command_line(definition.command)
        over = [name for name in env if name not in job.env and name not in ("PATH", "SHELL")]
        before = f"unset {' '.join(over)}; " if over else ""
        line = before + self._in_folder(definition, line, job.env)
        text = written(line, self._dialect)
        if len(text) > _COMMAND_MAX_CHARS[self._dialect]:
            raise Unsayable(f"its command has {len(text):,} characters, more than cron takes")
        try:
            _, rest = read_times(f"0 0 * * * {text}", self._dialect)
        except BadTimes as problem:
            raise Unsayable(str(problem)) from None
        if read_command(rest, self._dialect) != CronCommand(line, None) or text.startswith("-"):
            raise Unsayable("cron would read its command as another one")
        return f"{self._user(definition)}{text}"

    def _in_folder(self, definition: JobDefinition, line: str, env: Mapping[str, str]) -> str:
        """The command in its folder; cron starts all in that of the user."""
        folder = definition.working_directory
        if folder is None:
            folder = "" if definition.run_as is not None else self._root
        if not folder:
            return line
        path = os.path.join(self._root, folder)
        if path == (env.get("HOME") or self._home_of(definition.run_as or self._owner)):
            return line
        join = " || exit 1; " if needs_shell(line) else " && "
        return f"cd {shlex.quote(path)}{join}{line}"

    def _user(self, definition: JobDefinition) -> str:
        user = definition.run_as or self._owner
        if self._form == "user":
            if user != self._owner:
                raise Unsayable(f"it runs as {user}, which only a system crontab says")
            return ""
        if ":" in user:
            raise Unsayable(f"it runs as {user}, and a crontab has no groups")
        return f"{user} "


def _is_of_shell(job: ExportedJob) -> bool:
    """Whether its command is one that the shell of its variables reads, as that of a crontab is."""
    command = job.definition.command
    return isinstance(command, list) and len(command) == 3 and command[:2] == [job.env.get("SHELL"), "-c"]


def _setting(name: str, value: str) -> str:
    """A line that sets a variable, quoted where blanks would be lost.

    Raises:
        Unsayable: there is none.
    """
    for line in (f"{name}={value}", f'{name}="{value}"', f"{name}='{value}'"):
        if "\n" in line:
            break
        (read,) = split((line + "\n").encode("utf-8", "surrogateescape")).lines
        # An empty value has to be in quotes for Debian's cron.
        if (read.kind, read.name, read.value) == ("setting", name, value) and not line.endswith("="):
            return line
    raise Unsayable(f"no line of a crontab sets {name} to its value")


def _comment(text: str) -> str:
    shown = "".join(character if character.isprintable() else " " for character in text[:_COMMENT_MAX_CHARS])
    return f"# {shown}".rstrip()
