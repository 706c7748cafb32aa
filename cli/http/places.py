"""Who gives up its place to one who comes when all are taken: one for whom nothing is done at that moment.

Whoever opens connections and asks for nothing, or takes no answer, cannot keep others out that way, and loses its own
connections first: a place is taken from the address that has most of them.
"""

from __future__ import annotations

import ipaddress
from collections import Counter
from collections.abc import Iterable
from typing import Final, Protocol, TypeVar

_NETWORK_6_BITS: Final = 64
"""So much of an IPv6 address tells people apart: the rest each may choose for themselves."""


class Place(Protocol):
    """A connection.

    Attributes:
        whose: of whom it is: an address, or a user of this machine.
        heard_s: when something came from there last, by the loop's clock.
    """

    whose: str
    heard_s: float

    @property
    def waits(self) -> bool:
        """Whether it is the other side's turn: to ask, to go on with what it sends, or to take what it is sent."""


Held = TypeVar("Held", bound=Place)


def given_up(places: Iterable[Held]) -> Held | None:
    """The place that is free for somebody else; None if all are in use.

    Args:
        places: the others' places.
    """
    waiting = [place for place in places if place.waits]
    held = Counter(place.whose for place in waiting)
    return min(waiting, key=lambda place: (-held[place.whose], place.heard_s), default=None)


def person_at(address: str) -> str:
    """What of an address tells people apart; a text that is no address is given back."""
    try:
        found = ipaddress.ip_address(address)
    except ValueError:
        return address
    if isinstance(found, ipaddress.IPv4Address):
        return str(found)
    if found.ipv4_mapped is not None:
        return str(found.ipv4_mapped)
    return str(ipaddress.ip_network((int(found), _NETWORK_6_BITS), strict=False))
