"""`jobs cleanup-sessions` and `jobs log-cleanup`: the built-in jobs, now, with a retention of the person's choice.

They share a file, for only the name of the job and the unit of its retention differ. Both are written out, because
their options and help are their own; what they do is said once, in `_maintain`.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any, NamedTuple

import click

from cli.app.failures import ExitCode, Failure
from cli.app.json_output import json_option, show_json
from cli.app.options import WholeNumber, reason_option
from cli.home.reasons import check_reason
from scheduler.definition import RETENTION_MAX
from scheduler.home import Home

if TYPE_CHECKING:
    from scheduler.configuration.model import Config
    from scheduler.definition import JobDefinition
    from scheduler.rules.state import State
    from scheduler.service.local_executor import RunRequest

_OUT, _ERR = 1, 2
_SIGNALLED = 128

_DRY_RUN = click.option("--dry-run", is_flag=True, help="Only count what would be deleted.")
_TRUST_CLOCK = click.option(
    "--trust-clock", is_flag=True, help="The clock is right: delete though the ledger contradicts it."
)


class _MaintenanceOptions(NamedTuple):
    """What the options of both commands say."""

    reason: str
    dry_run: bool
    trust_clock: bool


@click.command("cleanup-sessions", epilog="Example: cronledger jobs cleanup-sessions --hours 24 --dry-run")
@click.option(
    "--hours",
    type=WholeNumber(1, RETENTION_MAX["hours"]),
    metavar="N",
    help="Keep sessions for N hours after their last change.  [default: as configured, else 24]",
)
@_DRY_RUN
@_TRUST_CLOCK
@reason_option
@json_option
@click.pass_obj
def cleanup_sessions(
    home: Home, hours: int | None, dry_run: bool, trust_clock: bool, reason: str, as_json: bool
) -> None:
    """Delete expired sessions: in cronledger's own session folder, and in the folders that the config names.

    Nothing is deleted while the ledger contradicts the clock; it says what would be.

    It is a run of the job cleanup-sessions, recorded as such and executed by this command. Exit code 1 if something
    could not be deleted.
    """
    switches = _MaintenanceOptions(reason, dry_run, trust_clock)
    sys.exit(_maintain(home, "cleanup-sessions", "hours", hours, switches, as_json=as_json))


@click.command("log-cleanup", epilog="Example: cronledger jobs log-cleanup --days 30 --dry-run")
@click.option(
    "--days",
    type=WholeNumber(1, RETENTION_MAX["days"]),
    metavar="N",
    help="Keep logs for N days.  [default: as configured, else 30]",
)
@_DRY_RUN
@_TRUST_CLOCK
@reason_option
@json_option
@click.pass_obj
def log_cleanup(
    home: Home, days: int | None, dry_run: bool, trust_clock: bool, reason: str, as_json: bool
) -> None:
    """Delete captured output and log entries that are older than the retention; the ledger itself is never touched.

    Nothing is deleted while the ledger contradicts the clock; it says what would be.

    It is a run of the job log-cleanup, recorded as such and executed by this command. Exit code 1 if something
    could not be deleted.
    """
    switches = _MaintenanceOptions(reason, dry_run, trust_clock)
    sys.exit(_maintain(home, "log-cleanup", "days", days, switches, as_json=as_json))


def _maintain(
    home: Home, name: str, unit: str, retention: int | None, switches: _MaintenanceOptions, *, as_json: bool
) -> int:
    """Run the built-in job and show what it says; the exit code."""
    from cli.runs.runners.direct import direct_runner
    from cli.runs.runners.runner import OutputPlaces

    with direct_runner(home, OutputPlaces(_ERR if as_json else _OUT, _ERR)) as runner:
        definition = _definition(runner.config, name, runner.ledger.state)
        request = _run_request(definition, unit, retention, switches)
        applied: list[dict[str, Any]] = []
        runner.ledger.listen(_collector(name, applied))
        runner.request_run(request, lambda number, job: None)
        stopped_by = runner.follow()
        settled = list(runner.watched.settled.values())
    if as_json:
        runs = {run.run for run in settled}
        show_json(
            {
                "run": settled[0].members() if settled else None,
                "retention": next((payload for payload in applied if payload["run"] in runs), None),
            }
        )
    if stopped_by is not None:
        return _SIGNALLED + stopped_by
    return ExitCode.DONE if settled and settled[0].succeeded else ExitCode.FAILED


def _run_request(
    definition: JobDefinition, unit: str, retention: int | None, switches: _MaintenanceOptions
) -> RunRequest:
    from scheduler.service.local_executor import RunRequest

    options: list[str] = []
    parameters: list[str] = []
    if retention is not None:
        options.append(f"--{unit}={retention}")
        parameters.append(f"retention_{unit}")
    if switches.dry_run:
        options.append("--dry-run")
        parameters.append("dry_run")
    if switches.trust_clock:
        options.append("--trust-clock")
        parameters.append("trust_clock")
    check_reason([definition], switches.reason)
    return RunRequest(definition, switches.reason, options, parameters)


def _definition(config: Config, name: str, state: State) -> JobDefinition:
    """The job as the config has it, if that is approved; or as it is without a config."""
    from scheduler.definition import JobDefinition

    configured = config.jobs.get(name)
    if configured is None or (name in state.changes and name not in state.jobs):
        return JobDefinition(name=name)
    if not configured.definition.built_in:
        raise Failure(
            f"the config gives {name} a command of its own, which takes no options of this command",
            f"`cronledger jobs run {name}` runs it.",
        )
    return configured.definition


def _collector(name: str, applied: list[dict[str, Any]]) -> Any:
    import msgspec

    from eventstore.store import Entry
    from scheduler.vocabulary import RetentionApplied

    def collect(entry: Entry) -> None:
        if entry.type == RetentionApplied.TYPE and entry.job == name:
            applied.append({"run": entry.run, "seq": entry.seq, **msgspec.json.decode(entry.data)})

    return collect
