"""Goes from a page to the same page as it was at a moment that somebody chose in a form."""

from __future__ import annotations

import re
from http import HTTPStatus
from typing import Final
from urllib.parse import quote

import click
from starlette.responses import RedirectResponse, Response

from cli.console.as_of_address import PREFIX
from cli.console.asked import Asked

_PAGE: Final = re.compile(r"/[!-~]*")
"""A path on this site, as browsers write one: printable ASCII without blanks."""


async def show_past_of(asked: Asked) -> Response:
    """Lead to `page` as it was when `day` began, or at `time` of that day, or right after entry `entry`.

    Raises:
        click.BadParameter: nothing was chosen, or what was chosen is no moment of the past; that page says so.
    """
    day, clock, entry = (asked.argument(name).strip() for name in ("day", "time", "entry"))
    moment = entry or (f"{day} {clock}".strip() if day else "")
    if day and not entry and asked.zone == "UTC":
        moment = f"{day}T{clock or '00:00'}Z"
    if not moment:
        raise click.BadParameter("choose a day, or the number of an entry", param_hint="day")
    page = asked.argument("page", "/")
    # Whatever is given, the address begins on this site.
    page = page if _PAGE.fullmatch(page) else "/"
    return RedirectResponse(f"{PREFIX}{quote(moment, safe='')}{page}", HTTPStatus.SEE_OTHER)
