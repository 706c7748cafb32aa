"""From a job's definition to the process that runs it: program, environment, folder and output files."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from eventstore.store import Entry, Event
from scheduler import vocabulary as v
from scheduler.command import command_argv
from scheduler.configuration.model import ConfiguredJob
from scheduler.configuration.variables.environment import INHERITED
from scheduler.definition import Directory, JobDefinition, Limits
from scheduler.home import Home
from scheduler.processes.confinement.confinement import Confinement
from scheduler.processes.spawner import Launch
from scheduler.rules.approvals.pending_change import needs_approval
from scheduler.rules.runs.run_events import not_launched
from scheduler.rules.state import Run, State
from scheduler.service.attempts.running_attempt import RunningAttempt

if TYPE_CHECKING:
    from scheduler.processes.confinement.accounts import Account


class Launcher:
    """Prepares launches for the jobs of one home.

    Args:
        home: the home.
        environ: of the process that starts them.
        reread: gives the jobs of the config as it is now; None: it cannot be used. It is asked when a definition in
            force has another environment than the config that was `use`d last, and that is not kept either: another
            process has recorded an edit first.
        strict: whether nothing is started with another environment than that of the definition in force, as where the
            config of this machine is not what is in force.
    """

    def __init__(
        self,
        home: Home,
        environ: Mapping[str, str] = os.environ,
        reread: Callable[[], Mapping[str, ConfiguredJob] | None] = lambda: None,
        *,
        strict: bool = False,
    ) -> None:
        self._home, self._reread, self._strict = home, reread, strict
        self._jobs: Mapping[str, ConfiguredJob] = {}
        self._folders: dict[str, tuple[tuple[Directory, ...], tuple[Directory, ...]]] = {}
        self._base = {name: environ[name] for name in INHERITED if name in environ}
        self._root = str(home.root)
        self._base["CRONLEDGER_HOME"] = self._root
        self._environ = environ
        self._traced_ledger: str | None = None

    @property
    def base(self) -> Mapping[str, str]:
        """What every run gets of the environment of this process."""
        return self._base

    def use(self, jobs: Mapping[str, ConfiguredJob]) -> None:
        """Take the real values of each job's environment from here: only the config knows them.

        Folders to clean are resolved now: where they lead later does not count.
        """
        self._jobs = jobs
        self._folders = {
            name: (job.definition.directories, self._resolved(job.definition))
            for name, job in jobs.items()
            if job.definition.directories
        }

    def trace(self, ledger_id: str | None) -> None:
        """Tell each run from now on, as `TRACEPARENT`, of its span in the traces of a ledger; None: of none."""
        self._traced_ledger = ledger_id

    def attempts(self, started: Sequence[Entry], state: State) -> tuple[list[RunningAttempt], list[Event]]:
        """The attempts that a scheduler's `run.started` entries begin; the ends of those that cannot be prepared."""
        attempts, ends = [], []
        for entry in started:
            run = state.runs[entry.run or 0]
            prepared = self.prepared(run, state.jobs[run.job].definition, entry.time, v.SCHEDULER)
            if isinstance(prepared, RunningAttempt):
                attempts.append(prepared)
            else:
                ends.append(prepared)
        return attempts, ends

    def prepared(
        self,
        run: Run,
        definition: JobDefinition,
        started: datetime,
        actor: str,
        options: Sequence[str] = (),
    ) -> RunningAttempt | Event:
        """The attempt, or where that cannot be prepared its end; see `attempt`."""
        try:
            return self.attempt(run, definition, started, actor, options)
        except OSError as problem:
            return not_launched(run, started, problem.strerror or str(problem), actor)

    def attempt(
        self,
        run: Run,
        definition: JobDefinition,
        started: datetime,
        actor: str,
        options: Sequence[str] = (),
        *,
        to_start: bool = True,
    ) -> RunningAttempt:
        """The attempt of a run whose `run.started` carries the time `started`, ready for the supervisor.

        Args:
            definition: of its job.
            actor: who records how it ends.
            options: of a registered job, in place of its configured ones.
            to_start: whether it is to be started, and not only to be watched.

        Raises:
            OSError: a secret cannot be read, or there is no such user as it runs as.
        """
        account = _account(definition, to_start=to_start)
        launch = self.prepare(
            run, definition, started, max(1, run.attempt), options, account, to_start=to_start
        )
        if to_start and self._traced_ledger is not None:
            from scheduler.telemetry.trace_ids import traceparent

            parent = traceparent(self._traced_ledger, launch.run, launch.attempt)
            # What a job's own `env` says stands.
            launch = launch._replace(env={"TRACEPARENT": parent, **launch.env})
        if to_start and definition.params:
            from scheduler.configuration.variables.parameters import environment

            values = environment(definition, run.params, self._root, self._environ)
            launch = launch._replace(env={**launch.env, **values})
        if to_start and definition.secrets:
            from scheduler.configuration.variables import secret_values

            secrets = secret_values.environment(definition, self._root, self._environ)
            launch = launch._replace(env={**launch.env, **secrets})
        return RunningAttempt(run, started, launch, definition, actor)

    def prepare(
        self,
        run: Run,
        definition: JobDefinition,
        started: datetime,
        attempt: int,
        options: Sequence[str] = (),
        account: Account | None = None,
        *,
        to_start: bool = False,
    ) -> Launch:
        """What is to be launched for an attempt, as the user of an account if there is one; see `attempt`."""
        env = {
            **(self._base if account is None else _as_other_user(self._base, account)),
            **self._values(definition, to_start=to_start),
            "CRONLEDGER_JOB": run.job,
        }
        instant = run.scheduled_for or run.original_scheduled_for
        if instant is not None:
            env["CRONLEDGER_SCHEDULED_FOR"] = instant.isoformat().replace("+00:00", "Z")
        stdout = self._home.output_text(run.number, attempt, started, "stdout")
        return Launch(
            run=run.number,
            attempt=attempt,
            argv=command_argv(definition)
            if definition.command is not None
            else self._python_argv(run, definition, attempt, stdout, options),
            env=env,
            working_directory=self._directory(definition, account),
            stdout=stdout,
            stderr=self._home.output_text(run.number, attempt, started, "stderr"),
            confinement=_confinement(definition.limits, account),
        )

    def _values(self, definition: JobDefinition, *, to_start: bool) -> Mapping[str, str]:
        job = self._jobs.get(definition.name)
        if definition.env == (job.definition.env if job else {}):
            return job.env if job else {}
        # While an edit waits for approval, the config has another environment than the definition in force.
        if (kept := self._kept(definition)) is not None:
            return kept
        if (jobs := self._reread()) is not None:
            self.use(jobs)
        job = self._jobs.get(definition.name)
        configured = None if job is None else job.definition
        differs = definition.env != (configured.env if configured else {})
        if to_start and differs and self._strict:
            raise OSError(errno.ENOENT, "this machine does not have the env that was applied")
        if to_start and differs and needs_approval(definition, configured):
            raise OSError(
                errno.ENOENT, "what its env was before the edit that waits for approval is not known"
            )
        return job.env if job else {}

    def _kept(self, definition: JobDefinition) -> Mapping[str, str] | None:
        """What is kept of the environment of a definition, which is that if its digests say so."""
        from scheduler.configuration.variables.kept_environments import kept_environment
        from scheduler.configuration.variables.salt import salt_of

        return kept_environment(self._home.environments, definition, salt_of(self._home))

    def _python_argv(
        self, run: Run, definition: JobDefinition, attempt: int, stdout: str, options: Sequence[str]
    ) -> list[str]:
        """The command of a job in Python: of people's or, if the definition names none, one that comes along."""
        from scheduler.configuration.variables.parameters import variable
        from scheduler.python_jobs import request
        from scheduler.python_jobs.targets import DRY_RUN

        named = [variable(name) for name, parameter in definition.params.items() if parameter.secret]
        requested = request.JobRequest(
            target=definition.python or definition.name,
            home=os.path.abspath(self._root),
            job=definition.name,
            run=run.number,
            attempt=attempt,
            trigger=run.trigger,
            result=os.path.abspath(request.result_path(stdout)),
            scheduled_for=run.scheduled_for or run.original_scheduled_for,
            timeout_ms=definition.timeout_ms,
            params=request.types_of(definition),
            probably_secret=list(definition.env),
            secrets=[*definition.secrets, *named],
            secret_sha256=run.secret_sha256 or "",
            dry_run=DRY_RUN in options,
        )
        if definition.python is not None:
            return request.argv(requested)
        from scheduler.builtin.request import maintenance_argv

        configured, resolved = self._folders.get(definition.name, ((), ()))
        if configured != definition.directories:
            resolved = self._resolved(definition)
        argv = maintenance_argv(self._home, definition, directories=resolved, request=requested)
        return [*argv, *options]

    def _resolved(self, definition: JobDefinition) -> tuple[Directory, ...]:
        from scheduler.builtin.folders import resolve

        return tuple(resolve(self._home, directory) for directory in definition.directories)

    def _directory(self, definition: JobDefinition, account: Account | None) -> str:
        if definition.working_directory is None:
            return self._root if account is None else account.home
        return os.path.join(self._root, definition.working_directory)


def _confinement(limits: Limits | None, account: Account | None) -> Confinement | None:
    """What a process has to do to itself before it becomes the job's; None if it has nothing to do."""
    if account is None and (
        limits is None or (limits.memory_bytes, limits.cpu_time_ms, limits.nice) == (None, None, None)
    ):
        return None  # what it prints is looked at from here
    return Confinement(limits, None if account is None else account.run_as)


def _as_other_user(base: Mapping[str, str], account: Account) -> dict[str, str]:
    """What a run inherits, with the user's own folders and names; what is temporary for us is not for others."""
    return {name: value for name, value in base.items() if name != "TMPDIR"} | account.env


def account_for(definition: JobDefinition) -> Account | None:
    """The user as whom a job runs; None if that is whoever starts it.

    Raises:
        OSError: there is no such user, or only root could start it so.
    """
    if definition.run_as is None:
        return None
    from scheduler.processes.confinement.accounts import account_of

    return account_of(definition.run_as)


def _account(definition: JobDefinition, *, to_start: bool) -> Account | None:
    """The same; of an attempt that is only watched None where it cannot be told any more."""
    try:
        return account_for(definition)
    except OSError:
        if to_start:
            raise
        return None
