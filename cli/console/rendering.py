"""Pages made of templates: everything that is put into one is escaped, and shown as what is printable."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any, Final
from urllib.parse import quote

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup, escape

from cli.console.static_files import static_address
from cli.terminal.printable import printable, show_count
from cli.terminal.tables import Cell
from cli.times.show import show_duration, show_past, show_relative, show_size, show_time
from cli.words.approval_words import shown_revision
from cli.words.words import actor_words

_ENTRIES: Final = re.compile(r"\[(entry|entries) ([0-9]{1,18}(?:, [0-9]{1,18})*)\]")
_NUMBER: Final = re.compile("[0-9]+")


def rendered(template: str, **context: Any) -> str:
    """A template with what it is given.

    Args:
        template: its path under `cli/console/templates/`.
        context: what it knows by name.
    """
    return environment().get_template(template).render(context)


@lru_cache(maxsize=1)
def environment() -> Environment:
    """The templates, and what all of them know."""
    made = Environment(
        loader=PackageLoader("cli.console"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
        # A text from outside may hold what a terminal obeys, or turns around what follows it.
        finalize=_printable,
    )
    filters: dict[str, Callable[..., object]] = {
        "clock": moment,
        "count": show_count,
        "duration": show_duration,
        "size": show_size,
        "actor": actor_words,
        "path": path_part,
        "cell": cell,
        "lines": lines,
        "proved": proved,
        "revision": shown_revision,
    }
    made.filters.update(filters)
    made.globals["static"] = static_address
    return made


def moment(instant: datetime | None, zone: str, now: datetime | None = None) -> Markup:
    """A time as a page shows it: as the clocks of a zone show it; with `now`, also how far away it is."""
    if instant is None:
        return Markup("&ndash;")
    shown = show_time(instant, zone)
    exact = instant.astimezone(UTC).isoformat().replace("+00:00", "Z")
    if now is None:
        return Markup('<time datetime="{}">{}</time>').format(exact, shown)
    beside = show_relative(instant, now) if instant > now else show_past(instant, now)
    return Markup('<time datetime="{}">{}</time> <small class="ago">{}</small>').format(exact, shown, beside)


def path_part(value: object) -> str:
    """A value as one part of the path of an address."""
    return quote(str(value), safe="")


def cell(value: Cell | str) -> Markup:
    """A cell of a table, as the commands have it, in its tone."""
    if isinstance(value, Cell):
        return Markup('<span class="tone-{}">{}</span>').format(value.tone, printable(value.text))
    return escape(printable(value))


def proved(value: Cell | str, base: str) -> Markup:
    """A cell, in which `[entry 8]` leads to that entry.

    Args:
        value: what a command tells.
        base: what stands before the path of every link.
    """

    def linked(found: re.Match[str]) -> str:
        link = Markup('<a class="proof" href="{base}/ledger/entries/{seq}">{seq}</a>')
        return f"[{found[1]} {_NUMBER.sub(lambda number: link.format(base=base, seq=number[0]), found[2])}]"

    # What is replaced are digits: in the escaped text they are none of an escape, for those stand in no brackets.
    return Markup(_ENTRIES.sub(linked, str(cell(value))))  # noqa: S704 - escaped by `cell`


def lines(text: str) -> Markup:
    """Several lines, in which everything was made visible before that a terminal would obey."""
    return escape(text)


def _printable(value: object) -> object:
    return printable(value) if isinstance(value, str) and not isinstance(value, Markup) else value
