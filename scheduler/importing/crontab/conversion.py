"""From a crontab to jobs: each entry becomes one that runs the same command at the same times."""

from __future__ import annotations

from typing import Literal, NamedTuple

from scheduler.importing.conversion import CRON_PATH, Conversion, ImportedJob, Surroundings
from scheduler.importing.crontab.command import SHELL, CronCommand, configured, read_command
from scheduler.importing.crontab.dialect import CRONIE_VARIABLES, Dialect
from scheduler.importing.crontab.expression import expression_of
from scheduler.importing.crontab.fields import BadTimes, Times, read_times
from scheduler.importing.crontab.instants import CrontabInstants
from scheduler.importing.crontab.lines import Crontab, Line
from scheduler.importing.crontab.settings import Settings
from scheduler.importing.expressions import comes
from scheduler.importing.names import JobNames, told_by
from scheduler.schedule.cron.schedule import parse_cron
from scheduler.schedule.duration import parse_duration
from scheduler.schedule.jitter import jitter_fault
from scheduler.schedule.zones import load_zone

COMMENT_MAX_CHARS = 1_000


_CALLED: dict[Dialect, str] = {"debian": "Debian's", "cronie": "cronie"}


class _Refused(Exception):
    """No job comes of an entry; the message says why."""


class _When(NamedTuple):
    """When a job runs: the keys that say so, and what cron reads; None where no time can be computed."""

    keys: dict[str, object]
    times: Times | None


def dialect_of(crontab: Crontab) -> Dialect:
    """Which cron a crontab is probably for: cronie if it says what only cronie obeys, else Debian's."""
    for line in crontab.lines:
        if line.kind == "setting" and line.name in CRONIE_VARIABLES:
            return "cronie"
        if line.kind == "entry" and any("~" in word for word in line.text.split(None, 5)[:5]):
            return "cronie"
    return "debian"


def convert(
    crontab: Crontab,
    source: str,
    dialect: Dialect,
    around: Surroundings,
    *,
    form: Literal["user", "system"],
) -> Conversion:
    """The jobs of a crontab.

    Args:
        crontab: its lines.
        source: its name, for people.
        dialect: whose rules hold.
        around: what has to be known of the machine.
        form: whether a user's name stands between times and command, as in /etc/crontab and /etc/cron.d.
    """
    return _CrontabConversion(crontab, source, dialect, around, form).conversion()


class _CrontabConversion:
    def __init__(
        self, crontab: Crontab, source: str, dialect: Dialect, around: Surroundings, form: str
    ) -> None:
        self._crontab, self._dialect, self._around, self._form = crontab, dialect, around, form
        self._found = Conversion(source)
        self._names = JobNames(around.taken)
        self._settings = Settings(self._found, dialect, around.zone)
        self._comments: list[Line] = []
        self._loose: list[str] = []
        self._first_words: list[str] = []
        self._known: dict[tuple[str, Times], CrontabInstants] = {}

    def conversion(self) -> Conversion:
        self._about_the_file()
        for line in self._crontab.lines:
            if line.kind == "comment":
                self._comments.append(line)
                continue
            if line.kind == "entry":
                self._entry(line)
            else:
                self._loosen()
                if line.kind == "setting":
                    self._settings.take(line)
                elif line.kind == "unreadable":
                    self._found.remark(line.number, "refused", line.text)
        self._loosen()
        self._about_user_column()
        self._found.comments = self._loose
        return self._found

    def _about_the_file(self) -> None:
        last = self._crontab.lines[-1].number if self._crontab.lines else 1
        if self._crontab.had_mark:
            self._found.remark(
                1, "note", "a byte order mark stands in front, which cron takes for text; it is left out"
            )
        if self._crontab.ends_as_on_windows:
            self._found.remark(
                1,
                "note",
                "lines end as on Windows (CR LF): cron would give the CR to the command; it is left out",
            )
        if self._crontab.unfinished:
            self._found.remark(
                last, "note", "the last line has no end, so cron would not run it; it is taken for whole"
            )

    def _loosen(self) -> None:
        """Comments that stand above no entry: they are kept between the jobs."""
        self._loose += [line.text for line in self._comments]
        self._comments = []

    def _description(self) -> str:
        """The comments right above an entry; one that is an entry itself, and signs that divide, are kept apart."""
        texts = []
        for line in self._comments:
            if _is_entry(line.text, self._dialect):
                self._found.remark(line.number, "note", "an entry that is commented out stays a comment")
                self._loose.append(line.text)
            elif any(character.isalnum() for character in line.text):
                texts.append(line.text)
        self._comments = []
        return " ".join(texts)[:COMMENT_MAX_CHARS].strip()

    def _entry(self, line: Line) -> None:
        description = self._description()
        try:
            job = self._job(line, description)
        except (BadTimes, _Refused) as problem:
            self._found.remark(line.number, "refused", str(problem))
            if description:
                self._loose.append(description)
            self._loose.append(f"not imported, line {line.number}: {line.text[:COMMENT_MAX_CHARS]}")
            return
        job.comments = self._loose
        self._loose = []
        self._found.jobs.append(job)

    def _job(self, line: Line, description: str) -> ImportedJob:
        text = self._options(line)
        times, rest = read_times(text, self._dialect)
        user, rest = self._user(rest)
        rest = self._mail_option(line, rest)
        command = read_command(rest, self._dialect)
        if not command.line.strip():
            raise _Refused("nothing stands in front of the %, so there is no command")
        when = self._when(line, times)
        name = self._names.unique(told_by(command.line), line.number)
        keys: dict[str, object] = {}
        if description:
            keys["description"] = description
        keys |= when.keys
        keys["command"] = configured(command, self._settings.shell)
        keys |= self._surroundings(line, user)
        if not times.at_boot:
            keys["catch_up"] = "none"
        keys["overlap"] = "allow"
        self._about(line, command)
        other: Dialect = "cronie" if self._dialect == "debian" else "debian"
        if read_command(rest, other) != command:
            self._found.remark(
                line.number,
                "note",
                f"Debian's cron takes away one of two backslashes and cronie does not: it is read as by "
                f"{_CALLED[self._dialect]}; the other is --cron {other}",
            )
        instants = None if when.times is None else self._instants(when.times)
        self._first_words.append(command.line.split(None, 1)[0])
        return ImportedJob(name, line.number, keys, f"line {line.number}", instants)

    def _instants(self, times: Times) -> CrontabInstants:
        """The instants of times in the zone that is in force; equal ones are the same object."""
        zone = self._settings.zone
        if (zone, times) not in self._known:
            self._known[zone, times] = CrontabInstants(times, load_zone(zone))
        return self._known[zone, times]

    def _options(self, line: Line) -> str:
        if not line.text.startswith("-") or self._dialect != "cronie":
            return line.text
        self._found.remark(
            line.number, "note", "the - in front keeps cronie from logging; the ledger records all runs"
        )
        return line.text[1:].lstrip(" \t")

    def _mail_option(self, line: Line, rest: str) -> str:
        """cronie's `-n` in front of a command: mail only if it fails."""
        if self._dialect != "cronie" or not rest.startswith("-"):
            return rest
        if not rest.startswith(("-n ", "-n\t")):
            raise _Refused("cronie takes the - in front of the command for an option, and knows only -n")
        self._found.remark(line.number, "lost", "-n asks for mail if the command fails: no mail is sent here")
        return rest[3:].lstrip(" \t")

    def _user(self, rest: str) -> tuple[str, str]:
        if self._form == "user":
            return "", rest
        user, _, command = rest.replace("\t", " ").partition(" ")
        command = rest[len(user) :].lstrip(" \t")
        if not command:
            raise _Refused(
                "a system crontab has a user in front of the command, and nothing stands behind it"
            )
        return user, command

    def _about_user_column(self) -> None:
        """Say so where a user's name stands in front of the command of every job, and none should."""
        if (
            self._form == "user"
            and self._first_words
            and all(
                word.isidentifier() and self._around.home_of(word) is not None for word in self._first_words
            )
        ):
            self._found.remark(
                self._found.jobs[0].line,
                "note",
                f"each command begins with the name of a user, such as {self._first_words[0]}: if this is a system "
                "crontab, say --system",
            )

    def _when(self, line: Line, times: Times) -> _When:
        zone = self._settings.zone
        if times.at_boot:
            self._found.remark(
                line.number,
                "note",
                "@reboot: it runs when a scheduler first sees a boot, from the boot after its definition on",
            )
            return _When({"schedule": "@reboot"}, None)
        jitter_minutes = self._settings.random_delay_minutes
        drawn = [(at, field.drawn) for at, field in enumerate(times.fields) if field.drawn is not None]
        if drawn:
            times, drawn_minutes = self._drawn(line, times)
            jitter_minutes += drawn_minutes
        for field in times.fields:
            if field.skipped:
                self._found.remark(
                    line.number,
                    "note",
                    f"Debian's cron skips {field.skipped!r} in {times.written!r}; so does the job",
                )
        expression = expression_of(times) if all(field.values for field in times.fields) else ""
        if not expression or not comes(expression):
            self._found.remark(
                line.number, "note", f"{times.written} never comes: the job runs only when it is asked for"
            )
            return _When({"on_demand": True}, None)
        if expression != times.written and not drawn:
            self._found.remark(
                line.number,
                "note",
                f"{times.written} is written {expression} here, which means what cron reads",
            )
        keys: dict[str, object] = {"schedule": expression, "timezone": zone}
        if jitter_minutes:
            self._jitter(line, keys, f"{jitter_minutes}m")
        return _When(keys, times)

    def _drawn(self, line: Line, times: Times) -> tuple[Times, int]:
        """Minutes of which cronie draws one: the first of them, and by how much the last one is later."""
        minute, *others = times.fields
        if minute.drawn is None or minute.values or any(field.drawn for field in others):
            raise _Refused(
                "cronie draws a value out of a range with ~; only a minute alone can be carried over"
            )
        first, last = minute.drawn
        minute = minute._replace(values=frozenset({first}), starred=False, drawn=None)
        written = " ".join([str(first), *times.written.split()[1:]])
        if last > first:
            self._found.remark(
                line.number,
                "note",
                "cronie draws the minute each time that it reads the file; here the job keeps one, by its jitter",
            )
        return Times((minute, *others), written), last - first

    def _jitter(self, line: Line, keys: dict[str, object], jitter: str) -> None:
        schedule = parse_cron(str(keys["schedule"]), str(keys["timezone"]))
        if fault := jitter_fault(parse_duration(jitter), schedule):
            self._found.remark(
                line.number, "lost", f"its random delay of up to {jitter} is left out: {fault}"
            )
        else:
            keys["jitter"] = jitter

    def _surroundings(self, line: Line, user: str) -> dict[str, object]:
        """User, folder and variables of an entry."""
        owner = self._around.owner
        keys: dict[str, object] = {}
        if user and user != owner:
            if not self._around.runs_as_others:
                raise _Refused(
                    f"it runs as {user}, and the jobs of this home run as {owner}: only the jobs of a home that root "
                    "owns can run as others"
                )
            keys["run_as"] = user
        home = self._settings.env.get("HOME") or (
            None if "run_as" in keys else self._around.home_of(user or owner)
        )
        if home is not None:
            if home.startswith("/") and "$" not in home:
                keys["working_directory"] = home
            else:
                self._found.remark(
                    line.number,
                    "lost",
                    f"HOME is {home!r}, which is no whole path: cron runs it in no such folder",
                )
        env = {name: value for name, value in self._settings.env.items() if name != "SHELL" or value != SHELL}
        keys["env"] = {"PATH": CRON_PATH, **env} if "PATH" not in env else env
        return keys

    def _about(self, line: Line, command: CronCommand) -> None:
        """What is worth knowing of a command."""
        if command.input is not None:
            self._found.remark(
                line.number, "note", "what follows the % is printed into the command by a pipe of the shell"
            )
        if "run-parts" in command.line:
            self._found.remark(
                line.number,
                "note",
                "run-parts runs the programs of a folder one after another: here they are one run of one job",
            )
        if "anacron" in command.line:
            self._found.remark(
                line.number,
                "note",
                "where anacron is installed this command does nothing: what /etc/anacrontab says is not imported",
            )


def _is_entry(text: str, dialect: Dialect) -> bool:
    """Whether a comment is an entry that somebody has put out of use."""
    try:
        _, command = read_times(text, dialect)
    except BadTimes:
        return False
    return bool(command)
