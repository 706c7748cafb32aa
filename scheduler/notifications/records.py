"""What is recorded of messages that are settled: they arrived, or no other try is made."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from eventstore.store import Event
from scheduler import vocabulary as v
from scheduler.rules.notifications.delivery import GONE
from scheduler.rules.notifications.news import Bundle, ChannelNews
from scheduler.shortening import bounded_message


def records(
    name: str, channel: ChannelNews, id_of: Callable[[str, Bundle], str], *, is_gone: bool
) -> list[Event]:
    """The entries that a channel owes.

    Args:
        name: of the channel; channel: what is known of it.
        id_of: gives the id of a message.
        is_gone: the config has it no more, so that nothing of it is tried again.
    """
    events: list[v.Payload] = []
    parcel = channel.parcel
    if parcel is not None:
        members = _members(name, parcel.bundle) | {"message": id_of(name, parcel.bundle)}
        if parcel.arrived:
            # A try before the one that succeeded may have arrived too.
            events.append(
                v.NotificationSent(**members, tries=max(parcel.tries, 1), repeated=parcel.uncertain)
            )
        elif parcel.hopeless or is_gone:
            error = parcel.error if parcel.hopeless else GONE
            events.append(v.NotificationFailed(**members, tries=parcel.tries, error=bounded_message(error)))
    if is_gone and channel.gathered is not None:
        events.append(v.NotificationFailed(**_members(name, channel.gathered), error=GONE))
    return [v.event(each, v.SCHEDULER) for each in events]


def _members(name: str, bundle: Bundle) -> dict[str, Any]:
    whole = bundle.count == len(bundle.shown)
    return {
        "channel": name,
        "kinds": dict(bundle.counts),
        "first": bundle.first,
        "last": bundle.last,
        "count": bundle.count,
        "about": [each.seq for each in bundle.shown] if whole else [],
    }
