"""From a service to the keys of a job: what runs, as whom, where, with which variables and bounds."""

from __future__ import annotations

import re
from typing import NamedTuple

from scheduler.importing.conversion import Conversion, Surroundings
from scheduler.importing.systemd.command_line import (
    BadLine,
    ServiceCommand,
    configured,
    read_commands,
    resolved,
    split_words,
)
from scheduler.importing.systemd.keys import PATH, USER_PATH
from scheduler.importing.systemd.time_span import BadSpan, duration_of, seconds_of
from scheduler.importing.systemd.unit_file import Directive, Unit

_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_SIZE = re.compile(r"([0-9]{1,15})([KMGT]?)")
_TIMEOUT_MAX_S = 365 * 86_400
_FOLDERS = dict(
    zip("tSCLETV", "/run /var/lib /var/cache /var/log /etc /tmp /var/tmp".split(), strict=True)  # noqa: SIM905
)


class NoJob(Exception):
    """No job comes of a unit; the message says why."""

    def __init__(self, why: str, at: Directive | None = None) -> None:
        self.line = 1 if at is None else at.line
        self.file = "" if at is None else at.file
        super().__init__(why)


class Service(NamedTuple):
    """A service and what is known of it.

    Attributes:
        unit: the service.
        around: the machine and the home.
        of_user: whether it belongs to a user's manager and not to the system's.
        found: where remarks go.
    """

    unit: Unit
    around: Surroundings
    of_user: bool
    found: Conversion

    def keys(self) -> dict[str, object]:
        """The keys of a job that does what the service does, but for when.

        Raises:
            NoJob: there is no such job.
        """
        specifiers = self._specifiers()
        found: dict[str, object] = {"command": configured(self._commands(specifiers))}
        user = self._user()
        found |= user
        found |= self._folder(specifiers, runs_as="run_as" in user)
        found["env"] = self._environment(specifiers)
        found |= self._bounds()
        return found

    def lost(self, at: Directive, text: str) -> None:
        """Say that something is not carried over."""
        self.found.remark(at.line, "lost", text, at.file)

    def _one(self, key: str) -> Directive | None:
        return self.unit.last("Service", key)

    def _specifiers(self) -> dict[str, str]:
        """What stands for `%n` and the like (systemd.unit(5))."""
        name = self.unit.name
        stem = name.rpartition(".")[0]
        prefix, _, instance = stem.partition("@")
        user = (self._one("User") or Directive("", 0, "", "", "root")).value
        if self.of_user:
            user = self.around.owner
        known = {
            "n": name, "N": stem, "p": prefix, "P": prefix.replace("-", "/"), "i": instance,
            "I": "/" + instance.replace("-", "/") if instance.startswith("-") else instance.replace("-", "/"),
            "j": prefix.rpartition("-")[2], "J": prefix.rpartition("-")[2],
        }  # fmt: skip
        if not self.of_user:
            known |= _FOLDERS
        # Of a system's unit %u and %h are those of the manager, which root runs.
        known["u"] = user if self.of_user else "root"
        home = self.around.home_of(known["u"])
        return known if home is None else known | {"h": home}

    def _commands(self, specifiers: dict[str, str]) -> list[ServiceCommand]:
        commands: list[ServiceCommand] = []
        if not self.unit.all("Service", "ExecStart"):
            raise NoJob(f"{self.unit.name} has no ExecStart=")
        for key in ("ExecCondition", "ExecStartPre", "ExecStart", "ExecStartPost"):
            for each in self.unit.all("Service", key):
                try:
                    read = read_commands(each.value, specifiers)
                except BadLine as problem:
                    raise NoJob(f"{key}= cannot be carried over: {problem}", each) from None
                if any(command.privileged for command in read):
                    self.lost(
                        each, f"+ or ! in {key}= asks for more rights than the rest has: it gets the same"
                    )
                if key == "ExecCondition":
                    self.lost(each, "where ExecCondition= fails systemd skips the run; here it fails")
                commands += read
        kind = self._one("Type")
        if kind is not None and kind.value in ("forking", "dbus"):
            self.lost(kind, f"Type={kind.value}: a run lasts here until its first process ends")
        return commands

    def _user(self) -> dict[str, object]:
        dynamic = self._one("DynamicUser")
        if dynamic is not None and self.unit.flag("Service", "DynamicUser"):
            raise NoJob("DynamicUser= makes a user for each run, and run_as takes one that exists", dynamic)
        written, group = self._one("User"), self._one("Group")
        if self.of_user:
            return {}
        user = "root" if written is None else written.value
        if "%" in user or user.isdecimal():
            raise NoJob(f"User={user} is no name of a user", written)
        if user == self.around.owner and group is None:
            return {}
        if not self.around.runs_as_others:
            raise NoJob(
                f"it runs as {user}, and the jobs of this home run as {self.around.owner}: only the jobs of a home "
                "that root owns can run as others",
                written,
            )
        return {"run_as": user if group is None else f"{user}:{group.value}"}

    def _folder(self, specifiers: dict[str, str], *, runs_as: bool) -> dict[str, object]:
        written = self._one("WorkingDirectory")
        if written is None:
            home = self.around.home_of(self.around.owner) if self.of_user else "/"
            return {"working_directory": home} if home else {}
        try:
            path = resolved(written.value.removeprefix("-"), specifiers)
        except BadLine as problem:
            raise NoJob(f"WorkingDirectory= cannot be carried over: {problem}", written) from None
        if path == "~":
            home = None if runs_as else self.around.home_of(self.around.owner)
            return {"working_directory": home} if home else {}
        if written.value.startswith("-"):
            self.lost(written, "- in front of a folder lets it be missing; here a run fails without it")
        return {"working_directory": path}

    def _environment(self, specifiers: dict[str, str]) -> dict[str, str]:
        found: dict[str, str] = {"PATH": USER_PATH if self.of_user else PATH}
        for each in self.unit.all("Service", "Environment"):
            try:
                words = split_words(each.value)
                pairs = [resolved(word, specifiers).partition("=") for word in words]
            except BadLine as problem:
                raise NoJob(f"Environment= cannot be carried over: {problem}", each) from None
            for name, sign, value in pairs:
                if not sign or not _VARIABLE.fullmatch(name) or name.startswith("CRONLEDGER_"):
                    self.lost(each, f"{name[:100]!r} is not set: it is no variable that a job can have")
                else:
                    found[name] = value
        return found

    def _bounds(self) -> dict[str, object]:
        found: dict[str, object] = {}
        kind = self._one("Type")
        oneshot = kind is not None and kind.value == "oneshot"
        names = ("TimeoutStartSec", "TimeoutSec") if oneshot else ("RuntimeMaxSec",)
        for key in names:
            if (seconds := self._span(key)) is not None:
                found["timeout"] = duration_of(seconds)
        for key in ("TimeoutStopSec", "TimeoutSec"):
            if (seconds := self._span(key)) is not None:
                found["kill_after"] = duration_of(seconds)
                break
        if (codes := self._codes()) is not None:
            found["success_codes"] = codes
        limits: dict[str, object] = {}
        nice = self._one("Nice")
        if nice is not None:
            if nice.value.removeprefix("+").isdecimal() and 1 <= int(nice.value[:4]) <= 19:
                limits["nice"] = int(nice.value)
            elif nice.value != "0":
                self.lost(nice, f"Nice={nice.value}: a job can have 1 to 19")
        memory = self._one("MemoryMax")
        if memory is not None and memory.value != "infinity":
            size = _SIZE.fullmatch(memory.value)
            if size is None or not int(size[1]):
                self.lost(memory, f"MemoryMax={memory.value} is not carried over")
            else:
                limits["memory"] = _bytes_shown(int(size[1]) * 1024 ** " KMGT".index(size[2] or " "))
        if limits:
            found["limits"] = limits
        return found

    def _span(self, key: str) -> int | None:
        written = self._one(key)
        if written is None:
            return None
        try:
            seconds = seconds_of(written.value)
        except BadSpan as problem:
            self.lost(written, f"{key}=: {problem}")
            return None
        if seconds is None or not seconds:
            return None
        if seconds > _TIMEOUT_MAX_S:
            self.lost(written, f"{key}={written.value} is longer than a year")
            return None
        return seconds

    def _codes(self) -> list[int] | None:
        codes, others = [0], []
        written = self.unit.all("Service", "SuccessExitStatus")
        for word in (word for each in written for word in each.value.split()):
            if word.isdecimal() and len(word) <= 3 and int(word) <= 255:
                codes.append(int(word))
            else:
                others.append(word)
        if others:
            self.lost(
                written[-1], f"SuccessExitStatus= names {', '.join(others)[:200]}, and codes are numbers here"
            )
        return list(dict.fromkeys(codes)) if len(codes) > 1 else None


def _bytes_shown(size: int) -> str:
    """A size as the config writes it, by the greatest unit that divides it."""
    for unit, factor in (("GiB", 1024**3), ("MiB", 1024**2), ("KiB", 1024)):
        if size % factor == 0:
            return f"{size // factor}{unit}"
    return f"{size}B"
