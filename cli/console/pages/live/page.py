"""`/live`: the entries that come, for a page that is open."""

from __future__ import annotations

import re
from typing import Final

from starlette.responses import Response

from cli.console.asked import Asked
from cli.console.live.event_stream import EventStream
from cli.console.live.live_answer import LiveAnswer
from cli.console.page_route import NotFound

_SEQ: Final = re.compile(r"[0-9]{1,18}")


async def show_live(asked: Asked) -> Response:
    """New entries behind the one that the page knows: `Last-Event-ID`, or `?after=`; without either, from now on.

    Whether the visitor may still look is asked whenever something is sent, four times a minute at least.
    """
    if asked.as_of is not None:
        raise NotFound("nothing is live in the past", "What was recorded then stands, and does not change.")
    live, visitor = asked.site.live, asked.visitor.name
    live.pages.check_room(visitor)
    return EventStream(LiveAnswer(live, visitor, _known(asked), asked.still_allowed).send)


def _known(asked: Asked) -> int | None:
    """The last entry that the page knows; None if it does not say that."""
    for given in (asked.request.headers.get("last-event-id", ""), asked.argument("after")):
        if _SEQ.fullmatch(given):
            return int(given)
    return None
