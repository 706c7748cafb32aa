"""`notify status`: what each channel was told last, and what it is still to be told."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, NamedTuple

import click

from cli.app.json_output import json_option, show_json
from cli.home.open import to_read
from cli.terminal.printable import printable
from cli.terminal.tables import Cell, Value, details
from cli.times.show import MACHINES_ZONE, local_zone, show_moment, show_relative, utc_option
from scheduler.home import Home

if TYPE_CHECKING:
    from collections.abc import Mapping

    from scheduler.notifications.settings import Channel
    from scheduler.rules.notifications.news import Bundle, ChannelNews


class _Known(NamedTuple):
    """A channel: what the config says of it, None if it has it no more, and what is known of it."""

    name: str
    channel: Channel | None
    news: ChannelNews


@click.command(epilog="Example: cronledger notify status")
@utc_option(MACHINES_ZONE)
@json_option
@click.pass_obj
def status(home: Home, utc: bool, as_json: bool) -> None:
    """Show of each channel when it was told last, and what it is still to be told.

    A message that is not taken is tried again until it is, or for three days. What was told, and what was given up,
    is in the ledger: `cronledger sql` finds it in events, by the types notification.sent and notification.failed.
    """
    from scheduler.notifications.state_file import read_telling

    with to_read(home, with_config=True) as view:
        ledger_id = "" if view.ledger is None else view.ledger.store.ledger_id
        found = read_telling(home.notifications, ledger_id)
        channels = {} if view.config is None else view.config.channels
        known = _known(channels, {} if found is None else found.channels)
        serves, now = view.holder is not None, view.now
    if as_json:
        show_json({"serves": serves, "channels": [_document(each) for each in known]})
        return
    zone = "UTC" if utc else local_zone()
    facts: list[tuple[str, Value]] = [(each.name, _lines(each, zone, now)) for each in known]
    if not facts:
        facts.append(("channels", "none: `channels:` in the config names who is told"))
    elif not serves:
        facts.append(("delivery", Cell("stands still: no scheduler serves this home", "warn")))
    details(facts)


def _known(channels: Mapping[str, Channel], news: Mapping[str, ChannelNews]) -> list[_Known]:
    from scheduler.rules.notifications.news import ChannelNews

    names = dict.fromkeys((*channels, *news))
    return [_Known(name, channels.get(name), news.get(name, ChannelNews())) for name in names]


def _lines(known: _Known, zone: str, now: datetime) -> list[Cell | str]:
    from scheduler.wording.notification_entries import kinds_words

    news, parcel = known.news, known.news.parcel
    lines: list[Cell | str] = []
    if known.channel is None:
        lines.append(Cell("no longer in the config: what is pending is given up", "warn"))
    told = "nothing was told yet" if news.told is None else f"told last {show_moment(news.told, zone, now)}"
    lines.append(told if known.channel is None else f"{known.channel.kind}, {told}")
    if news.given_up is not None:
        lines.append(Cell(f"given up last {show_moment(news.given_up, zone, now)}", "bad"))
    if parcel is not None:
        lines.append(f"on its way: {kinds_words(parcel.bundle.counts)} ({_entries(parcel.bundle)})")
        if parcel.error:
            tries = "1 try" if parcel.tries == 1 else f"{parcel.tries:,} tries"
            ahead = parcel.next_try if parcel.next_try is not None and parcel.next_try > now else None
            again = "" if ahead is None else f"; the next is {show_relative(ahead, now)}"
            lines.append(Cell(f"{tries} failed: {printable(parcel.error)}{again}", "bad"))
    if news.gathered is not None:
        lines.append(f"waiting: {kinds_words(news.gathered.counts)} ({_entries(news.gathered)})")
    return lines


def _entries(bundle: Bundle) -> str:
    if bundle.count == 1:
        return f"entry {bundle.first}"
    return f"entries {bundle.first:,} to {bundle.last:,}"


def _document(known: _Known) -> dict[str, object]:
    news, parcel = known.news, known.news.parcel
    return {
        "channel": known.name,
        "kind": None if known.channel is None else known.channel.kind,
        "told": _utc(news.told),
        "given_up": _utc(news.given_up),
        "on_its_way": None if parcel is None else _bundle(parcel.bundle),
        "tries": 0 if parcel is None else parcel.tries,
        "error": None if parcel is None or not parcel.error else parcel.error,
        "next_try": None if parcel is None else _utc(parcel.next_try),
        "waiting": None if news.gathered is None else _bundle(news.gathered),
    }


def _bundle(bundle: Bundle) -> dict[str, object]:
    return {
        "first": bundle.first,
        "last": bundle.last,
        "count": bundle.count,
        "kinds": {str(kind): count for kind, count in bundle.counts.items()},
    }


def _utc(moment: datetime | None) -> datetime | None:
    return None if moment is None else moment.astimezone(UTC)
