"""What is known of channels: what each was told last, what is on its way, and what waits."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any, NamedTuple

from cli.terminal.printable import printable, show_count
from cli.terminal.tables import Cell
from cli.times.show import show_moment, show_relative

if TYPE_CHECKING:
    from scheduler.ledger.view import View
    from scheduler.rules.notifications.news import Bundle, ChannelNews, Parcel


class KnownChannel(NamedTuple):
    """A channel: its kind, None if the config has it no more, and what is known of it."""

    name: str
    kind: str | None
    news: ChannelNews


def known_channels(view: View) -> list[KnownChannel]:
    """Those of the config, in its order, and then those that something is known of; none where none ever was."""
    channels = {} if view.blocks is None else view.blocks.channels
    if not channels and not view.home.notifications.exists():
        return []
    from scheduler.notifications.state_file import read_telling
    from scheduler.rules.notifications.news import ChannelNews

    ledger_id = "" if view.ledger is None else view.ledger.store.ledger_id
    found = read_telling(view.home.notifications, ledger_id)
    news = {} if found is None else found.channels
    return [
        KnownChannel(name, channels.get(name), news.get(name, ChannelNews()))
        for name in dict.fromkeys((*channels, *news))
    ]


def channel_lines(known: KnownChannel, zone: str, now: datetime) -> list[Cell | str]:
    """All that there is to tell of a channel."""
    from scheduler.wording.notification_entries import kinds_words

    news, parcel = known.news, known.news.parcel
    lines: list[Cell | str] = []
    if known.kind is None:
        lines.append(Cell("no longer in the config: what is pending is given up", "warn"))
    told = "nothing was told yet" if news.told is None else f"told last {show_moment(news.told, zone, now)}"
    lines.append(told if known.kind is None else f"{known.kind}, {told}")
    if news.given_up is not None:
        lines.append(Cell(f"given up last {show_moment(news.given_up, zone, now)}", "bad"))
    if parcel is not None:
        lines.append(f"on its way: {kinds_words(parcel.bundle.counts)} ({_entries(parcel.bundle)})")
        if parcel.error:
            ahead = parcel.next_try if parcel.next_try is not None and parcel.next_try > now else None
            again = "" if ahead is None else f"; the next is {show_relative(ahead, now)}"
            lines.append(Cell(f"{_failed_words(parcel)}{again}", "bad"))
    if news.gathered is not None:
        lines.append(f"waiting: {kinds_words(news.gathered.counts)} ({_entries(news.gathered)})")
    return lines


def summary_lines(view: View) -> list[Cell | str]:
    """Whether all is told, as `status` has it; nothing where there are no channels."""
    known = known_channels(view)
    if not known:
        return []
    failing = [each for each in known if each.news.parcel is not None and each.news.parcel.error]
    lines: list[Cell | str] = [f"{show_count(len(known), 'channel')}"] if not failing else []
    for each in failing:
        parcel = each.news.parcel
        assert parcel is not None, "it has failed"
        lines.append(Cell(f"{each.name} is not told: {_failed_words(parcel)}", "bad"))
    return lines


def channel_document(known: KnownChannel) -> dict[str, Any]:
    """The same as JSON has it."""
    news, parcel = known.news, known.news.parcel
    return {
        "channel": known.name,
        "kind": known.kind,
        "told": news.told,
        "given_up": news.given_up,
        "on_its_way": None if parcel is None else _bundle(parcel.bundle),
        "tries": 0 if parcel is None else parcel.tries,
        "error": None if parcel is None or not parcel.error else parcel.error,
        "next_try": None if parcel is None else parcel.next_try,
        "waiting": None if news.gathered is None else _bundle(news.gathered),
    }


def _failed_words(parcel: Parcel) -> str:
    return f"{show_count(parcel.tries, 'try', 'tries')} failed: {printable(parcel.error)}"


def _entries(bundle: Bundle) -> str:
    if bundle.count == 1:
        return f"entry {bundle.first}"
    return f"entries {bundle.first:,} to {bundle.last:,}"


def _bundle(bundle: Bundle) -> dict[str, Any]:
    return {
        "first": bundle.first,
        "last": bundle.last,
        "count": bundle.count,
        "kinds": {str(kind): count for kind, count in bundle.counts.items()},
    }
