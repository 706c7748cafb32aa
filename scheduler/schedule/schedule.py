"""The interface of all kinds of schedules."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

import msgspec

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
# No schedule is followed past this instant, so that calendar arithmetic never passes the end of `datetime`.
HORIZON_S = int((datetime(9998, 1, 1, tzinfo=UTC) - _EPOCH).total_seconds())


class Summary(NamedTuple):
    """A summary of the instants in a stretch of time: first and last (None if there are none), and how many."""

    first: datetime | None
    last: datetime | None
    count: int  # type: ignore[assignment]  # tuple.count has no use here


class Lint(NamedTuple):
    """One remark.

    Attributes:
        code: A stable name for the kind of remark, such as `uneven-step`.
        message: What will happen, in a sentence without a full stop.
    """

    code: str
    message: str


class Schedule(msgspec.Struct, frozen=True):
    """When something is due: a value that computes instants and never looks at a clock.

    All instants are aware datetimes; those that are returned are in UTC and on whole seconds. A stretch
    `(after, until]` excludes its beginning and includes its end, so that consecutive stretches hold each instant
    exactly once.

    Attributes:
        zone: IANA name of the time zone in which local times are read.
    """

    zone: str

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Schedule) and type(self) is type(other) and self.identity == other.identity

    def __hash__(self) -> int:
        return hash(self.identity)

    @property
    def identity(self) -> tuple[object, ...]:
        """What two schedules of a kind have in common if they are equal: here, all."""
        return msgspec.structs.astuple(self)

    @abstractmethod
    def next_after(self, instant: datetime) -> datetime | None:
        """The first instant strictly later than `instant`; None if there is none."""

    @abstractmethod
    def between(self, after: datetime, until: datetime, limit: int | None = None) -> Iterator[datetime]:
        """The instants x with after < x <= until, ascending, the first `limit` of them."""

    @abstractmethod
    def latest(self, after: datetime, until: datetime, n: int) -> list[datetime]:
        """The last `n` of the instants x with after < x <= until, ascending."""

    @abstractmethod
    def summary(self, after: datetime, until: datetime) -> Summary:
        """First, last and count of the instants x with after < x <= until, without stepping through them."""

    @abstractmethod
    def describe(self) -> str:
        """The schedule in words, such as "every day at 02:00"."""

    @abstractmethod
    def source(self) -> str:
        """The schedule as the person wrote it, such as `0 2 * * *` or `every 90s`."""

    def count_between(self, after: datetime, until: datetime) -> int:
        """How many instants x have after < x <= until."""
        return self.summary(after, until).count

    def latest_between(self, after: datetime, until: datetime) -> datetime | None:
        """The last instant x with after < x <= until, or None."""
        return self.summary(after, until).last

    def has(self, instant: datetime) -> bool:
        """Whether this is one of its instants."""
        return self.latest_between(instant - timedelta.resolution, instant) == instant


def epoch_seconds(instant: datetime) -> int:
    """Whole seconds since 1970 in UTC, fractions dropped downwards.

    Raises:
        ValueError: The datetime is naive: it does not say which instant it is.
    """
    if instant.tzinfo is None:
        raise ValueError("an instant needs a time zone: this datetime has none")
    since = instant - _EPOCH
    return since.days * 86_400 + since.seconds


def instant_at(seconds: int) -> datetime:
    """The UTC datetime `seconds` after 1970."""
    return _EPOCH + timedelta(seconds=seconds)
