"""What `status` says where several machines share a ledger: who leads, the nodes, this machine, and its mirror."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from cli.terminal.printable import printable
from cli.terminal.tables import Cell, Value
from cli.times.show import show_moment
from cli.words.applied_words import file_standing_words
from eventstore.errors import Halted
from eventstore.moved import says_moved
from scheduler.configuration.applied.own_file import own_standing
from scheduler.database.unreachable import Away, read_away
from scheduler.nodes.node_facts import Doing, NodeFacts, node_facts

if TYPE_CHECKING:
    from eventstore.errors import LedgerError
    from scheduler.ledger.view import View

_ORDER: Final[tuple[Doing, ...]] = ("leads", "ready", "drained", "silent", "left", "lost")
_NAMED_MAX: Final = 8


def cluster_facts(view: View, zone: str) -> list[tuple[str, Value]]:
    """The lines in place of that about the scheduler of one machine."""
    facts = node_facts(view.state)
    return [
        ("leader", _leader(view, zone)),
        ("nodes", _nodes(facts)),
        ("this machine", _here(view, zone)),
        ("mirror", _mirror(view, zone)),
    ]


def applied_lines(view: View) -> list[Cell | str]:
    """The config in force, and how this home's file stands to it."""
    digest = view.state.config
    if digest is None:
        return [Cell("nothing is in force yet: `cronledger config apply` brings a config into force", "warn")]
    standing = own_standing(view.home, view.state)
    lines: list[Cell | str] = [Cell(f"{digest[:12]}, as it was applied; `config show` tells by whom", "good")]
    if standing != "in force":
        lines.append(
            Cell(file_standing_words(standing, view.home), "plain" if standing == "missing" else "warn")
        )
    return lines


def cluster_document(view: View) -> dict[str, Any]:
    """The same for programs: what `status --json` has beside what it has on one machine."""
    leader, problem, away = view.state.leader, _problem(view), database_away(view)
    told = str(problem) if problem is not None else None if away is None else away.problem
    return {
        "leader": None
        if leader is None
        else {"node": leader.node, "term": leader.term, "since": leader.time, "entry": leader.seq},
        "nodes": [
            {
                "name": each.node.name,
                "state": each.doing,
                "runs": len(each.runs),
                "max_parallel": each.node.max_parallel,
                "unfit": len(each.unfit),
            }
            for each in node_facts(view.state)
        ],
        "database": {"address": _address(view), "problem": told},
        "applied": {"digest": view.state.config, "file": own_standing(view.home, view.state)},
    }


def database_away(view: View) -> Away | None:
    """Since when the scheduler that serves here cannot reach the database; None if it can, or none serves."""
    return None if view.holder is None else read_away(view.home)


def _leader(view: View, zone: str) -> Cell:
    leader, watch = view.state.leader, view.state.scheduler
    if leader is not None:
        since = show_moment(leader.time, zone, view.now)
        return Cell(f"{printable(leader.node)}, since {since}, term {leader.term}", "good")
    if watch is not None and watch.stopped is not None:
        when = show_moment(watch.stopped, zone, view.now)
        return Cell(f"nobody leads: the last one stopped {when} ({watch.stop_reason})", "bad")
    return Cell("nobody leads: nothing is assigned until a node does", "bad")


def _nodes(facts: list[NodeFacts]) -> list[Cell | str]:
    if not facts:
        return [Cell("none has served yet: `cronledger serve` makes this machine one", "warn")]
    lines: list[Cell | str] = []
    for doing in _ORDER:
        named = [printable(each.node.name) for each in facts if each.doing == doing]
        if named:
            more = f" and {len(named) - _NAMED_MAX} more" if len(named) > _NAMED_MAX else ""
            told = f"{doing}: {', '.join(named[:_NAMED_MAX])}{more}"
            lines.append(Cell(told, "plain" if doing in ("leads", "ready") else "warn"))
    unfit = [printable(each.node.name) for each in facts if each.unfit and each.node.serves]
    if unfit:
        lines.append(Cell(f"cannot run all jobs: {', '.join(unfit)}; `nodes why NAME` tells why", "warn"))
    lines.append(Cell("by what is on record; `nodes list` looks which are silent", "dim"))
    return lines


def _here(view: View, zone: str) -> Cell | str:
    holder = view.holder
    if holder is None:
        return "no scheduler serves here"
    return f"serves: pid {holder.pid}, since {show_moment(holder.since, zone, view.now)}"


def _mirror(view: View, zone: str) -> list[Cell | str]:
    last, problem = view.last_entry, _problem(view)
    lines: list[Cell | str] = [f"of {printable(_address(view))}"]
    if last is None:
        lines.append("nothing of it is here yet")
    else:
        lines.append(f"up to entry {last.seq:,}, of {show_moment(last.time, zone, view.now)}")
    if problem is not None:
        lines.append(Cell(printable(str(problem)), "bad"))
    if (away := database_away(view)) is not None:
        lines.append(
            Cell(
                f"the scheduler here has not reached it since {show_moment(away.since, zone, view.now)}, nothing new"
                f" is started: {printable(away.problem)}",
                "bad",
            )
        )
    if isinstance(problem, Halted) and not says_moved(str(problem)):
        lines.append("nobody appends until `cronledger database refill` has put back what is missing")
    return lines


def _problem(view: View) -> LedgerError | None:
    """Why the database could not be asked; a database that nobody may append to any more says so here."""
    from scheduler.database.connection import look_problem, untold_looks

    untold_looks()  # it stands in the page
    return look_problem(view.home)


def _address(view: View) -> str:
    from scheduler.store import database_address

    return database_address(view.home) or ""
