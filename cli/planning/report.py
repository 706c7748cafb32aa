"""The plan as people read it: a line that sums it up, a block for each thing that changes, what it rests on.

Jobs that are edited alike, as by a change in `defaults`, share a block. What does not fit is counted.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import chain
from typing import Final, NamedTuple

from cli.planning.job_rows import (
    Setting,
    following_rows,
    instant_rows,
    is_switched_off,
    job_option,
    names_words,
    setting_rows,
    settings_of,
)
from cli.terminal.console import Tone, note, out, paint, tell, wants_colour
from cli.terminal.printable import printable, show_count
from cli.terminal.tables import Cell, Value, details
from cli.times.show import local_zone, show_time
from cli.words.approval_words import nobody_approves
from scheduler.home import Home
from scheduler.planning.home_plan import HomePlan
from scheduler.planning.settings_edits import SettingsEdits
from scheduler.rules.planning.edits import CalendarEdit, DateRange, EditKind
from scheduler.rules.planning.instants import NAMED_MAX, InstantChanges
from scheduler.rules.planning.plan import JobPlan
from scheduler.wording.definitions import timing_words

BLOCKS_MAX: Final = 20
"""So many blocks about jobs are shown; of the others, how many there are."""
_DATES_MAX: Final = 6
_KIND_WORDS: Final[dict[EditKind, str]] = {
    "added": "new",
    "removed": "removed",
    "changed": "changed",
    "taken_back": "taken back",
}
_KIND_TONES: Final[dict[EditKind, Tone]] = {
    "added": "good",
    "removed": "bad",
    "changed": "warn",
    "taken_back": "plain",
}


def tell_plan(
    home: Home,
    found: HomePlan,
    *,
    utc: bool,
    days: int,
    alone: bool,
    source: str,
    applies: bool = False,
) -> None:
    """Print a plan, and on standard error what it rests on.

    Args:
        home: the home; found: the plan.
        utc: show times in UTC.
        days: how many days were looked at.
        alone: whether it is about some jobs alone.
        source: what was planned, if that is not the home's config; else empty.
        applies: whether it is brought into force right after this.
    """
    tell(_summary(found, alone))
    if (rows := list(_settings_rows(found))) and not alone:
        _block("settings", rows)
    for calendar in found.plan.calendars:
        _block(f"calendar {printable(calendar.name)}", _calendar_rows(calendar))
    groups = _groups(found)
    for group in groups[:BLOCKS_MAX]:
        _tell_group(group, found, utc)
    left = [plan for group in groups[BLOCKS_MAX:] for plan in group.plans]
    if left:
        first = job_option([left[0].edit.name])
        out("")
        tell(f"and {show_count(len(left), 'more job')}: {first} shows one, --json has all")
    for remark in _remarks(found, days, source, applies=applies):
        note(remark)
    asked = any(plan.edit.approval in ("requested", "waits") for plan in found.plan.jobs)
    if asked and (why := nobody_approves(home)):
        note(why)


class _Group(NamedTuple):
    """Jobs that are edited alike; one, or several of which nothing else is to be said."""

    plans: list[JobPlan]
    settings: list[Setting]


def _groups(found: HomePlan) -> list[_Group]:
    groups: dict[object, _Group] = {}
    for number, plan in enumerate(found.plan.jobs):
        settings = settings_of(found, plan.edit)
        alike = plan.edit.kind == "changed" and plan.edit.approval in ("not_needed", "requested")
        alone = any((plan.runs, plan.follows, plan.missed_without, plan.dependents, plan.edit.pending))
        alone = alone or is_switched_off(plan)
        key = (plan.edit.approval, *settings) if alike and not alone else number
        groups.setdefault(key, _Group([], settings)).plans.append(plan)
    return list(groups.values())


def _tell_group(group: _Group, found: HomePlan, utc: bool) -> None:
    first, edit = group.plans[0], group.plans[0].edit
    zones = {each.timezone for plan in group.plans if (each := plan.edit.new or plan.edit.old) is not None}
    zone = "UTC" if utc else zones.pop() if len(zones) == 1 else local_zone()
    rows = list(setting_rows(edit, group.settings))
    if edit.kind == "removed" and edit.old is not None:
        words, source = timing_words(edit.old)
        rows.append(("it ran", f"{words} ({source})"))
    if len(group.plans) == 1:
        rows += following_rows(first, found.plan.now, zone, served=found.plan.served)
        _block(printable(edit.name), rows, edit.kind)
        return
    if edit.approval == "requested":
        stays = "has to approve each; what is in force stays until then"
        rows.append(("second person", Cell(stays, "warn")))
    rows += instant_rows(_together([plan.instants for plan in group.plans]), None, zone)
    _block(f"{len(group.plans):,} jobs", rows, edit.kind)
    names = [plan.edit.name for plan in group.plans]
    tell(f"  {names_words(names)}", hang=2)


def _together(changes: Sequence[InstantChanges]) -> InstantChanges:
    """The changes of several jobs as those of one."""
    gone = sorted(chain.from_iterable(each.first_disappear for each in changes))
    come = sorted(chain.from_iterable(each.first_appear for each in changes))
    ends = [each.compared_until for each in changes if each.compared_until is not None]
    return InstantChanges(
        before=sum(each.before for each in changes),
        after=sum(each.after for each in changes),
        disappear=sum(each.disappear for each in changes),
        appear=sum(each.appear for each in changes),
        first_disappear=tuple(gone[:NAMED_MAX]),
        first_appear=tuple(come[:NAMED_MAX]),
        compared_until=min(ends, default=None),
    )


def _block(title: str, rows: Iterable[tuple[str, Value]], kind: EditKind | None = None) -> None:
    out("")
    colour = wants_colour()
    how = f": {paint(_KIND_WORDS[kind], _KIND_TONES[kind], colour)}" if kind else ""
    tell(paint(title, "strong", colour) + how)
    details(((f"  {name}" if name else "", value) for name, value in rows))


def _summary(found: HomePlan, alone: bool) -> str:
    kinds = [plan.edit.kind for plan in found.plan.jobs]
    parts = [f"{kinds.count(kind):,} {_KIND_WORDS[kind]}" for kind in _KIND_WORDS if kinds.count(kind)]
    rejected = sum(plan.edit.approval == "rejected" for plan in found.plan.jobs)
    waits = sum(plan.edit.is_held_back for plan in found.plan.jobs) - rejected
    if not parts and not found.changes:
        of = " of these jobs" if alone else ""
        return f"Nothing would change: all that the config says{of} is in force."
    total = show_count(found.plan.job_count, "job")
    told = f"Of {total}: {', '.join(parts)}." if parts else f"None of {total} changes."
    if not found.changes:
        told += " All of that is on record already."
    if waits:
        told += f" {waits:,} {'waits' if waits == 1 else 'wait'} for a second person."
    if rejected:
        told += f" {rejected:,} {'was' if rejected == 1 else 'were'} rejected."
    return told


def _settings_rows(found: HomePlan) -> Iterator[tuple[str, Value]]:
    edits: SettingsEdits = found.settings
    for block, key, old, new in edits.settings:
        yield f"{block}.{key}", f"{old} -> {new}"
        if key == "fsync":
            yield "", "from the next start of the scheduler on"
        if key == "max_parallel" and found.going > found.config.settings.max_parallel:
            yield "", f"{show_count(found.going, 'run')} going now: none is stopped"
    for name in edits.locks:
        holders = found.lock_holders.get(name, [])
        if holders:
            yield "", f"{printable(name)} is held now by run {', '.join(map(str, holders))}, and stays so"
    for name, kind, changed in edits.channels:
        what = (
            f"changed: {', '.join(key.removesuffix('_ms') for key in changed)}"
            if changed
            else _KIND_WORDS[kind]
        )
        yield f"channels.{printable(name)}", what


def _calendar_rows(edit: CalendarEdit) -> Iterator[tuple[str, Value]]:
    added = [*edit.weekdays_added, *map(_dates, edit.dates_added)]
    removed = [*edit.weekdays_removed, *map(_dates, edit.dates_removed)]
    if edit.is_new or added:
        yield "new days", _listed(added)
    if removed:
        yield "days gone", _listed(removed)
    if not (edit.is_new or added or removed):
        yield "days", "the same; its file is another one"
    yield "jobs", names_words(edit.jobs) if edit.jobs else "none goes by it"


def _dates(dates: DateRange) -> str:
    return f"{dates.first}" if dates.first == dates.last else f"{dates.first}..{dates.last}"


def _listed(days: Sequence[str]) -> str:
    told = ", ".join(days[:_DATES_MAX]) or "none"
    return told if len(days) <= _DATES_MAX else f"{told} and {len(days) - _DATES_MAX:,} more"


def _remarks(found: HomePlan, days: int, source: str, *, applies: bool) -> Iterator[str]:
    plan = found.plan
    if any(each.instants.any for each in plan.jobs):
        yield f"Times are those of the next {show_count(days, 'day')}, up to {show_time(plan.until, local_zone())}."
    if not found.has_ledger:
        yield "Nothing is recorded here yet, so everything is new."
        if any(each.edit.new is not None and each.edit.new.jitter_ms for each in plan.jobs):
            yield "How much later jobs with jitter run is known once something is recorded."
    elif found.settings.compared_with is None:
        yield "No config that was in force is kept: what changes beside the jobs is not known."
    if found.on_database:
        if found.is_new and not applies:
            until = f"once {source} stands in its place" if source else "now"
            yield f"On a database no file comes into force by itself: `cronledger config apply` does that, {until}."
    elif plan.served:
        when = f"once {source} stands in its place" if source else "within seconds"
        yield f"A scheduler is running: it takes the config up {when}."
    elif found.has_ledger and plan.jobs:
        yield (
            "No scheduler is running: what follows is what `cronledger serve` would record now. Any command that"
            " records something takes the config up too."
        )
    if found.half_written:
        yield "Its last line has no end: it may be half written, and is taken up only after a rest of ten seconds."
