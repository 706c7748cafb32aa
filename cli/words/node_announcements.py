"""How a node stands, as `serve` says it: who leads, whether the database is there, what its own clock shows."""

from __future__ import annotations

from datetime import timedelta

from cli.terminal.printable import printable
from scheduler.schedule.duration import format_duration
from scheduler.service.announcements import ClockOff, DatabaseAway, DatabaseBack, Follows, Leads


def node_announcement_words(announcement: Leads | Follows | DatabaseAway | DatabaseBack | ClockOff) -> str:
    """One sentence."""
    match announcement:
        case Leads(node=node):
            return f"Node {printable(node)} leads from now on."
        case Follows(node=node):
            return f"Node {printable(node)} does not lead any more."
        case DatabaseAway(why=why):
            return (
                "Nothing can be recorded now: what runs goes on, nothing new is started, results are kept. "
                f"{printable(why)}"
            )
        case DatabaseBack():
            return "It can be recorded again, and what waited is."
        case ClockOff(by_s=by_s):
            where, off = "ahead of" if by_s > 0 else "behind", timedelta(seconds=round(abs(by_s)))
            return (
                f"Note: this machine's clock is {format_duration(off)} {where} the database's, which is the one "
                "that counts."
            )
