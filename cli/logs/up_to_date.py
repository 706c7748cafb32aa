"""Bringing log entries up to date before they are read.

Beside a scheduler, a collector works all the time; the command waits only until that collector has seen what was
recorded before the command began. If no collector is at work, the command collects itself, for a bounded time.
"""

from __future__ import annotations

import time
from contextlib import closing

from cli.app.error_boundary import system_words
from cli.app.failures import Failure
from cli.terminal.console import note
from cli.terminal.printable import printable
from cli.terminal.progress import progress
from eventstore.errors import Corrupt, NoLedger, Unavailable
from scheduler.home import Home
from scheduler.logs.collection.collector import Collector, CollectorRunning
from scheduler.logs.storage.checkpoint import read_position
from scheduler.logs.storage.day_files import entries_folder
from scheduler.ownership.home_owner import is_foreign
from scheduler.store import open_store

COLLECT_S = 5.0
WAIT_S = 2.0
_LOOK_S = 0.01


def bring_up_to_date(home: Home, *, shown: bool = True) -> None:
    """Collect what is not collected yet, or wait for the process that does; a note says if entries may be missing.

    Args:
        home: the home.
        shown: whether progress is shown at a terminal.

    Raises:
        Failure: there is no ledger here.
        Corrupt, NewerFormat: the ledger cannot be trusted, so that entries could be missing.
    """
    try:
        with closing(open_store(home)) as store:
            head, ledger_id = store.head().seq, store.ledger_id
    except (NoLedger, FileNotFoundError):
        raise _nothing_yet(home) from None
    with progress("collecting log entries", shown=shown):
        remark = collected_to(home, head, ledger_id)
    if remark:
        note(remark)


def collected_to(
    home: Home, head: int, ledger_id: str, *, wait_s: float = WAIT_S, collect_s: float = COLLECT_S
) -> str:
    """Collect what is not collected yet, or wait for the process that does.

    Args:
        home: the home.
        head: the last entry of its ledger.
        ledger_id: of the ledger.
        wait_s: so long the process that collects is waited for.
        collect_s: so long is collected, where none does.

    Returns:
        What may be missing, in a sentence; empty if nothing.

    Raises:
        Corrupt, NewerFormat: the ledger cannot be trusted, so that entries could be missing.
    """
    if is_foreign(home):
        return "This home belongs to another user: log entries are shown as far as they are collected."
    give_up_s = time.monotonic() + wait_s
    while True:
        try:
            collector = Collector(home)
        except CollectorRunning:
            position = read_position(entries_folder(home))
            if position is not None and position.ledger == ledger_id and position.next_seq > head:
                return ""
            if time.monotonic() > give_up_s:
                so_far = _so_far(position.next_seq if position else 0, head)
                return f"log entries are being collected; {so_far}"
            time.sleep(_LOOK_S)
        except Corrupt:
            raise
        except (OSError, Unavailable) as problem:
            said = system_words(problem) if isinstance(problem, OSError) else problem
            return f"nothing new could be collected: {said}"
        else:
            return _collect(collector, collect_s)


def _collect(collector: Collector, collect_s: float) -> str:
    give_up_s = time.monotonic() + collect_s
    try:
        while collector.turn() or collector.pending:
            if collector.pending:
                time.sleep(_LOOK_S)
            if time.monotonic() > give_up_s:
                return f"there was more to collect than {collect_s:g} s allow; ask again for the newest"
    except OSError as problem:
        return f"not everything could be collected: {system_words(problem)}"
    finally:
        collector.close()
    return ""


def _so_far(next_seq: int, head: int) -> str:
    return f"{next_seq:,} of {head + 1:,} entries of the ledger are"


def _nothing_yet(home: Home) -> Failure:
    where = printable(str(home.root))
    if home.config.exists():
        return Failure("nothing was logged yet", "`cronledger serve` runs the jobs.")
    return Failure(
        f"there is no cronledger home in {where}",
        "`cronledger init` makes one; `--home DIR` or CRONLEDGER_HOME names another folder.",
    )
