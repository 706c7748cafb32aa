"""Tags that people type, by which jobs are chosen together: the option, the jobs that have them, completion."""

# ruff: noqa: ARG002 - signatures are those of click

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Any, TypeVar

import click

from cli.app.failures import Failure
from cli.app.home_option import home_of
from cli.terminal.printable import printable

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem

    from scheduler.rules.state import Job, State

Command = TypeVar("Command", bound=Callable[..., Any])


class TagName(click.ParamType[str]):
    """A tag; which exist is looked up by `tagged`, once the home is open."""

    name = "tag"

    def shell_complete(
        self, ctx: click.Context, param: click.Parameter, incomplete: str
    ) -> list[CompletionItem]:
        """Tags of the home's jobs."""
        from click.shell_completion import CompletionItem

        from cli.home.job_names import known_jobs

        known = known_jobs(home_of(ctx))
        tags = sorted({tag for definition in known for tag in definition.tags})
        return [CompletionItem(tag) for tag in tags if tag.startswith(incomplete)]


def tag_option(meaning: str) -> Callable[[Command], Command]:
    """Give a command `--tag`; it arrives as the argument `tags`, a tuple of words.

    Args:
        meaning: its help.
    """
    return click.option("--tag", "tags", type=TagName(), metavar="TAG", multiple=True, help=meaning)


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
