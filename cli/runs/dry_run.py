"""What a run of a job would be: shown, and nothing is started or recorded."""

from __future__ import annotations

import os
import shlex
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from cli.runs.parameters import given_values
from cli.terminal.tables import Cell, Value
from cli.times.show import show_duration
from cli.words.words import command_words
from scheduler.configuration.variables.parameters import variable
from scheduler.processes.program import find_program
from scheduler.processes.recognition.attempt_secret import VARIABLE as SECRET
from scheduler.processes.recognition.claims import ATTEMPT, LEDGER, RUN
from scheduler.processes.spawner import Launch, LaunchFailed
from scheduler.rules.state import Run
from scheduler.service.launcher import Launcher, account_for

if TYPE_CHECKING:
    from scheduler.ledger.view import View
    from scheduler.rules.state import Job

_ADDED = (LEDGER, RUN, ATTEMPT, SECRET)


class DryRun(NamedTuple):
    """A run that is not made.

    Attributes:
        job: its job.
        served: whether a scheduler would start it, in the scheduler's environment, and not the command that is typed.
        launch: what would be started.
        program: the file that would be executed; empty if there is none.
        problem: why it could not be started, as far as can be seen from here; empty if it could.
    """

    job: Job
    served: bool
    launch: Launch
    program: str
    problem: str

    @property
    def variables(self) -> dict[str, list[str]]:
        """The names of the variables that it would get, by where they come from."""
        config = sorted({*self.job.definition.env, *self.job.definition.secrets})
        params = map(variable, self.job.definition.params)
        others = {*self.launch.env, *_ADDED, *params} - set(config)
        own = sorted(name for name in others if name.startswith("CRONLEDGER_"))
        return {"config": config, "cronledger": own, "inherited": sorted(others - set(own))}

    def facts(self) -> Iterator[tuple[str, Value]]:
        """For people."""
        definition, variables = self.job.definition, self.variables
        yield "command", command_words(definition)
        yield "executed", shlex.join(self.launch.argv)
        yield "program", Cell(self.problem, "bad") if self.problem else self.program
        if definition.run_as is not None:
            yield "as user", definition.run_as
        yield "in folder", self.launch.working_directory
        yield "by", "the scheduler that serves the home" if self.served else "this command"
        whose = "the scheduler's environment, where they are set there" if self.served else "this environment"
        yield (
            "variables",
            [
                f"of the config: {', '.join(variables['config']) or 'none'}",
                f"of {whose}: {', '.join(variables['inherited']) or 'none'}",
                f"of cronledger: {', '.join(variables['cronledger'])}",
            ],
        )
        timeout = definition.timeout_ms
        yield "timeout", "never" if timeout is None else show_duration(timeout)
        if self.job.live:
            runs = ", ".join(map(str, self.job.live))
            yield "going or owed", f"run {runs}; overlap: {definition.overlap}"

    def document(self) -> dict[str, Any]:
        """For programs."""
        return {
            "job": self.job.name,
            "dry_run": True,
            "argv": self.launch.argv,
            "program": self.program or None,
            "problem": self.problem or None,
            "working_directory": self.launch.working_directory,
            "run_as": self.job.definition.run_as,
            "executor": "scheduler" if self.served else "self",
            "variables": self.variables,
            "timeout_ms": self.job.definition.timeout_ms,
            "overlap": self.job.definition.overlap,
            "in_flight": self.job.live,
        }


def dry_run(view: View, job: Job, params: Sequence[str]) -> DryRun:
    """What a run of the job would be, if it were made now with these values for its parameters (`NAME=VALUE`).

    Raises:
        Failure: the job does not take one of the values.
    """
    given_values(job.definition, params)
    launcher = Launcher(view.home)
    if view.config is not None:
        launcher.use(view.config.jobs)
    run = Run(0, job.name, "manual", view.now)
    try:
        account, why = account_for(job.definition), ""
    except OSError as unknown:
        account, why = None, unknown.strerror or str(unknown)
    launch = launcher.prepare(run, job.definition, view.now, 1, account=account)
    program, problem = ("", why) if why else _program(launch)
    return DryRun(job, view.is_served, launch, program, problem)


def _program(launch: Launch) -> tuple[str, str]:
    """The program that would be executed, and why it could not be."""
    if not os.path.isdir(launch.working_directory):
        return "", f"there is no folder {launch.working_directory}"
    try:
        program = find_program(launch.argv[0], launch.env, launch.working_directory)
    except LaunchFailed as failed:
        return "", str(failed)
    if not os.access(program, os.X_OK):
        return "", f"{program} is not there, or may not be executed"
    return program, ""
