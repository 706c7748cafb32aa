"""How an explanation reads: a headline for its verdict and a sentence for each of its facts."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from cli.terminal.console import Tone
from cli.terminal.printable import printable, show_count
from cli.times.show import show_duration, show_time
from cli.words.run_fact_words import RUN_FACT_WORDS, Shown
from cli.words.upstream_words import jobs_before, upstream_result
from cli.words.words import (
    OUTCOME_WORDINGS,
    actor_words,
    because,
)
from scheduler.explanation import Explanation, Fact, Verdict
from scheduler.explanation import facts as f
from scheduler.schedule.duration import format_duration
from scheduler.schedule.uncomputed import REBOOT
from scheduler.wording.causes import MISFIRE_WORDINGS

_HEADLINES: dict[Verdict, tuple[Tone, str]] = {
    "running": ("good", "Yes: its run has started and is still going."),
    "waiting": ("warn", "Not yet: a run is owed for it and waits to be started."),
    "skipped": ("warn", "No: a run was owed for it and was skipped."),
    "missed": ("bad", "No: it was missed, and not caught up."),
    "settled": ("warn", "No: a person settled it without a run."),
    "not_due": ("plain", "No: it was not due then."),
    "excluded": ("plain", "No: its calendars exclude that day."),
    "disabled": ("warn", "No: it was disabled then."),
    "not_defined": ("plain", "No: the config in force did not have it yet."),
    "removed": ("warn", "No: the config in force no longer had it."),
    "upcoming": ("plain", "Not yet: that is still to come."),
    "pending": ("warn", "Not so far: that has passed, and nothing is on record about it yet."),
}
_NOT_DUE_AT_FIRST = "No: it was not due at first, and when the clock came to it again it had been settled."
_AHEAD: dict[Verdict, str] = {
    "not_due": "It will not be due then.",
    "excluded": "It will not be run: its calendars exclude that day.",
    "disabled": "Not as things stand: it is disabled.",
    "removed": "Not as things stand: the config no longer has it.",
    "settled": "Not as things stand: a person settled it without a run.",
    "not_defined": "It will not be run: that is settled already, for the clock was ahead.",
}
_DOWN_NOW = {
    "never": "No scheduler has ever been started",
    "stopped": "No scheduler is running: the last one stopped at {since}",
    "died": "No scheduler is running: the last one died without a word, its last entry is of {since}",
}
_DOWN = {
    "never": "No scheduler had ever been started",
    "stopped": "No scheduler was running: the last one stopped at {since}",
    "died": "No scheduler was running: the last one died without a word, its last entry is of {since}",
}


def headline(answer: Explanation, now: datetime) -> tuple[Tone, str]:
    """Whether it ran, in one sentence, and the tone in which that is said."""
    if answer.instant > now and answer.verdict in _AHEAD:
        return "warn", _AHEAD[answer.verdict]
    if answer.verdict == "not_due" and any(isinstance(fact, f.SecondPass) for fact in answer.facts):
        return "warn", _NOT_DUE_AT_FIRST
    if any(isinstance(fact, f.UnfinishedRun) and fact.retry_at is not None for fact in answer.facts):
        return "warn", "Not yet: its run has not succeeded so far, and makes another attempt."
    if answer.verdict != "ran":
        return _HEADLINES[answer.verdict]
    triggers = [fact.trigger for fact in answer.facts if isinstance(fact, f.RunOwed)]
    (ended,) = (fact for fact in answer.facts if isinstance(fact, f.RunEnd | f.WaitEnd))
    later = (
        {"catch_up": "caught up later ", "backfill": "backfilled later "}.get(triggers[-1], "")
        if triggers
        else ""
    )
    how = f"Yes, {later}as run {ended.run}"
    outcome = OUTCOME_WORDINGS[ended.outcome]
    return outcome.tone, f"{how}, which {outcome.clause}."


def sentence_of(fact: Fact, zone: str) -> str:
    """One fact as a sentence, safe to print; times are shown in `zone`."""

    def shown(instant: datetime) -> str:
        return show_time(instant, zone)

    return printable(_WORDS[type(fact)](fact, shown))


def in_force_sentence(fact: f.ScheduleInForce, since: datetime, zone: str) -> str:
    """A schedule, and since when it is in force, for a job that it has not asked for yet."""
    if fact.on_demand:
        told = f"It has had no schedule since {show_time(since, zone)} (revision {fact.revision})"
        return printable(f"{told}: it runs only when somebody asks for it.")
    which = f"{fact.source} {fact.timezone} (revision {fact.revision})"
    return printable(f"Its schedule is {which}, in force since {show_time(since, zone)}.")


def _scheduled(fact: f.ScheduleInForce, shown: Shown) -> str:
    if fact.on_demand:
        return f"It had no schedule (revision {fact.revision}): it ran only when somebody asked for it."
    which = f"{fact.source} {fact.timezone} (revision {fact.revision})"
    if fact.source == REBOOT:
        told = f"It runs once for each boot of the machine, when a scheduler first sees it (revision {fact.revision})"
        return f"{told}." if fact.due else f"{told}: none was seen then."
    if fact.due:
        moved = f", for {shown(fact.nominal)}, moved by its jitter" if fact.nominal is not None else ""
        return f"Its schedule has this instant: {which}{moved}."
    near = [f"the last before is {shown(fact.before)}"] if fact.before else []
    near += [f"the next is {shown(fact.after)}"] if fact.after else []
    told = ", ".join(near) or "it has none near"
    return f"Its schedule does not have this instant: {which}; {told}."


def _excluded(fact: f.ExcludedDay, _: Shown) -> str:
    names = ", ".join(fact.names)
    which = f"calendar {names}" if len(fact.names) == 1 else f"calendars {names}"
    told = (
        f"It runs only on days of {which}, and {fact.day} is none"
        if fact.only
        else f"{fact.day} is in {which}"
    )
    return (
        f"{told}: so it is not due then."
        if fact.recorded
        else f"{told}: so it is not due then, as nothing records yet."
    )


def _rescheduled(fact: f.ScheduleChange, shown: Shown) -> str:
    if fact.on_demand:
        return f"It has no schedule now, since {shown(fact.since)}: it runs only when somebody asks for it."
    if fact.other_days:
        return f"Its calendars have other days now, or are others, since {shown(fact.since)}."
    return f"Its schedule is another one now: {fact.source} {fact.timezone}, since {shown(fact.since)}."


def _daylight_saving(fact: f.DaylightSaving, shown: Shown) -> str:
    clocks = f"Clocks in {fact.timezone} went from {fact.wall_from[-5:]} to {fact.wall_to[-5:]}"
    clocks += f" at {shown(fact.change)}"
    other = shown(fact.other) if fact.other is not None else ""
    return {
        "made_up": f"{clocks}: its time was skipped, and it is run right after the gap instead.",
        "skipped": f"{clocks}: times that were skipped are not made up for, as it runs at intervals.",
        "first_of_two": f"{clocks}, so this time comes twice: it runs the first time, not at {other}.",
        "second_of_two": f"{clocks}, so this time came twice: it is run the first time, at {other}.",
        "both": f"{clocks}, so this time comes twice: as it runs at intervals, also at {other}.",
    }[fact.effect]


def _switched(fact: f.Disablement, shown: Shown) -> str:
    until = f" until {shown(fact.until)}" if fact.until else ""
    told = f"Disabled at {shown(fact.since)}{until} by {actor_words(fact.actor)}{because(fact.reason)}"
    if fact.ended is None:
        return f"{told}."
    return f"{told}; that ended at {shown(fact.ended)}, by {actor_words(fact.ended_by or '')}."


def _absent(fact: f.JobAbsence, shown: Shown) -> str:
    if fact.removed is None:
        return f"It was first defined at {shown(fact.back)}." if fact.back else "It is not defined."
    told = f"It was removed from the config at {shown(fact.removed)}"
    return f"{told}, and was gone until {shown(fact.back)}." if fact.back else f"{told}."


def _down(fact: f.SchedulerDowntime, shown: Shown) -> str:
    since = shown(fact.since) if fact.since else ""
    if fact.later:
        how = "stopped" if fact.how == "stopped" else "died without a word"
        told = f"A scheduler was there but did not see it, and {how} before settling it; its last entry is of {since}"
    else:
        told = (_DOWN if fact.until else _DOWN_NOW)[fact.how].format(since=since)
    told += f" ({fact.reason})" if fact.reason else ""
    return f"{told}; the next one started at {shown(fact.until)}." if fact.until else f"{told}."


def _stepped(fact: f.ClockStep, shown: Shown) -> str:
    by = show_duration(abs(fact.by_ms))
    what = f"The machine slept for {by}" if fact.cause == "suspend" else ""
    what = what or f"The clock was set {'ahead' if fact.by_ms > 0 else 'back'} by {by}"
    what += " or more while no scheduler was running" if fact.cause == "unwatched" else ""
    return f"{what}: from {shown(fact.before)} to {shown(fact.after)}. No instant is run twice."


def _settled_by_hand(fact: f.PersonSettled, shown: Shown) -> str:
    who = f"{actor_words(fact.actor)} settled its times up to {shown(fact.until)}"
    return f"{who} without a run, at {shown(fact.time)}{because(fact.reason)}."


def _reopened(fact: f.Reopening, shown: Shown) -> str:
    return (
        f"It had been settled before, and {actor_words(fact.actor)} opened it again at {shown(fact.time)}"
        f"{because(fact.reason)}."
    )


def _second_pass(fact: f.SecondPass, shown: Shown) -> str:
    which = f"{fact.source} {fact.timezone} (revision {fact.revision})"
    return (
        f"When the clock came to this time again, its schedule had it: {which}; but everything up to"
        f" {shown(fact.until)} was settled by then, and nothing is settled twice."
    )


def _settled_ahead(fact: f.SettledAhead, shown: Shown) -> str:
    return f"The clock showed {shown(fact.time)} when this was settled, and has been set back since."


def _paused(fact: f.SchedulerPause, shown: Shown) -> str:
    since = f" at {shown(fact.since)}" if fact.since else ""
    until = f"; it went on at {shown(fact.until)}" if fact.until else ""
    return f"The scheduler paused{since}, for the ledger could not be written{because(fact.reason)}{until}."


def _misfired(fact: f.Misfire, shown: Shown) -> str:
    which = f"{show_count(fact.count, 'instant')} passed unwatched"
    if fact.count > 1:
        which += f", {shown(fact.first)} to {shown(fact.last)}"
    return (
        f"At {shown(fact.time)} it was recorded that {which}, because {MISFIRE_WORDINGS[fact.reason].cause};"
        f" {fact.will_run:,} of them caught up."
    )


def _closed(fact: f.ClosedSchedule, shown: Shown) -> str:
    what = f"{MISFIRE_WORDINGS[fact.by].cause} by {actor_words(fact.actor)}"
    told = f"Nothing had acted on it when {what} at {shown(fact.time)}: what passed before is not run then"
    return f"{told}." if fact.settled else f"{told}; that is to be recorded yet."


def _not_wanted(fact: f.CatchUpRefusal, shown: Shown) -> str:
    window = format_duration(timedelta(milliseconds=fact.window_ms)) if fact.window_ms is not None else ""
    told = {
        "none": "Its catch-up policy is none: what was missed is not run",
        "one": "Its catch-up policy is one: only the latest of what was missed is run",
        "limit": f"Its catch-up is limited to the latest {fact.limit}",
        "window": f"It was older than its catch-up window of {window}",
    }[fact.rule]
    if not fact.runs:
        return f"{told}."
    ran = [f"run {run} for {shown(due)}" for run, due in zip(fact.runs, fact.ran_instead, strict=True)]
    return f"{told}; caught up instead: {', '.join(ran)}."


def _to_come(fact: f.UpcomingInstant, _shown: Shown) -> str:
    if fact.edited:
        return "What becomes of it is for an edit of the config to say, which is not on record yet."
    if fact.held_up:
        return "The scheduler that serves can do nothing now, as `cronledger status` says: it is looked at later."
    if fact.caught_up is None:
        return "It will be run then." if fact.serving else "It will be run if a scheduler is running then."
    if fact.serving:
        return "A scheduler is running and is about to look at it."
    if fact.caught_up:
        return "A scheduler that starts now catches it up."
    return "A scheduler that starts now records it as missed: its catch-up policy does not want it."


_WORDS: dict[type[Fact], Callable[[Any, Shown], str]] = {
    **RUN_FACT_WORDS,
    f.ScheduleInForce: _scheduled,
    f.ExcludedDay: _excluded,
    f.ScheduleChange: _rescheduled,
    f.DaylightSaving: _daylight_saving,
    f.Disablement: _switched,
    f.JobAbsence: _absent,
    f.SchedulerDowntime: _down,
    f.ClockStep: _stepped,
    f.PersonSettled: _settled_by_hand,
    f.Reopening: _reopened,
    f.SecondPass: _second_pass,
    f.SettledAhead: _settled_ahead,
    f.SchedulerPause: _paused,
    f.Misfire: _misfired,
    f.ClosedSchedule: _closed,
    f.CatchUpRefusal: _not_wanted,
    f.UpcomingInstant: _to_come,
    f.JobsBefore: jobs_before,
    f.UpstreamResult: upstream_result,
}
