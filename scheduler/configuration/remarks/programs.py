"""The programs that jobs run, as this machine has them: whether they are there, and who can write them.

It is a look at the machine on which it is asked, by the user who asks. What cannot be seen from there is not told.
"""

from __future__ import annotations

import grp
import os
import pwd
import re
import shlex
import stat
from collections.abc import Iterator
from typing import Final, NamedTuple

from scheduler.command import command_argv
from scheduler.configuration.model import Config, ConfigLint, ConfiguredJob
from scheduler.definition import JobDefinition
from scheduler.home import Home
from scheduler.ownership.home_owner import is_foreign, owner_or_self, user_name
from scheduler.processes.program import DEFAULT_PATH, find_program, is_user, nearest_program
from scheduler.processes.spawner import LaunchFailed
from scheduler.shortening import shortened

_SHELLED: Final = re.compile(r"\s*(/[A-Za-z0-9_@%+:,./-]+)(?=\s|;|&|\||$)")
"""The program of a command for the shell, where that begins with its path."""
_USER_COLUMN: Final = re.compile(r"\s*([a-z_][a-z0-9_-]{0,31})\s+([A-Za-z0-9_./+-]+|\[)(?=\s|;|&|\||$)")
_SHELL_WORDS: Final = frozenset(("cd", "[", "test", "if", "for", "exec", ".", "umask", "command"))
_INTERPRETERS: Final = re.compile(r"(?:ba|da|z|k)?sh|python[0-9.]*|perl|ruby|node|php")
_SUGGESTED_MAX: Final = 20
"""For so many missing programs the nearest name is looked for: it is compared with all there are."""
_SHOWN_CHARS_MAX: Final = 80


class _Place(NamedTuple):
    """Where a job's program is looked for: its name, the folders, and the folder that paths count from."""

    name: str
    path: str
    folder: str


def program_lints(config: Config, home: Home) -> Iterator[ConfigLint]:
    """What is remarkable about the programs of a config's jobs."""
    looks = _Looks(home)
    for job in config.jobs.values():
        yield from _lints(job, home, looks)


def _lints(job: ConfiguredJob, home: Home, looks: _Looks) -> Iterator[ConfigLint]:
    definition = job.definition
    if definition.command is None:
        return
    line = job.written.get("command", job.timing_place.line)
    place = _place(job, home)
    user = _user_column(definition, place, looks)
    if user is not None:
        told = f"{user} is a user and no program, as a system's crontab has one in front: take it out"
        if user != looks.owner_name:
            told += f"; what has to run as another user says so by `run_as: {user}`, in a home that root owns"
        yield ConfigLint(line, 1, definition.name, "user-column", told, job.file)
        return
    if place is None:
        return
    program, problem = looks.program(place)
    if problem:
        yield ConfigLint(line, 1, definition.name, "no-program", problem, job.file)
    for file in dict.fromkeys([program, _script(definition, place)]):
        if file and (told := looks.writers(file, definition.run_as)):
            yield ConfigLint(line, 1, definition.name, "writable-program", told, job.file)


def _place(job: ConfiguredJob, home: Home) -> _Place | None:
    """Where the program is; None if only a shell knows, or only whoever runs it."""
    definition = job.definition
    if definition.shell and isinstance(definition.command, str):
        shelled = _SHELLED.match(definition.command)
        name = "" if shelled is None else shelled[1]
    else:
        name = command_argv(definition)[0]
    relative = not name.startswith("/")
    if not name or (relative and definition.run_as is not None):
        return None
    # A scheduler may have another PATH than whoever checks the config.
    path = job.env.get("PATH") or ":".join((os.environ.get("PATH", ""), DEFAULT_PATH, "/usr/sbin:/sbin"))
    return _Place(name, path, os.path.join(home.root, definition.working_directory or ""))


def _user_column(definition: JobDefinition, place: _Place | None, looks: _Looks) -> str | None:
    """The user with whom a command begins, if that is no program."""
    command = definition.command
    if isinstance(command, list):
        command = shlex.join(command)
    found = _USER_COLUMN.match(command or "")
    if found is None or not is_user(found[1]):
        return None
    path = DEFAULT_PATH if place is None else place.path
    user, behind = (_Place(word, path, "/") for word in found.groups())
    if behind.name not in _SHELL_WORDS and "/" not in behind.name and not looks.is_there(behind):
        return None
    return None if looks.is_there(user) else user.name


def _script(definition: JobDefinition, place: _Place) -> str:
    """What an interpreter is given to run, if that is a path."""
    if definition.shell or not _INTERPRETERS.fullmatch(os.path.basename(place.name)):
        return ""
    words = command_argv(definition)
    return words[1] if len(words) > 1 and words[1].startswith("/") else ""


class _Looks:
    """What was seen on this machine; each file is looked at once."""

    def __init__(self, home: Home) -> None:
        self._owner, self._foreign = owner_or_self(home), is_foreign(home)
        self._programs: dict[_Place, tuple[str, str]] = {}
        self._writers: dict[tuple[str, str | None], str] = {}
        self._suggested = 0

    @property
    def owner_name(self) -> str:
        """The name of the home's owner, as whom jobs run that say nothing else."""
        return user_name(self._owner)

    def is_there(self, place: _Place) -> bool:
        """Whether there is a program of a name."""
        try:
            return bool(find_program(place.name, {"PATH": place.path}, place.folder))
        except LaunchFailed:
            return False

    def program(self, place: _Place) -> tuple[str, str]:
        """The path of a program, and why a run would fail with it; empty if it would not, as far as is seen."""
        if place not in self._programs:
            self._programs[place] = self._found(place)
        return self._programs[place]

    def _found(self, place: _Place) -> tuple[str, str]:
        shown = shortened(place.name, _SHOWN_CHARS_MAX)
        try:
            path = find_program(place.name, {"PATH": place.path}, place.folder)
        except LaunchFailed:
            if self._foreign:
                return "", ""  # whoever runs it has another PATH, and may see more
            return "", f"there is no program {shown!r} on this machine: a run would fail{self._meant(place)}"
        try:
            status = os.stat(path)
        except FileNotFoundError:
            return "", f"there is no {shown} on this machine: a run would fail"
        except OSError:
            return "", ""  # who asks may see less than whoever runs it
        if stat.S_ISDIR(status.st_mode):
            return "", f"{shown} is a folder, and no program: a run would fail"
        if not self._foreign and not status.st_mode & 0o111:
            return path, f"{shown} is not executable: a run would fail; `chmod +x {shlex.quote(place.name)}`"
        return path, ""

    def _meant(self, place: _Place) -> str:
        if is_user(place.name):
            return ""
        self._suggested += 1
        return nearest_program(place.name, place.path) if self._suggested <= _SUGGESTED_MAX else ""

    def writers(self, file: str, run_as: str | None) -> str:
        """Who else can decide what a program does, and what to do about it; empty if nobody is seen."""
        key = file, run_as
        if key not in self._writers:
            try:
                self._writers[key] = self._distrust(os.path.realpath(file), run_as)
            except OSError:
                self._writers[key] = ""
        return self._writers[key]

    def _distrust(self, file: str, run_as: str | None) -> str:
        runner = self._owner if run_as is None else _uid(run_as)
        as_whom = "" if runner is None else f" as {user_name(runner)}"
        for path in (file, os.path.dirname(file)):
            status = os.stat(path)
            if os.statvfs(path).f_flag & os.ST_RDONLY:
                continue
            is_folder = path != file
            if is_folder and status.st_mode & stat.S_ISVTX:
                continue
            quoted, shown = shlex.quote(path), shortened(path, _SHOWN_CHARS_MAX)
            decides = f"can write {shown}, and so decide what runs{as_whom}"
            if status.st_mode & stat.S_IWOTH:
                return f"every user of this machine {decides}: `chmod o-w {quoted}`"
            if not is_folder and status.st_mode & stat.S_IWGRP and (group := _shared_group(status)):
                return f"the group {group} {decides}: `chmod g-w {quoted}`"
            if not is_folder and runner == 0 and status.st_uid != 0:
                return f"{user_name(status.st_uid)} owns it and {decides}: `chown root {quoted}`"
        return ""


def _shared_group(status: os.stat_result) -> str:
    """The name of a file's group, if anybody but the file's owner and root is in it."""
    try:
        group = grp.getgrgid(status.st_gid)
    except KeyError:
        return str(status.st_gid)
    owner = user_name(status.st_uid)
    members = {*group.gr_mem, *(each.pw_name for each in pwd.getpwall() if each.pw_gid == status.st_gid)}
    return group.gr_name if members - {owner, "root"} else ""


def _uid(run_as: str) -> int | None:
    try:
        return pwd.getpwnam(run_as.partition(":")[0]).pw_uid
    except KeyError:
        return None
