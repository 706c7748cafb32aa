"""How an outlook on an upgrade is told to people."""

from __future__ import annotations

from cli.terminal.printable import show_count
from cli.terminal.tables import Cell, Value
from cli.times.show import show_size, show_time
from cli.upgrade.outlook import Outlook
from scheduler.ledger.snapshot import EVERY_ENTRIES

_VERDICTS = {
    "nothing changes": Cell(
        "nothing changes: this software served the home last, and what it made is valid", "good"
    ),
    "ready": Cell("this version can go on with the home", "good"),
    "in the way": Cell(
        "not yet: see below what is in the way; nothing of the home is lost by trying later", "bad"
    ),
    "too old": Cell("this version is too old for the home: it reads it, and records nothing", "bad"),
}
_BACK = (
    "an older version reads what this one records, and appends nothing behind an entry of a type that it does not"
    " know; a copy of var/ledger, made before, is the way back, and forgets what was recorded since"
)


def facts(found: Outlook, zone: str) -> list[tuple[str, Value]]:
    """The block of details, in the order in which one asks.

    Args:
        found: the outlook.
        zone: in which times are shown.
    """
    lines: list[tuple[str, Value]] = [
        ("this version", found.version),
        ("wrote last", _wrote_last(found, zone)),
        ("verdict", _VERDICTS[found.verdict]),
        ("ledger", _ledger(found)),
    ]
    if found.newer is not None:
        lines.append(
            ("unknown entry", Cell(f"entry {found.newer.seq}, {found.newer.type}: of a later version", "bad"))
        )
    if found.parts:
        lines.append(("replaced", [f"{part.name} {part.used}, now {part.installed}" for part in found.parts]))
    lines += [("config", _config(found)), ("made anew", _made_anew(found))]
    if found.missing_extras:
        named = ", ".join(found.missing_extras)
        lines.append(
            ("missing", Cell(f"pip install 'cronledger[{','.join(found.missing_extras)}]': {named}", "bad"))
        )
    if found.served_by is not None:
        lines.append(
            (
                "running",
                f"a scheduler serves (pid {found.served_by}): it goes on as it is until it is restarted",
            )
        )
    if found.verdict != "nothing changes":
        lines.append(("no way back", _BACK))
    return lines


def _wrote_last(found: Outlook, zone: str) -> Value:
    last = found.wrote_last
    if last is None:
        return f"no scheduler ever; the ledger was made by {found.created_by}"
    version = last.versions.get("cronledger", "an unknown version")
    return f"cronledger {version}, started {show_time(last.time, zone)} (entry {last.seq})"


def _ledger(found: Outlook) -> str:
    held = f"{show_count(found.entries, 'entry', 'entries')}, {show_size(found.ledger_bytes)}"
    return f"format {found.format}, as this version writes it: no entry is rewritten; {held}"


def _config(found: Outlook) -> Value:
    if found.mistakes is not None:
        return Cell("this version refuses it; `cronledger check` shows each mistake", "bad")
    if found.config in ("missing", "unreadable", "untrusted"):
        return Cell(f"{found.config}; `cronledger check` says more", "bad")
    if found.redefined:
        named = ", ".join(found.redefined[:10]) + (", …" if len(found.redefined) > 10 else "")
        return f"taken; {show_count(len(found.redefined), 'job')} recorded anew by this version: {named}"
    edited = (
        "; it was edited, and `cronledger plan` shows what that changes" if found.config == "pending" else ""
    )
    return f"taken, and means the same{edited}"


def _made_anew(found: Outlook) -> str:
    """What is derived again, with the sizes that say how long it takes."""
    made = []
    if found.fold_entries > EVERY_ENTRIES:  # a scheduler keeps a state more often
        made.append(f"the state, by folding {show_count(found.fold_entries, 'entry', 'entries')}")
    if found.segments_to_project or not found.projections_current:
        count = found.segments_to_project or found.segments
        made.append(
            f"projections of {show_count(count, 'full segment')} of {found.segments}, in the background"
        )
    return "; ".join(made) or "nothing"
