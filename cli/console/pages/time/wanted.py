"""Which stretch of time and which jobs the page shows, and the addresses of what is beside it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Final, NamedTuple

import click

from cli.console.page_route import NotFound
from cli.console.pages.arguments import query_text
from cli.terminal.printable import printable
from cli.times.parse import parse_time

if TYPE_CHECKING:
    from cli.console.asked import Asked
    from scheduler.rules.state import Job

ROWS_MAX: Final = 100
_LENGTH_MIN: Final = timedelta(minutes=1)
_LENGTH_MAX: Final = timedelta(days=400)
_DEFAULT: Final = ("20h", "+4h")
_PRESETS: Final = (
    ("hour", "50m", "+10m", timedelta(hours=1)),
    ("day", *_DEFAULT, timedelta(days=1)),
    ("week", "6d", "+1d", timedelta(days=7)),
    ("month", "27d", "+3d", timedelta(days=30)),
    ("year", "335d", "+30d", timedelta(days=365)),
)


class TimeWanted(NamedTuple):
    """What is asked of the page.

    Attributes:
        since, until: as typed; begin, end: the instants that they mean.
        job: a name, or a part of one; tag: one that the jobs have; empty: all.
        after: the job after which the page begins; empty: with the first.
    """

    since: str
    until: str
    begin: datetime
    end: datetime
    job: str = ""
    tag: str = ""
    after: str = ""

    @classmethod
    def of(cls, asked: Asked, now: datetime, zone: str) -> TimeWanted:
        """What the address asks for; times without an offset are those of the zone.

        Raises:
            click.BadParameter: a text is no time, or the stretch is too short or too long.
        """
        since = asked.argument("from").strip() or _DEFAULT[0]
        until = asked.argument("to").strip() or _DEFAULT[1]
        begin = parse_time(since, "from", now, zone=zone)
        end = parse_time(until, "to", now, zone=zone, end=True)
        if begin >= end:
            raise click.BadParameter("it is not before 'to'", param_hint="'from'")
        if not _LENGTH_MIN <= end - begin <= _LENGTH_MAX:
            raise click.BadParameter(
                f"a picture shows at least one minute and at most {_LENGTH_MAX.days} days",
                param_hint="'from' and 'to'",
            )
        return cls(
            since, until, begin, end, asked.argument("job"), asked.argument("tag"), asked.argument("after")
        )

    def query(
        self, *, begin: datetime | None = None, end: datetime | None = None, after: str | None = None
    ) -> str:
        """The same as an address has it, with some of it changed."""
        given = {
            "from": self.since if begin is None else iso(begin),
            "to": self.until if end is None else iso(end),
            "job": self.job,
            "tag": self.tag,
            "after": self.after if after is None else after,
        }
        return query_text(given)

    def moves(self) -> list[tuple[str, str, str]]:
        """Where one can go from here along the axis: what it is called, its query, and how a link says it (`rel`)."""
        length = self.end - self.begin
        half, quarter = length / 2, length / 4
        found = [
            ("Earlier", self.query(begin=self.begin - half, end=self.end - half), "prev"),
            ("Later", self.query(begin=self.begin + half, end=self.end + half), "next"),
        ]
        if length / 2 >= _LENGTH_MIN:
            found.append(("Closer", self.query(begin=self.begin + quarter, end=self.end - quarter), ""))
        if length * 5 / 4 <= _LENGTH_MAX:
            wider = min(half, (_LENGTH_MAX - length) / 2) if length * 2 > _LENGTH_MAX else half
            found.append(("Wider", self.query(begin=self.begin - wider, end=self.end + wider), ""))
        return found

    def presets(self, now: datetime) -> list[tuple[str, str, bool]]:
        """Usual lengths: what each is called, its query, and whether the page has it."""
        length, middle = self.end - self.begin, self.begin + (self.end - self.begin) / 2
        found = []
        for name, since, until, preset in _PRESETS:
            if self.begin <= now <= self.end:
                query = self._replace(since=since, until=until).query()
            else:
                query = self.query(begin=middle - preset / 2, end=middle + preset / 2)
            found.append((name, query, abs(length - preset) < preset / 100))
        return found


class JobsShown(NamedTuple):
    """The jobs on the page, how many are wanted in all, and the name after which the next page begins."""

    jobs: list[Job]
    total: int
    following: str


def jobs_shown(known: Sequence[Job], wanted: TimeWanted, first_seq: int | None) -> JobsShown:
    """A page of the jobs that are wanted, by name; one that was removed before the stretch has no place in it.

    Args:
        known: all that there ever were.
        wanted: what is asked for.
        first_seq: the first entry within the stretch; None: there is none.

    Raises:
        NotFound: no job has the name or the tag.
    """
    there = [
        job
        for job in sorted(known, key=lambda job: job.name)
        if job.present
        or (first_seq is not None and job.removed_seq is not None and job.removed_seq >= first_seq)
    ]
    sought = wanted.job.strip()
    found = [job for job in known if job.name == sought] if sought else there
    if not found:
        folded = sought.casefold()
        found = [job for job in there if folded in job.name.casefold()]
        if not found:
            raise NotFound(f"no job is called {printable(sought[:200])!r}, and no name has that in it", _HINT)
    if wanted.tag:
        found = [job for job in found if wanted.tag in job.definition.tags]
        if not found:
            raise NotFound(f"no such job has the tag {printable(wanted.tag[:200])!r}", _HINT)
    begin = sum(job.name <= wanted.after for job in found) if wanted.after else 0
    shown = found[begin : begin + ROWS_MAX]
    return JobsShown(shown, len(found), shown[-1].name if begin + ROWS_MAX < len(found) else "")


def iso(instant: datetime) -> str:
    """An instant as an address has it."""
    return f"{instant.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"


_HINT: Final = "The page of jobs has all names and tags."
