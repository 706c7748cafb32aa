"""The newest log entries on standard output, and with `-f` also new ones as they come."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from cli.app.json_output import seen, show_json
from cli.terminal.console import is_terminal, note, out, wants_colour
from cli.times.show import show_time
from cli.times.zones import local_zone
from scheduler.home import Home

if TYPE_CHECKING:
    from scheduler.logs import LogEntry, LogFilter

_SOON = timedelta(minutes=1)
"""Entries with a time further in the future than this were made while the clock was ahead."""


def show_newest(
    home: Home, wanted: LogFilter, count: int, *, as_json: bool, utc: bool, follow: bool = False
) -> bool:
    """Show the newest entries, and with `follow` those that come; True if there were any at first."""
    from cli.logs.follow import NewLines
    from cli.logs.follow import follow as follow_entries
    from cli.logs.subject import check_subject
    from cli.logs.up_to_date import bring_up_to_date
    from cli.logs.words import LogLines, json_line, members_of
    from cli.terminal.progress import progress
    from scheduler.logs import entries_folder, newest

    bring_up_to_date(home, shown=not as_json)
    folder = entries_folder(home)
    coming = NewLines(folder)
    with progress("looking through log entries", shown=not as_json):
        now = datetime.now(UTC)
        # If the person gave such a time range, exactly that is shown.
        open_ended = wanted.until is None and (wanted.since is None or wanted.since < now - _SOON)
        until_now = wanted._replace(until=now + _SOON) if open_ended else wanted
        entries = newest(folder, until_now, count, coming.ends if follow else None)
        ahead = newest(folder, wanted._replace(since=now + _SOON), 1) if open_ended else []
    if not entries:
        check_subject(home, wanted)
    zone = "UTC" if utc else local_zone()
    if ahead:
        note(_of_the_future(ahead[0], zone))
    words = LogLines(zone, colour=wants_colour(), stamped=utc or not is_terminal())

    def show_line(entry: LogEntry) -> None:
        out(seen(json_line(entry)) if as_json else words.fitted_line(entry))

    if as_json and not follow:
        show_json([members_of(entry) for entry in entries])
        return bool(entries)
    if entries and not as_json:
        out("\n".join(map(words.fitted_line, entries)))
    elif entries:
        out(seen("\n".join(map(json_line, entries))))
    if follow:
        follow_entries(home, wanted, show_line, coming)
    elif not entries:
        note(none_words(wanted))
    elif len(entries) == count:
        note(f"the newest {count}; -n shows more")
    return bool(entries)


def _of_the_future(entry: LogEntry, zone: str) -> str:
    """The note that entries with future times are left out, and how to see them."""
    newest = show_time(datetime.fromisoformat(entry.time), zone)
    return f"Entries up to {newest} were made while the clock was ahead; they are left out. --since now shows them."


def none_words(wanted: LogFilter) -> str:
    """The note that nothing is shown: there are no entries at all, or no wanted ones."""
    narrowed = any(value is not None for value in wanted._replace(level=None))
    return (
        "no such log entries" if narrowed or wanted.level not in (None, "info") else "nothing was logged yet"
    )
