"""The words in which `ledger move` refuses, and tells what it did."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from cli.app.failures import ExitCode, Failure
from cli.terminal.printable import printable, show_count

if TYPE_CHECKING:
    from scheduler.database.move import MoveRefused
    from scheduler.database.move_back import MoveBackRefused

_NAMED_MAX = 5


def refusal(refused: MoveRefused, address: str) -> Failure:
    """Why a ledger cannot be moved into a database."""
    where = printable(refused.where)
    if refused.problem == "runs":
        return Failure(
            f"runs are in flight: {_named(map(str, refused.runs))}",
            "Nothing was moved. Let them end: `cronledger serve`, then stop it with `shutdown: wait`; or "
            "`cronledger jobs cancel`.",
            ExitCode.FAILED,
        )
    if refused.problem == "done":
        return Failure(f"the ledger of this home is in {where} already", "Nothing is left to be done.")
    if refused.problem == "on_database":
        return Failure(
            f"the ledger of this home is in {where}", f"It is not moved from there to {printable(address)}."
        )
    if refused.problem == "was_there":
        return Failure(
            f"{where} has this ledger as it was when it was moved out of there, and went on since",
            "Nothing was moved. Move it into a new database; or drop the schema `cronledger` there, then move again.",
        )
    if refused.problem == "elsewhere":
        return Failure(
            f"this ledger was moved to {where}, or is about to be",
            "A move that was interrupted is gone on with by moving there again.",
            ExitCode.LEDGER,
        )
    return Failure(
        f"{printable(address)} has another line of entry {where} than the ledger here",
        "Nothing is in force there. Look who writes into that database; its schema `cronledger` can be dropped, then "
        "move again.",
        ExitCode.LEDGER,
    )


def refusal_back(refused: MoveBackRefused) -> Failure:
    """Why a ledger cannot be moved out of its database."""
    what = _named(refused.what)
    if refused.problem == "nodes":
        return Failure(
            f"nodes serve this ledger: {what}",
            "Nothing was moved. Stop `cronledger serve` on each. A node that died without stopping is lost after "
            "`lost_after`, as soon as another one serves meanwhile: serve here, and stop once `nodes list` says so.",
            ExitCode.FAILED,
        )
    if refused.problem == "alive":
        return Failure(
            f"processes of nodes are at work: {what}",
            "Nothing was moved. Stop `cronledger serve` there.",
            ExitCode.FAILED,
        )
    if refused.problem == "runs":
        return Failure(
            f"runs are in flight: {what}",
            "Nothing was moved. Let their node serve until they are over; if it will not come back, "
            "`cronledger nodes forget NODE`.",
            ExitCode.FAILED,
        )
    if refused.problem == "elsewhere":
        return Failure(
            f"this ledger was moved to {what}, or is about to be",
            "A move that was interrupted is gone on with there.",
            ExitCode.LEDGER,
        )
    if refused.problem == "in_the_way":
        return Failure(
            f"{what} is no beginning of this ledger",
            "Nothing was moved. Move that folder away, then move again.",
        )
    return Failure(
        f"mirror and database are not the same: {what}",
        "`cronledger ledger verify --database` compares them; `cronledger database refill` puts back what is lost.",
        ExitCode.LEDGER,
    )


def back_facts(folder: Path, entries: int, kept: list[str]) -> list[tuple[str, str]]:
    """What was moved back, for people."""
    facts = [
        ("ledger", printable(str(folder))),
        ("entries", f"{show_count(entries, 'entry', 'entries')}, each compared byte for byte"),
    ]
    return facts + [("kept", printable(path)) for path in kept]


def _named(names: Iterable[str]) -> str:
    listed = [printable(name) for name in names]
    return ", ".join(listed[:_NAMED_MAX]) + (" …" if len(listed) > _NAMED_MAX else "")
