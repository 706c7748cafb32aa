"""The settings of a crontab: variables for the commands below them, and what cron itself obeys."""

from __future__ import annotations

import re

from scheduler.importing.conversion import Conversion
from scheduler.importing.crontab.command import SHELL
from scheduler.importing.crontab.dialect import CRONIE_VARIABLES, Dialect
from scheduler.importing.crontab.lines import Line
from scheduler.schedule.zones import known_zone, nearest_zones

_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_EXPANDED = re.compile(r"\$\{?[A-Za-z_]|^~|:~")
_OF_MAIL = ("MAILTO", "MAILFROM", "CONTENT_TYPE", "CONTENT_TRANSFER_ENCODING")
_DELAY_MAX_MINUTES = 24 * 60
_RULE = re.compile(r"([A-Za-z]{3,}|<[A-Za-z0-9+-]+>)[+-]?[0-9].*")
"""How a rule of POSIX begins: the name of a time, and its distance from UTC."""


class Settings:
    """What holds for the entries that follow.

    Args:
        found: where it is said what cannot be carried over.
        dialect: whose rules hold.
        zone: in which times are read at first.

    Attributes:
        env: the variables of the commands.
        zone: in which times are read.
        random_delay_minutes: by how much cronie delays commands at most.
    """

    def __init__(self, found: Conversion, dialect: Dialect, zone: str) -> None:
        self._found, self._dialect = found, dialect
        self.env: dict[str, str] = {}
        self.zone = self._crons_zone = zone
        self.random_delay_minutes = 0

    @property
    def shell(self) -> str:
        """The program that reads commands."""
        return self.env.get("SHELL") or SHELL

    def take(self, line: Line) -> None:
        """Obey a setting, or say what becomes of it."""
        name, value = line.name, line.value
        if name in _OF_MAIL:
            self._mail(line)
        elif name in CRONIE_VARIABLES and self._dialect == "cronie":
            self._cronies_own(line)
        elif name in ("LOGNAME", "USER"):
            self._lost(line, f"{name} is set by cron itself, and so here: by whoever runs the job")
        elif name.startswith("CRONLEDGER_"):
            self._lost(
                line, f"{name} is left out: variables that begin with CRONLEDGER_ are set by cronledger"
            )
        elif not _VARIABLE.fullmatch(name):
            self._lost(line, f"{name[:100]!r} is left out: it is not the name of a variable that a shell has")
        else:
            if name in CRONIE_VARIABLES:
                self._note(
                    line,
                    f"Debian's cron does not obey {name}, it only hands it on; cronie does: --cron cronie",
                )
            elif _EXPANDED.search(value):
                self._note(
                    line,
                    f"cron does not expand what stands in {name}, and neither does the job: it is taken as it stands",
                )
            if name == "TZ":
                self._note(line, "TZ is what the commands see; the times are not read in it")
            self.env[name] = value

    def _cronies_own(self, line: Line) -> None:
        if line.name == "CRON_TZ":
            self._set_zone(line)
            return
        if not line.value.isdecimal() or len(line.value) > 6 or int(line.value) > _DELAY_MAX_MINUTES:
            self._lost(line, f"cronie refuses a RANDOM_DELAY of {line.value[:100]!r}")
            return
        self.random_delay_minutes = int(line.value)
        if self.random_delay_minutes:
            self._note(line, "RANDOM_DELAY becomes a jitter, which is always the same for a job")

    def _set_zone(self, line: Line) -> None:
        """What cronie hands to tzset(3): nothing is the zone of cron itself again, and what there is not is UTC."""
        name = line.value.removeprefix(":")
        if not name or known_zone(name):
            self.zone = name or self._crons_zone
            return
        self.zone = "UTC"
        if _RULE.fullmatch(name):
            told = f"{name[:100]!r} is a rule, not the name of a time zone: the times below are read in UTC"
            self._lost(line, f"{told}, which cronie does not do")
            return
        near = nearest_zones(name, 1)
        meant = f"; did you mean {near[0]}?" if near else ""
        self._lost(
            line,
            f"there is no time zone {name[:100]!r}: the times below are read in UTC, as cronie does{meant}",
        )

    def _mail(self, line: Line) -> None:
        if line.name == "MAILTO" and not line.value:
            return
        if line.name == "MAILTO":
            self._lost(
                line,
                f"cron mails what commands print to {line.value[:200]}; here it is kept: a channel tells of failures",
            )
        else:
            self._lost(line, f"{line.name} is about cron's mail, which is not sent here")

    def _lost(self, line: Line, text: str) -> None:
        self._found.remark(line.number, "lost", text)

    def _note(self, line: Line, text: str) -> None:
        self._found.remark(line.number, "note", text)
