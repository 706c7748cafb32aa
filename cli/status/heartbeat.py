"""What `status` tells of the heartbeat: when it was touched last, and what became of the last ping."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from cli.terminal.printable import printable
from cli.terminal.tables import Cell
from cli.times.show import show_moment

if TYPE_CHECKING:
    from scheduler.configuration.outline.outline import HeartbeatOutline
    from scheduler.ledger.view import View

_CALENDAR_END_S = 253_402_300_799
"""The last second of the year 9999."""


def heartbeat_lines(view: View, zone: str) -> list[Cell | str]:
    """The file and the pings; nothing if the config has no heartbeat."""
    settings = _settings(view)
    if settings is None:
        return []
    from scheduler.heartbeat.beat import FRESH_S, file_of

    path, touched = printable(str(file_of(view.home, settings.file))), _touched(view, settings)
    if touched is None:
        lines: list[Cell | str] = [Cell(f"{path} is not there", "bad" if view.holder else "plain")]
    else:
        stale = view.holder is not None and (view.now - touched).total_seconds() > FRESH_S
        lines = [Cell(f"{path}, touched {show_moment(touched, zone, view.now)}", "bad" if stale else "plain")]
    if not settings.pings:
        return lines
    from scheduler.heartbeat.last_ping import read_last_ping

    ping = read_last_ping(view.home)
    if ping is None:
        return [*lines, "nothing was pinged yet"]
    when = show_moment(ping.time, zone, view.now)
    failed = Cell(f"the last ping, {when}, did not arrive: {printable(ping.error)}", "bad")
    return [*lines, failed if ping.error else f"pinged {when}"]


def heartbeat_document(view: View) -> dict[str, Any] | None:
    """The same as JSON has it; None if the config has no heartbeat."""
    settings = _settings(view)
    if settings is None:
        return None
    from scheduler.heartbeat.beat import file_of
    from scheduler.heartbeat.last_ping import read_last_ping

    ping = None if not settings.pings else read_last_ping(view.home)
    return {
        "file": str(file_of(view.home, settings.file)),
        "touched": _touched(view, settings),
        "pings": settings.pings,
        "last_ping": None if ping is None else ping.time,
        "ping_error": None if ping is None else ping.error or None,
    }


def is_well(view: View) -> bool:
    """Whether a scheduler serves the home from here and is at it, can record, and touches its heartbeat, if any."""
    if view.holder is None or view.hindrance is not None:
        return False
    settings = _settings(view)
    if settings is None:
        return True
    from scheduler.heartbeat.beat import FRESH_S

    touched = _touched(view, settings)
    return touched is not None and (view.now - touched).total_seconds() <= FRESH_S


def _settings(view: View) -> HeartbeatOutline | None:
    """What the config says, as far as it could be read."""
    return None if view.blocks is None else view.blocks.heartbeat


def _touched(view: View, settings: HeartbeatOutline) -> datetime | None:
    from scheduler.heartbeat.beat import file_of, touched_ns

    found = touched_ns(file_of(view.home, settings.file))
    if found is None:
        return None
    # A file can have a time that no calendar has.
    return datetime.fromtimestamp(min(max(0, found // 1_000_000_000), _CALENDAR_END_S), UTC)
