"""Which versions of what computes schedules were in use, and which instants those put elsewhere than today's do.

What is installed recomputes the instants. Where a ledger was written by another version of croniter or of the zone
data, its entries may tell other instants: an instant that has the same local time on record as one that is recomputed
is that one, and is shown as a difference. What has no such counterpart stays unexplained.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta

import msgspec

from projections.audit.findings import Difference, Listed
from scheduler import vocabulary as v
from scheduler.rules.instants_state import RESOLUTION
from scheduler.schedule.schedule import Schedule
from scheduler.schedule.zones import load_zone

PARTS = ("croniter", "tzdata")
"""What decides the instants."""
_NEAR = timedelta(hours=26)
"""No change of a zone's data moves a local time further."""


class UsedVersions(msgspec.Struct, frozen=True, kw_only=True):
    """What computed schedules from an entry on: versions as a scheduler recorded them; `differs`: others today."""

    since_seq: int
    since: datetime
    versions: dict[str, str]
    differs: list[str]


class Versions:
    """The versions of those who wrote the ledger, compared with today's.

    Attributes:
        today: of each part, the version that recomputes.
        used: those that were used, each from its entry on.
        differences: the instants that they put elsewhere.
    """

    def __init__(self, today: Mapping[str, str]) -> None:
        self.today = {part: today[part] for part in PARTS if part in today}
        self.used: list[UsedVersions] = []
        self.differences: Listed[Difference] = Listed()

    def begin(self, seq: int, time: datetime, versions: Mapping[str, str]) -> None:
        """A scheduler with these versions writes from here on."""
        used = {part: versions[part] for part in PARTS if part in versions}
        if used and (not self.used or self.used[-1].versions != used):
            differs = [part for part, version in used.items() if self.today.get(part) != version]
            self.used.append(UsedVersions(since_seq=seq, since=time, versions=used, differs=differs))

    @property
    def _other(self) -> dict[str, str]:
        """The versions now that are others than today's."""
        if not self.used:
            return {}
        return {part: self.used[-1].versions[part] for part in self.used[-1].differs}

    def moved(
        self, job: str, schedule: Schedule, seq: int, instant: datetime, local_time: str
    ) -> datetime | None:
        """The instant of today's versions that has the local time of one that they do not have; None without one."""
        other = self._other
        wall = _wall(local_time)
        if not other or wall is None:
            return None
        zone = load_zone(schedule.zone)
        for found in schedule.between(instant - _NEAR, instant + _NEAR):
            if found.astimezone(zone).replace(tzinfo=None) == wall:
                self.differences.add(
                    Difference(job=job, recorded=instant, recomputed=found, seq=seq, versions=other)
                )
                return found
        return None

    def moved_misfire(self, job: str, schedule: Schedule, seq: int, data: v.ScheduleMisfired) -> bool:
        """Whether a misfire tells as many instants as today's versions have close to where it has them."""
        other = self._other
        if not other:
            return False
        for shift in (timedelta(hours=hours) for hours in (0, 1, -1)):
            found = schedule.summary(data.first + shift - RESOLUTION, data.last + shift)
            if found.count == data.count and found.first is not None:
                self.differences.add(
                    Difference(
                        job=job,
                        recorded=data.first,
                        recomputed=found.first,
                        seq=seq,
                        versions=other,
                        count=data.count,
                    )
                )
                return True
        return False


def _wall(local_time: str) -> datetime | None:
    try:
        return datetime.fromisoformat(local_time).replace(tzinfo=None)
    except ValueError:
        return None
