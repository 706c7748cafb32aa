"""The laws of what is told of expectations: a breach that there is, once, and its end, once."""

from __future__ import annotations

from eventstore.store import Entry
from scheduler import vocabulary as v
from scheduler.rules.expectations.expected import Breach, key_of
from scheduler.rules.expectations.moments import breach_of
from scheduler.rules.state import State


def breached(state: State, entry: Entry, data: v.ExpectationBreached) -> str:
    """What is wrong with an `expectation.breached`; empty if nothing is."""
    name, run = entry.job or "", entry.run
    if (run is None) != (data.expectation == "success_every"):
        return f"{data.expectation} is {'about a run' if run is None else 'not about one run'}"
    known, key = state.expectations, key_of(data.expectation, name, run)
    told = (data.limit_ms, data.since, data.scheduled_for)
    if known is not None and any(
        _told(each) == told for each in known.ended if each.key == key and each.seq is None
    ):
        return ""
    if known is not None and key in known.open:
        return f"entry {known.open[key].seq} told of that, and it had not ended"
    begun = breach_of(state, data.expectation, name, run)
    if begun is None:
        return f"nothing of {name} was expected then that this could be"
    if told != _told(begun):
        return f"it would not hold from {begun.since:%Y-%m-%d %H:%M:%S} UTC on, by the definition of {name}"
    return ""


def _told(breach: Breach) -> tuple[object, ...]:
    return breach.limit_ms, breach.since, breach.scheduled_for


def met(state: State, entry: Entry, data: v.ExpectationMet) -> str:
    """What is wrong with an `expectation.met`; empty if nothing is."""
    ended = state.expectations.ended if state.expectations is not None else []
    breach = next((each for each in ended if each.seq == data.breach), None)
    if breach is None:
        return f"entry {data.breach} tells of no breach that had ended, or its end was told before"
    if (breach.expectation, breach.job, breach.run) != (data.expectation, entry.job, entry.run):
        return f"entry {data.breach} is about something else"
    if (data.since, data.until, data.by, data.because_of) != (
        breach.since,
        breach.until,
        breach.by,
        breach.because_of,
    ):
        return f"the breach of entry {data.breach} ended by entry {breach.because_of}"
    return ""
