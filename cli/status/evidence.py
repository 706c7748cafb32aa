"""What `status` tells of the ledger's key and its checkpoints; nothing of what signs is imported for that."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from cli.evidence.key_words import exposure_cell, place_words
from cli.terminal.printable import printable, show_count
from cli.terminal.tables import Cell
from cli.times.show import show_moment
from scheduler.evidence.keys.exposure import exposure
from scheduler.evidence.keys.key_place import KeyPlace, place_of
from scheduler.rules.evidence.due_checkpoint import pending
from scheduler.rules.evidence.evidence_state import AnchorStatus

if TYPE_CHECKING:
    from scheduler.configuration.outline.outline import Blocks
    from scheduler.home import Home
    from scheduler.ledger.view import View
    from scheduler.rules.evidence.evidence_state import Evidence

_COUNTED_MAX = 5_000


def signed_lines(view: View, zone: str) -> list[Cell | str]:
    """The key, the newest checkpoint, and what is wrong; nothing if the ledger has no key."""
    evidence = view.state.evidence
    if evidence is None:
        return []
    place = _place(view)
    lines: list[Cell | str] = [
        f"by key {evidence.key_id} as {printable(evidence.origin)}, {printable(place_words(place))}",
        exposure_cell(exposure(place)),
        _newest(view, evidence, zone),
    ]
    if (refused := evidence.refused) is not None:
        since = show_moment(refused.time, zone, view.now)
        lines.append(
            Cell(f"not signed since {since}, entry {refused.seq}: {printable(refused.reason)}", "bad")
        )
    return lines


def anchor_lines(view: View, zone: str) -> list[Cell | str]:
    """Each anchor, and how far it is; nothing if the ledger has no key."""
    if view.state.evidence is None:
        return []
    lines: list[Cell | str] = [_anchor(name, status, view, zone) for name, status in _anchors(view).items()]
    return lines or [
        "none: nothing elsewhere remembers this ledger; `ledger: anchors:` in the config names who does"
    ]


def _anchors(view: View) -> dict[str, AnchorStatus]:
    """Those in the config; if that cannot be used, those on record."""
    assert view.state.evidence is not None
    recorded = view.state.evidence.anchors
    blocks = view.blocks
    if blocks is None:
        return recorded
    return {name: recorded.get(name, AnchorStatus()) for name in blocks.anchors}


def _anchor(name: str, status: AnchorStatus, view: View, zone: str) -> Cell | str:
    shown = printable(name)
    if (since := status.failing_since) is not None:
        began = show_moment(since, zone, view.now)
        return Cell(f"{shown}: takes none since {began}: {printable(status.error)}", "bad")
    if status.time is None:
        return Cell(f"{shown}: has none yet", "warn")
    covered = show_count(status.size, "entry", "entries")
    return f"{shown}: up to {covered}, {show_moment(status.time, zone, view.now)}"


def evidence_document(view: View) -> dict[str, Any] | None:
    """The same as JSON has it; None if the ledger has no key."""
    evidence = view.state.evidence
    if evidence is None:
        return None
    signed, refused = evidence.signed, evidence.refused
    return {
        "origin": evidence.origin,
        "vkey": evidence.vkey,
        "key_usable_by": exposure(_place(view)),
        "signed": None if signed is None else {"size": signed.size, "time": signed.time, "entry": signed.seq},
        "pending": _pending(view, evidence),
        "anchors": [
            {
                "anchor": name,
                "size": each.size,
                "time": each.time,
                "failing_since": each.failing_since,
                "error": each.error or None,
            }
            for name, each in _anchors(view).items()
        ],
        "refused": None
        if refused is None
        else {"time": refused.time, "entry": refused.seq, "reason": refused.reason},
    }


def _place(view: View) -> KeyPlace:
    """Where the config in force says that the key is."""
    blocks = view.blocks or _blocks_of_copy(view.home)
    return place_of(view.home, blocks.key_file, blocks.key_command)


def _blocks_of_copy(home: Home) -> Blocks:
    from scheduler.configuration.outline.outline import Blocks, blocks_of
    from scheduler.configuration.reading.current_config import read_config

    copy, _ = read_config(home, home.config_in_force)
    return Blocks() if copy is None else blocks_of(copy)


def _newest(view: View, evidence: Evidence, zone: str) -> Cell | str:
    signed = evidence.signed
    if signed is None:
        return Cell("nothing is signed yet: `serve` does, and `ledger checkpoint` at once", "warn")
    covered = show_count(signed.size, "entry", "entries")
    waiting = _pending(view, evidence)
    behind = f"; {show_count(waiting, 'entry', 'entries')} since" if waiting else "; nothing since"
    return f"up to {covered}, {show_moment(signed.time, zone, view.now)}{behind}"


def _pending(view: View, evidence: Evidence) -> int:
    """How many entries are not signed; of many, those that need no signature are counted too."""
    first = 0 if evidence.signed is None else evidence.signed.size
    count = view.state.head.seq + 1 - first
    if view.ledger is None or count > _COUNTED_MAX:
        return count
    return pending(evidence, view.ledger.store.read(first), view.now).entries
