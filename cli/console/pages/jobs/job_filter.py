"""Which jobs a list shows, and in which order: a page of them after a job, never after a number of them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final, Literal, NamedTuple, get_args

import click

from cli.console.pages.arguments import choice_argument
from cli.terminal.printable import printable
from cli.words.late_words import late_of
from cli.words.wait_words import awaited_instants
from scheduler.entry_members import FAILURES

if TYPE_CHECKING:
    from cli.console.asked import Asked
    from scheduler.rules.state import Job, State

JobState = Literal["enabled", "disabled", "failing", "late", "running", "waiting", "changing"]
JobOrder = Literal["name", "last", "next"]
STATES: Final[tuple[JobState, ...]] = get_args(JobState)
ORDERS: Final[tuple[JobOrder, ...]] = get_args(JobOrder)
ROWS_MAX: Final = 100
_NEVER: Final = datetime(1, 1, 1, tzinfo=UTC)
_UNKNOWN: Final = datetime(9999, 12, 31, tzinfo=UTC)


class JobFilter(NamedTuple):
    """What is asked of the list; what is empty does not restrict.

    Attributes:
        text: stands in the name, the description or a tag, whatever the case.
        tag: one of its tags; state: how it is.
        order: by name; by the last run, the newest first; by the next run, the soonest first.
        after: the key of the job after which the page begins, as `key_text` writes it.
    """

    text: str = ""
    tag: str = ""
    state: JobState | Literal[""] = ""
    order: JobOrder = "name"
    after: str = ""

    @classmethod
    def of(cls, asked: Asked) -> JobFilter:
        """What the address asks for.

        Raises:
            click.BadParameter: there is no such state or order.
        """
        return cls(
            " ".join(asked.argument("q").split()),
            asked.argument("tag"),
            choice_argument(asked, "state", STATES) or "",
            choice_argument(asked, "sort", ORDERS) or "name",
            asked.argument("after"),
        )

    @property
    def restricts(self) -> bool:
        """Whether some jobs may be left out."""
        return bool(self.text or self.tag or self.state)

    def admits(self, state: State, job: Job) -> bool:
        """Whether a job is wanted."""
        if self.tag and self.tag not in job.definition.tags:
            return False
        if self.state and not _HOLDS[self.state](state, job):
            return False
        if not self.text:
            return True
        sought, definition = self.text.casefold(), job.definition
        return any(
            sought in each.casefold() for each in (definition.name, definition.description, *definition.tags)
        )


class JobsPage(NamedTuple):
    """Some of the jobs that are wanted, how many these are in all, and the key of the next page; empty if none."""

    jobs: list[Job]
    total: int
    following: str


def page_of(
    state: State, jobs: Sequence[Job], wanted: JobFilter, next_run: Callable[[Job], datetime | None]
) -> JobsPage:
    """The page of a list.

    Args:
        state: the present one; jobs: all that there are, by name.
        wanted: which, and in which order.
        next_run: when a job runs next.

    Raises:
        click.BadParameter: `after` is no key of this order.
    """
    found = [job for job in jobs if wanted.admits(state, job)]
    begin = 0
    if wanted.order == "name":
        if wanted.after:
            begin = sum(job.name <= wanted.after for job in found)
        chosen = found[begin : begin + ROWS_MAX]
        more = begin + ROWS_MAX < len(found)
        return JobsPage(chosen, len(found), chosen[-1].name if more else "")
    key = _last_key if wanted.order == "last" else _next_key(next_run)
    keyed = sorted((key(job), job.name, job) for job in found)
    if wanted.after:
        after = _read_key(wanted.after)
        begin = sum((micros, name) <= after for micros, name, _ in keyed)
    rows = keyed[begin : begin + ROWS_MAX]
    more = begin + ROWS_MAX < len(keyed)
    following = f"{rows[-1][0]}~{rows[-1][1]}" if more else ""
    return JobsPage([job for *_, job in rows], len(found), following)


def _last_key(job: Job) -> int:
    return -_micros(_NEVER if job.last is None else job.last.time)


def _next_key(next_run: Callable[[Job], datetime | None]) -> Callable[[Job], int]:
    def key(job: Job) -> int:
        return _micros(next_run(job) or _UNKNOWN)

    return key


def _micros(instant: datetime) -> int:
    since = instant - _NEVER
    return (since.days * 86_400 + since.seconds) * 1_000_000 + since.microseconds


def _read_key(text: str) -> tuple[int, str]:
    micros, mark, name = text.partition("~")
    digits = micros.removeprefix("-")
    if not mark or not digits.isascii() or not digits.isdigit() or len(digits) > 20:
        raise click.BadParameter(f"{printable(text)!r} is no place in this list", param_hint="'after'")
    return int(micros), name


def _waits(state: State, job: Job) -> bool:
    if any(state.runs[number].started is None for number in job.live):
        return True
    awaited = job.awaited and awaited_instants(job)
    return bool(awaited and awaited[0][1])


_HOLDS: Final[dict[JobState, Callable[[State, Job], bool]]] = {
    "enabled": lambda _, job: job.on_schedule,
    "disabled": lambda _, job: not job.on_schedule,
    "failing": lambda _, job: job.last is not None and job.last.outcome in FAILURES,
    "late": lambda state, job: bool(late_of(state, job)),
    "running": lambda state, job: any(state.runs[number].started is not None for number in job.live),
    "waiting": _waits,
    "changing": lambda state, job: job.name in state.changes and state.changes[job.name].waits,
}
