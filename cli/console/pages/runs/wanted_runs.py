"""Which runs a page or a file is to have, as the address says it."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Final

from cli.console.pages.arguments import choice_argument, duration_argument, query_text, time_argument
from cli.home.job_tags import tagged
from cli.runs.search import RunFilter
from scheduler.entry_members import OUTCOMES, TRIGGERS

if TYPE_CHECKING:
    from cli.console.asked import Asked
    from scheduler.rules.state import State

OPEN_STATUSES: Final = ("running", "waiting", "owed")
STATUSES: Final = (*OUTCOMES, "skipped", *OPEN_STATUSES)
_NAMES: Final = ("job", "tag", "node", "status", "trigger", "longer", "error", "since", "until")


def wanted_runs(asked: Asked) -> RunFilter:
    """The filter of the address, but for the tag, of which the state knows more: `with_tag`.

    Raises:
        click.BadParameter: something in it is no status, trigger, time or length of time.
    """
    longer = duration_argument(asked, "longer")
    return RunFilter(
        job=asked.argument("job").strip() or None,
        status=choice_argument(asked, "status", STATUSES),
        trigger=choice_argument(asked, "trigger", TRIGGERS),
        node=asked.argument("node").strip() or None,
        longer_ms=None if longer is None else longer // timedelta(milliseconds=1),
        error=asked.argument("error").strip() or None,
        since=time_argument(asked, "since"),
        until=time_argument(asked, "until", end=True),
    )


def with_tag(asked: Asked, wanted: RunFilter, state: State) -> RunFilter:
    """The filter, restricted to the jobs that have the tag of the address now, if it has one.

    Raises:
        Failure: no job has the tag.
    """
    tag = asked.argument("tag").strip()
    if not tag:
        return wanted
    return wanted._replace(among=frozenset(job.name for job in tagged(list(state.jobs.values()), [tag])))


def runs_query_text(asked: Asked, **more: int) -> str:
    """The same filter as an address has it, and what else is to stand there."""
    return query_text({**{name: asked.argument(name) for name in _NAMES}, **more})
