"""Tags that people type, by which jobs are chosen together: the option, the jobs that have them, completion."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Any, TypeVar

import click

from cli.app.failures import Failure
from cli.home.home_name import HomeName
from cli.terminal.printable import printable
from scheduler.home import Home

if TYPE_CHECKING:
    from scheduler.rules.state import Job, State

Command = TypeVar("Command", bound=Callable[..., Any])


def _known(home: Home) -> list[str]:
    """Tags of a home's jobs, for completion."""
    from cli.home.job_names import known_jobs

    return sorted({tag for definition in known_jobs(home) for tag in definition.tags})


_TAG = HomeName("tag", _known)


def tag_option(meaning: str) -> Callable[[Command], Command]:
    """Give a command `--tag`; it arrives as the argument `tags`, a tuple of words.

    Args:
        meaning: its help.
    """
    return click.option("--tag", "tags", type=_TAG, metavar="TAG", multiple=True, help=meaning)


def tagged(jobs: Sequence[Job], tags: Iterable[str]) -> list[Job]:
    """Those of the jobs that have any of the tags, in their order.

    Raises:
        Failure: none of the jobs has one of the tags; the message names the nearest tag.
    """
    wanted = list(dict.fromkeys(tags))
    known = {tag for job in jobs for tag in job.definition.tags}
    for tag in wanted:
        if tag not in known:
            raise Failure(*_no_such(tag, known))
    return [job for job in jobs if not set(wanted).isdisjoint(job.definition.tags)]


def chosen_jobs(state: State, names: Iterable[str], tags: Iterable[str]) -> list[Job]:
    """The jobs of these names, and those with any of the tags, each once.

    Raises:
        Failure: there is no such job, or no job has one of the tags.
    """
    from cli.home.job_names import find_job

    found = {name: find_job(state, name) for name in names}
    return list({**found, **{job.name: job for job in tagged(state.present_jobs(), tags)}}.values())


def _no_such(tag: str, known: Iterable[str]) -> tuple[str, str]:
    from cli.home.job_names import nearest_names

    shown = printable(tag)
    if meant := nearest_names(tag, sorted(known)):
        return f'no job has the tag "{shown}": did you mean {meant}?', ""
    hint = (
        f"The tags are {', '.join(sorted(known))}."
        if known
        else "No job has any tags: they are `tags:` in the config."
    )
    return f'no job has the tag "{shown}"', hint
