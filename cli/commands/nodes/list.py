"""`cronledger nodes list`: the machines that share a ledger, at a glance."""

from __future__ import annotations

from datetime import datetime

import click

from cli.app.json_output import json_option, show_json
from cli.home.heard import heard
from cli.home.node_names import nobody_words
from cli.home.open import to_read
from cli.terminal.console import is_terminal, note
from cli.terminal.printable import show_count
from cli.terminal.tables import Cell, Column, table
from cli.times.show import MACHINES_ZONE, local_zone, show_past, show_time, utc_option
from cli.words.node_facts_words import TONES, doing_words, node_document, since_when
from scheduler.home import Home
from scheduler.nodes.node_facts import NodeFacts, node_facts

_COLUMNS = (
    Column("NODE", keep=True),
    Column("HOST", under=True),
    Column("STATE", keep=True),
    Column("SINCE", keep=True),
    Column("RUNS", right=True, keep=True),
    Column("LABELS"),
    Column("CANNOT RUN"),
    Column("VERSION"),
)


@click.command("list", epilog="Example: cronledger nodes list")
@utc_option(MACHINES_ZONE)
@json_option
@click.pass_obj
def list_(home: Home, utc: bool, as_json: bool) -> None:
    """Show the machines that share the ledger: who leads, who takes runs, how many go on where, what each lacks.

    `ready`: it takes what falls due. `silent`: it should, and the database does not hear of it; to know that, this
    looks for one and a half seconds. `drained`: a person keeps it from taking anything new. `left`: it was stopped in
    an orderly way. `lost`: it was silent for too long, and what it ran is recorded as lost.
    """
    with to_read(home, quiet=True) as view:
        found = node_facts(view.state, heard(home, view.state) if view.on_database else None)
        if as_json:
            show_json([node_document(each, view.state) for each in found])
            return
        zone = "UTC" if utc else local_zone()
        rows = [_row(each, zone, view.now) for each in found]
        table(_COLUMNS, rows, empty="" if found else nobody_words(home))
        if found and view.state.leader is None:
            note("Nobody leads: nothing is assigned until a node does.")


def _row(facts: NodeFacts, zone: str, now: datetime) -> list[Cell | str]:
    node = facts.node
    since, _ = since_when(facts)
    unfit = show_count(len(facts.unfit), "job") if facts.unfit else ""
    return [
        node.name,
        node.host if node.host != node.name else "",
        Cell(doing_words(facts), TONES[facts.doing]),
        show_past(since, now) if is_terminal() else show_time(since, zone),
        f"{len(facts.runs) + len(facts.assigned)}/{node.max_parallel}",
        ", ".join(node.labels),
        Cell(unfit, "warn"),
        node.versions.get("cronledger", ""),
    ]
