"""What a comparison of mirror and database found: as facts, in words, as JSON."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cli.terminal.printable import printable, show_count

if TYPE_CHECKING:
    from eventstore.replicated.comparison import Comparison


def comparison_facts(address: str, found: Comparison) -> list[tuple[str, str]]:
    """What both sides have, for people."""
    facts = [
        ("database", printable(address)),
        ("it ends with", f"entry {found.database.seq:,}"),
        ("the mirror with", f"entry {found.mirror.seq:,}"),
        ("the same", f"{show_count(found.same, 'entry', 'entries')}, byte for byte"),
        ("found", _found(found)),
    ]
    if found.halted is not None:
        facts.append(("halted", printable(found.halted)))
    return facts


def comparison_document(address: str, found: Comparison) -> dict[str, object]:
    """The same for programs."""
    return {
        "database": address,
        "relation": found.relation,
        "same": found.same,
        "mirror": {"seq": found.mirror.seq, "hash": found.mirror.hash},
        "head": {"seq": found.database.seq, "hash": found.database.hash},
        "halted": found.halted,
        "wrong": found.words or None,
    }


def _found(found: Comparison) -> str:
    if found.relation == "equal":
        return "both are the same"
    if found.relation == "mirror_longer":
        lost = found.mirror.seq - found.database.seq
        return f"DAMAGED: the database lacks the last {show_count(lost, 'entry', 'entries')} of the mirror"
    if found.relation == "database_longer":
        behind = show_count(found.database.seq - found.mirror.seq, "entry", "entries")
        return f"the mirror is {behind} behind, which it fetches when it is needed"
    return f"DAMAGED: {printable(found.words)}"
