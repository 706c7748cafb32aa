"""Health: how scheduler, config and ledger are, problems first."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Final, NamedTuple

from cli.status.health import keeping_facts, left_running_lines, watching_facts
from cli.terminal.printable import show_count
from cli.terminal.tables import Cell, Value

if TYPE_CHECKING:
    from scheduler.ledger.view import View

_OF_THE_PAST: Final = frozenset({"scheduler", "leader", "nodes"})
_LINES_MAX: Final = 20


class HealthFact(NamedTuple):
    """One thing that is told of.

    Attributes:
        title: what it is.
        lines: what there is to tell.
        entry: which entry shows it; None where it is no matter of the ledger.
        troubled: whether it wants somebody's attention.
    """

    title: str
    lines: list[Cell]
    entry: int | None
    troubled: bool


class Health(NamedTuple):
    """All that is told, what wants attention before the rest; `summary` says in a line how it is."""

    summary: Cell
    troubles: list[HealthFact]
    others: list[HealthFact]


def health_of(view: View, zone: str) -> Health:
    """The health of a home; of the past, what the ledger knows of it.

    Args:
        view: with the config, where there is one.
        zone: for the times.
    """
    told = [*watching_facts(view, zone), *keeping_facts(view, zone)]
    if left := left_running_lines(view):
        told.append(("not stopped", left))
    if view.as_of is not None:
        told = [each for each in told if each[0] in _OF_THE_PAST]
    entries = _entries(view)
    facts = [_fact(title, value, entries.get(title)) for title, value in told]
    troubles = [each for each in facts if each.troubled]
    return Health(_summary(view, troubles), troubles, [each for each in facts if not each.troubled])


def _fact(title: str, value: Value, entry: int | None) -> HealthFact:
    lines = list(_cells([value] if isinstance(value, Cell | str) else value))
    # The third line of the ledger is its last entry, in the tone of what that tells.
    telling = [*lines[:2], *lines[3:]] if title == "ledger" else lines
    troubled = any(line.tone in ("bad", "warn") for line in telling)
    return HealthFact(title, lines[:_LINES_MAX], entry, troubled)


def _cells(lines: Iterable[Cell | str]) -> Iterable[Cell]:
    return (line if isinstance(line, Cell) else Cell(line) for line in lines)


def _summary(view: View, troubles: list[HealthFact]) -> Cell:
    if troubles:
        is_bad = any(line.tone == "bad" for each in troubles for line in each.lines)
        names = ", ".join(each.title for each in troubles)
        verb = "needs" if len(troubles) == 1 else "need"
        return Cell(f"{names} {verb} attention", "bad" if is_bad else "warn")
    entries = show_count(view.state.head.seq + 1, "entry", "entries")
    if view.as_of is not None:
        return Cell(f"the scheduler was running; {entries} by then", "good")
    return Cell(f"all is well: the scheduler is running, the config is in force, {entries}", "good")


def _entries(view: View) -> dict[str, int]:
    """Which entry shows a thing."""
    state = view.state
    watch, evidence = state.scheduler, state.evidence
    found: dict[str, int | None] = {
        "scheduler": None if watch is None else watch.seq if watch.stopped_seq is None else watch.stopped_seq,
        "leader": None if state.leader is None else state.leader.seq,
        "config": None if state.rejection is None else state.rejection.seq,
        "ledger": state.head.seq if view.as_of is not None or not view.pending else None,
    }
    if evidence is not None:
        shown = evidence.refused or evidence.signed
        found["signed"] = None if shown is None else shown.seq
    return {title: seq for title, seq in found.items() if seq is not None and seq >= 0}
