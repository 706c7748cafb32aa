"""Names that people type: jobs and time zones, with the nearest for a mistyped one and completion for the shell."""

# ruff: noqa: ARG002 - signatures are those of click

from __future__ import annotations

import shlex
from collections.abc import Iterable
from typing import TYPE_CHECKING

import click

from cli.app.failures import Failure
from cli.home.home_name import HomeName
from cli.terminal.printable import printable
from eventstore.errors import LedgerError
from scheduler.home import Home

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem

    from scheduler.definition import JobDefinition
    from scheduler.rules.state import Job, State


class ZoneName(click.ParamType[str]):
    """An IANA time zone."""

    name = "zone"

    def convert(self, value: str, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """The name, if there is such a zone."""
        from scheduler.schedule.zones import known_zone, unknown_zone

        if known_zone(value):
            return value
        refusal = unknown_zone(printable(value))
        meant = f"; did you mean {refusal.suggestion}?" if refusal.suggestion else ""
        raise click.BadParameter(refusal.reason + meant, ctx, param)

    def shell_complete(
        self, ctx: click.Context, param: click.Parameter, incomplete: str
    ) -> list[CompletionItem]:
        """All zones that begin so, whatever the case."""
        from click.shell_completion import CompletionItem

        from scheduler.schedule.zones import all_zones

        folded = incomplete.casefold()
        return [CompletionItem(name) for name in all_zones() if name.casefold().startswith(folded)]


ZONE = ZoneName()


def find_job(state: State, name: str, *, removed: bool = False) -> Job:
    """The job of that name.

    Args:
        state: what is known.
        name: as it was typed.
        removed: find it even if the config no longer has it.

    Raises:
        Failure: there is none; the message names the nearest.
    """
    job = state.jobs.get(name)
    if job is not None and (job.present or removed):
        return job
    shown = printable(name)
    if (change := state.changes.get(name)) is not None and change.definition is not None:
        how = "waits for approval" if change.waits else "was rejected"
        raise Failure(f"job {shown} is not in force: its definition {how}", approval_hint(name))
    if job is not None:
        raise Failure(
            f"job {shown} is no longer in the config",
            f"`cronledger jobs history --job {shown}` has its past.",
        )
    raise Failure(*_no_such(shown, name, (job.name for job in state.present_jobs())))


def approval_hint(name: str) -> str:
    """Where to look at what is pending for a job."""
    return f"`cronledger jobs approve {shlex.quote(printable(name))}` shows it."


def check_past(state: State, name: str) -> None:
    """Refuse the name of a job that has no past: one that neither the config nor the ledger has ever had.

    The jobs that cronledger brings along can be run without standing in the config.

    Raises:
        Failure: there is none; the message names the nearest.
    """
    from scheduler.configuration.job_kinds.builtin_jobs import REGISTERED

    if name not in REGISTERED:
        find_job(state, name, removed=True)


def known_jobs(home: Home) -> list[JobDefinition]:
    """A home's jobs by name, for completion; those of the config, where the ledger is damaged."""
    from cli.home.open import to_read
    from scheduler.configuration.reading.current_config import read_config

    try:
        with to_read(home, quiet=True) as view:
            return [job.definition for job in view.state.present_jobs()]
    except LedgerError:
        config, _ = read_config(home)
        return [] if config is None else [job for _, job in sorted(config.definitions.items())]


JOB = HomeName("job", lambda home: [job.name for job in known_jobs(home)])


def nearest_names(name: str, known: Iterable[str]) -> str:
    """One or two of the known names that were probably meant, whatever the case: `a or b`; empty if none is near."""
    from difflib import get_close_matches

    folded = {candidate.casefold(): candidate for candidate in known}
    return " or ".join(folded[match] for match in get_close_matches(name.casefold(), folded, n=2))


def _no_such(shown: str, name: str, known: Iterable[str]) -> tuple[str, str]:
    names = list(known)
    if meant := nearest_names(name, names):
        return f'no job "{shown}": did you mean {meant}?', ""
    return f'no job "{shown}"', "`cronledger jobs list` shows all." if names else "There are no jobs yet."
