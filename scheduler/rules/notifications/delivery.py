"""When a message is made, tried, tried again and given up. Pure rules.

The first news after a quiet time are told at once; no two messages to a channel are closer than its `digest`, so that
of a thousand news in a minute most stand in the second message. While a message cannot be delivered, what comes is
gathered for the one behind it.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from scheduler.rules.notifications.audience import Receiver
from scheduler.rules.notifications.news import ChannelNews, Parcel, Telling, wait_until

WAIT_MS_FIRST: Final = 250
WAIT_MS_SHORT: Final = 1_500
"""A receiver that was away for some minutes is told within two seconds of its return."""
WAIT_PART: Final = 500
"""Of one that is away for longer, the waits are this part of how long that is,"""
WAIT_MS_MAX: Final = 60_000
"""and never longer."""
REFUSED_PART: Final = 3
"""Who is there and refuses is left alone for this part of the time for which it has refused:"""
REFUSED_MS_MAX: Final = 600_000
"""at most for so long, unless it asked for more. Mail servers lock an account at which many log in in vain."""
GIVE_UP_MS: Final = 3 * 24 * 3_600_000
"""A message that has waited for so long, all waits together, is given up after one more try."""
GONE: Final = "the channel is no longer in the config"


def make_parcel(channel: ChannelNews, receiver: Receiver, now: datetime) -> bool:
    """Make a message of what is gathered, if that is due; whether one was made."""
    if channel.parcel is not None or channel.gathered is None:
        return False
    if wait_until(_next_message(channel, receiver), now, receiver.digest_ms) > 0:
        return False
    channel.parcel = Parcel(channel.gathered, uncertain=channel.unsure)
    channel.gathered, channel.unsure, channel.made = None, False, now
    return True


def wait_s(channel: ChannelNews, receiver: Receiver, now: datetime) -> float | None:
    """How long it is until something is to be done about a channel; None: until there is news, or a try ends."""
    parcel = channel.parcel
    if parcel is not None:
        if parcel.on_the_way or parcel.is_settled:
            return None
        return wait_until(parcel.next_try, now, parcel.wait_ms)
    if channel.gathered is None:
        return None
    return wait_until(_next_message(channel, receiver), now, receiver.digest_ms)


def begin_try(parcel: Parcel) -> None:
    """A try begins."""
    parcel.tries += 1
    parcel.on_the_way = True


def end_try(parcel: Parcel) -> None:
    """It arrived."""
    parcel.on_the_way, parcel.arrived, parcel.error = False, True, ""


def fail_try(
    parcel: Parcel, now: datetime, error: str, *, permanent: bool, uncertain: bool, refused_ms: int = 0
) -> None:
    """It did not arrive, as far as is known.

    Args:
        parcel: the message; now: the wall clock; error: why, as a clause.
        permanent: another try would end the same way; uncertain: it may have arrived.
        refused_ms: the receiver is there and refuses: it is left alone for so long, at least.
    """
    parcel.on_the_way, parcel.error = False, error
    parcel.uncertain = parcel.uncertain or uncertain
    if permanent or parcel.waited_ms >= GIVE_UP_MS:
        parcel.hopeless = True
        return
    wait_ms = _wait_ms(parcel)
    if refused_ms:
        wait_ms = max(wait_ms, refused_ms, min(parcel.waited_ms // REFUSED_PART, REFUSED_MS_MAX))
    parcel.wait_ms = wait_ms
    parcel.waited_ms += wait_ms
    parcel.next_try = now + timedelta(milliseconds=wait_ms)


def cut_off(telling: Telling) -> None:
    """The process that made tries was ended in the middle: nobody knows what became of them."""
    for channel in telling.channels.values():
        parcel = channel.parcel
        if parcel is not None and parcel.on_the_way:
            parcel.on_the_way, parcel.uncertain, parcel.next_try = False, True, None


def _wait_ms(parcel: Parcel) -> int:
    short_ms = min(WAIT_MS_FIRST << min(max(parcel.tries - 1, 0), 16), WAIT_MS_SHORT)
    return min(max(short_ms, parcel.waited_ms // WAIT_PART), WAIT_MS_MAX)


def _next_message(channel: ChannelNews, receiver: Receiver) -> datetime | None:
    return None if channel.made is None else channel.made + timedelta(milliseconds=receiver.digest_ms)
