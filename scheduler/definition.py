"""What a job is: its definition as the ledger records it, and the settings of the scheduler itself.

A definition is the whole of what decides how a job behaves, without anything that may be secret: the values of
its environment are represented by digests. Durations are whole milliseconds.
"""

import hashlib
from collections.abc import Mapping
from typing import Final, Literal, get_args

import msgspec

from scheduler.entry_members import NotificationKind

CatchUp = Literal["one", "all", "none"]
Overlap = Literal["skip", "queue", "replace", "allow"]
Fsync = Literal["always", "everysec", "never"]
Shutdown = Literal["stop", "wait", "leave"]
Approval = Literal["none", "required"]
RetriedOutcome = Literal["failed", "timed_out", "lost", "unknown"]
RETRIED_OUTCOMES: tuple[RetriedOutcome, ...] = get_args(RetriedOutcome)
"""The outcomes of an attempt that another one may follow."""
RETRIED_BY_DEFAULT: tuple[RetriedOutcome, ...] = ("failed", "timed_out")
"""Those that another one follows unless something else is asked for: of the others nobody knows what was done."""

RETENTION_MAX: Final = {"hours": 24 * 36_525, "days": 36_525}
"""A century: anything longer is a slip of the keyboard."""

CalendarDigests = tuple[tuple[str, ...], tuple[str, ...]]
"""Digests of the days of calendars: of those on whose days alone a job runs, and of those on whose it does not."""

Timing = tuple[str | tuple[str, ...] | None, str | None, str | None, str, int, CalendarDigests | None]
"""The members `schedules` or `schedule`, `every`, `at`, `timezone` and `jitter_offset_ms`; digests of `calendars`."""


class Directory(msgspec.Struct, frozen=True, kw_only=True):
    """A folder that a maintenance job cleans: the files in it whose name matches the glob `pattern`."""

    path: str
    pattern: str = "*"


ParameterType = Literal["text", "integer", "number", "boolean"]


class Parameter(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    """A value that a job takes; values are text, as commands get them.

    Attributes:
        type: what the value must be.
        default: what applies unless a run is given another value; None: nothing.
        choices: the only values that are allowed; empty: all of the type.
        description: what it is, for people.
        secret: its value is never recorded, but read when an attempt starts: from `file`, or the variable `env`.
        file: absolute, or relative to the home.
        env: the name of a variable of the process that starts the attempt.
    """

    type: ParameterType = "text"
    default: str | None = None
    choices: list[str] = []
    description: str = ""
    secret: bool = False
    file: str | None = None
    env: str | None = None


class Secret(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    """Where a secret of a job is read from when an attempt starts; exactly one of the two is set.

    Attributes:
        file: absolute, or relative to the home.
        env: the name of a variable of the process that starts the attempt.
    """

    file: str | None = None
    env: str | None = None


class JobCalendars(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    """The calendars of a job, each by its name with the digest of its days.

    Attributes:
        only: the job runs only on the days of one of these; empty: on all days.
        without: and on no day of these; it is written `except`.
    """

    only: dict[str, str] = {}
    without: dict[str, str] = msgspec.field(default_factory=dict, name="except")

    def digests(self) -> CalendarDigests:
        """Those of their days, in order, so that the same days are the same."""
        return tuple(sorted(set(self.only.values()))), tuple(sorted(set(self.without.values())))

    def all_digests(self) -> list[str]:
        """The same, as one list."""
        return [*self.only.values(), *self.without.values()]


class Retry(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    """When a run makes another attempt after one that did not succeed.

    Attributes:
        attempts: at most this many, the first one counted.
        delay_ms: from the end of the first attempt to the second one.
        backoff: each further delay is this many times as long as the one before.
        delay_max_ms: no delay is longer than this, before it is varied.
        within_ms: no attempt starts later than this after the start of the first one; None: at any time.
        exit_codes: of an attempt after which another one is made; outcomes: the same, whatever the exit
            code was; None: those of `RETRIED_BY_DEFAULT`.
    """

    attempts: int = 1
    delay_ms: int = 10_000
    backoff: float = 1.0
    delay_max_ms: int = 3_600_000
    within_ms: int | None = None
    exit_codes: list[int] = []
    outcomes: list[RetriedOutcome] | None = None


class After(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    """The jobs that must have succeeded before a job runs.

    Attributes:
        jobs: their names, in the order in which they are written.
        within_ms: each must have succeeded at most this long before the job starts, which has a schedule of its own;
            None: it has none, and its instants are theirs.
    """

    jobs: list[str]
    within_ms: int | None = None


class Limits(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    """What an attempt may use; what is None is not limited.

    Attributes:
        memory_bytes: of all its processes where they have a control group, else of each one.
        cpu_time_ms: processor time of each of its processes.
        nice: their priority, as nice(1) counts it; never a higher one than the scheduler's.
        output_bytes: of what it prints; looked at once a second, sooner where it could be reached sooner.
    """

    memory_bytes: int | None = None
    cpu_time_ms: int | None = None
    nice: int | None = None
    output_bytes: int | None = None


class Notify(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    """Who is told of a job, and of what.

    Attributes:
        channels: their names in the config.
        when: what they are told of; empty: what each channel says, or failures.
        threshold: failures are told of from so many in a row on; None: what each channel says, or 1.
    """

    channels: tuple[str, ...]
    when: tuple[NotificationKind, ...] = ()
    threshold: int | None = None


class Expect(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    """What is expected of a job, and told when it does not hold; what is None is not expected.

    Attributes:
        start_within_ms: from the moment at which a run is due to the start of its first attempt.
        finish_within_ms: from that moment to the end of the run, however it ends.
        success_every_ms: from one success of the job to the next.
    """

    start_within_ms: int | None = None
    finish_within_ms: int | None = None
    success_every_ms: int | None = None


class JobDefinition(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True, gc=False):
    """One job.

    Attributes:
        name: unique in a home.
        command: a string (run directly if it is plain words, through `/bin/sh -c` if `shell`), a list (run
            directly), or None for a registered job that is found by its name, and for one in Python.
        python: what a job in Python runs, `package.module:callable` or `extensions/NAME/jobs.py:Class`.
        shell: whether the string needs a shell.
        schedule: five-field cron expression or alias; exactly one of `schedule`, `every`, `at`, `on_demand` is set,
            or `after` without `within_ms`.
        schedules: where there are several expressions, these; `schedule` shows them joined by "; ".
        every: duration as written, such as `90s`; anchored to the Unix epoch.
        at: one instant as written, RFC 3339.
        on_demand: it has no instants, and runs only when somebody asks for it.
        after: the jobs that must have succeeded before it runs; None: none.
        timezone: IANA zone in which `schedule` and a zoneless `at` are read.
        jitter_ms: each instant comes later by at most this; None: it does not.
        jitter_offset_ms: by how much, whole seconds; it follows from the ledger, the job's name and `jitter_ms`.
        calendars: on which days its instants count; None: on all.
        enabled: what the config says; a person may have said otherwise since.
        env: name of each environment variable, to the digest of its value.
        params: the parameters that it takes, by name.
        secrets: names of variables, to where the value of each is read when an attempt starts.
        run_as: user, or user and group (`etl:www-data`), as whom it runs; None: as the scheduler.
        working_directory: absolute, or relative to the home; the home itself if None, or that of its user.
        timeout_ms: stop an attempt that takes longer; None: never.
        kill_after_ms: from SIGTERM to SIGKILL.
        retry: when a run makes another attempt; None: never.
        limits: what an attempt may use; None: whatever the scheduler's processes may.
        catch_up: which of the instants that passed while no scheduler was running are run.
        catch_up_limit: at most this many with `all`.
        catch_up_window_ms: forget instants older than this; None: never.
        success_codes: exit codes that count as success; empty: 0 alone.
        fail_on_output: texts; a run whose output holds one of them failed.
        start_deadline_ms: give up a run that could not start within this; None: an hour, of waiting for a slot.
        locks: names of what a run of it shares with runs of other jobs, in order: it holds all of them, or waits.
        overlap: what becomes of a run that falls due while another one of the job is running.
        queue_limit: at most this many runs of the job wait for an earlier one.
        expect: what is told of it when it does not hold; None: nothing.
        tags: words by which jobs are chosen together, in the order in which they are written.
        runs_on: the name or a label of the nodes that may run it, where several share the ledger; None: any of them.
        notify: who is told of it; None: the channels that bear one of its tags alone.
        require_reason: a person who decides about it (runs, cancels, enables or disables it) must say why.
        approval: whether a change of the definition, this one included, comes into force only when a second person
            has approved it.
        retention_hours: of `cleanup-sessions`; retention_days: of `log-cleanup`.
        directories: further folders that a maintenance job cleans.
        dry_run: a maintenance job only counts.
    """

    name: str
    command: str | list[str] | None = None
    python: str | None = None
    shell: bool = False
    description: str = ""
    schedule: str | None = None
    schedules: tuple[str, ...] = ()
    every: str | None = None
    at: str | None = None
    on_demand: bool = False
    after: After | None = None
    timezone: str = "UTC"
    jitter_ms: int | None = None
    jitter_offset_ms: int = 0
    calendars: JobCalendars | None = None
    enabled: bool = True
    env: dict[str, str] = {}
    params: dict[str, Parameter] = {}
    secrets: dict[str, Secret] = {}
    run_as: str | None = None
    working_directory: str | None = None
    timeout_ms: int | None = None
    kill_after_ms: int = 10_000
    retry: Retry | None = None
    limits: Limits | None = None
    catch_up: CatchUp = "one"
    catch_up_limit: int = 100
    catch_up_window_ms: int | None = None
    success_codes: tuple[int, ...] = ()
    fail_on_output: tuple[str, ...] = ()
    locks: tuple[str, ...] = ()
    overlap: Overlap = "skip"
    queue_limit: int = 1_000
    start_deadline_ms: int | None = None
    expect: Expect | None = None
    tags: tuple[str, ...] = ()
    runs_on: str | None = None
    notify: Notify | None = None
    require_reason: bool = False
    approval: Approval = "none"
    retention_hours: int | None = None
    retention_days: int | None = None
    directories: tuple[Directory, ...] = ()
    dry_run: bool = False

    def parameter_values(self, given: Mapping[str, str]) -> dict[str, str]:
        """The values with which a run starts that was given these; the secret ones are left out."""
        values = {
            name: given.get(name, parameter.default)
            for name, parameter in self.params.items()
            if not parameter.secret
        }
        return {name: value for name, value in values.items() if value is not None}

    @property
    def follows(self) -> list[str]:
        """The jobs whose instants are its own, once all of them have succeeded; none if it has a schedule."""
        return self.after.jobs if self.after is not None and self.after.within_ms is None else []

    @property
    def awaits(self) -> list[str]:
        """The jobs that must have succeeded lately when it starts, which has a schedule of its own."""
        return self.after.jobs if self.after is not None and self.after.within_ms is not None else []

    @property
    def queues(self) -> bool:
        """Whether a run that a person asks for waits while another one of the job is running."""
        return self.overlap in ("queue", "replace")

    def counts_as_success(self, exit_code: int) -> bool:
        """Whether a run that exits with this code did what was wanted."""
        return exit_code in self.success_codes if self.success_codes else exit_code == 0

    @property
    def built_in(self) -> bool:
        """Whether cronledger itself brings it along: it has no command and is none in Python."""
        return self.command is None and self.python is None

    @property
    def deletes(self) -> bool:
        """Whether this is a maintenance job that deletes files by their age."""
        return self.built_in and not self.dry_run

    @property
    def at_reboot(self) -> bool:
        """Whether it runs once for each boot of the machine."""
        return self.schedule is not None and self.schedule.strip().lower() == "@reboot"

    @property
    def has_times(self) -> bool:
        """Whether its schedule has instants that can be computed."""
        return not (self.on_demand or self.at_reboot or self.follows)

    def timing(self) -> Timing:
        """What decides the instants; two definitions with the same timing have the same schedule.

        Of a job that runs on demand, or after others alone, all but the zone is None.
        """
        return (
            tuple(self.schedules) or self.schedule,
            self.every,
            self.at,
            self.timezone,
            self.jitter_offset_ms,
            None if self.calendars is None else self.calendars.digests(),
        )


DEFINITION_BYTES_MAX = 60_000
"""A definition is recorded in one entry, and an entry is one line of at most 65,535 bytes."""

_ENCODER = msgspec.json.Encoder(order="deterministic")


def revision(definition: JobDefinition) -> str:
    """Digest (16 hex digits of SHA-256) that changes exactly when the definition does."""
    return hashlib.sha256(_ENCODER.encode(definition)).hexdigest()[:16]


def recorded_bytes(definition: JobDefinition) -> int:
    """At most how many bytes a definition takes in an entry, where what is not ASCII is escaped."""
    encoded = _ENCODER.encode(definition)
    return len(encoded) if encoded.isascii() else len(encoded) + 5 * sum(byte >= 0x80 for byte in encoded)


def changed_members(old: JobDefinition, new: JobDefinition) -> list[str]:
    """Names of the members in which two definitions differ, in the order of the definition."""
    return [name for name in JobDefinition.__struct_fields__ if getattr(old, name) != getattr(new, name)]


class Heartbeat(msgspec.Struct, frozen=True, kw_only=True):
    """What shows that the scheduler is healthy.

    Attributes:
        file: is touched while it is; absolute, or relative to the home; None: `var/heartbeat`.
        url: is pinged while that file is seen to be touched, or where the address is read; None: nothing is.
        interval_ms: from one ping to the next.
    """

    file: str | None = None
    url: str | Secret | None = None
    interval_ms: int = 60_000


class SchedulerSettings(msgspec.Struct, frozen=True, kw_only=True):
    """The `scheduler:` block.

    Attributes:
        max_parallel: at most this many runs at once; the others wait their turn. It has no default here, because
            that depends on the machine: who reads the config fills it in.
        locks: how many runs may hold a lock at once, by its name; of one that is not here, one run.
        fsync: when appended entries are flushed to disk.
        shutdown: what becomes of the runs of a scheduler that stops: they are stopped, waited for, or left going.
        shutdown_grace_ms: with `stop`, how long it waits for them before that.
        heartbeat: what shows that the scheduler is healthy; None: nothing.
        lost_after_ms: where several nodes share the ledger, after so long a silence one is lost.
    """

    max_parallel: int
    locks: dict[str, int] = {}
    fsync: Fsync = "always"
    shutdown: Shutdown = "stop"
    shutdown_grace_ms: int = 30_000
    heartbeat: Heartbeat | None = None
    lost_after_ms: int = 60_000
