"""`home adopt`: a home that is a copy goes on by itself."""

from __future__ import annotations

import click

from cli.app.failures import Failure
from cli.terminal.console import note, tell
from cli.terminal.printable import printable, show_count
from scheduler.home import Home


@click.command(epilog="Example: cronledger --home /srv/jobs home adopt")
@click.pass_obj
def adopt(home: Home) -> None:
    """Say that a home that is a copy, or was restored, runs its jobs by itself from now on.

    That is recorded. Processes that the other home started are neither awaited nor stopped: runs that were going when
    the copy was made are recorded as lost here. Nothing is done in a home that is no copy.
    """
    from scheduler.ledger.open import open_ledger
    from scheduler.ownership.actor import claims, person
    from scheduler.ownership.home_identity import is_copy
    from scheduler.scheduler_lock import AlreadyRunning, Holder, SchedulerLock
    from scheduler.service.executor import this_process
    from scheduler.service.home_adoption import adopt_home
    from scheduler.store import has_ledger, is_on_database
    from scheduler.system_clock import SystemClock

    if not is_copy(home) or not has_ledger(home):
        tell(f"{printable(str(home.root))} is no copy of another home: there is nothing to adopt")
        return
    if is_on_database(home):
        # What goes on other machines is not this home's to record as lost.
        raise Failure(
            f"the ledger of {printable(str(home.root))} is in a database, and other nodes go on with it",
            "`cronledger serve --adopt-home` makes this copy a node of its own, with another identity.",
        )
    executor = this_process()
    try:
        lock = SchedulerLock.take(home.scheduler_lock, Holder.of(executor, SystemClock().read().wall))
    except AlreadyRunning:
        raise Failure("a scheduler serves this home: it has been adopted") from None
    try:
        ledger = open_ledger(home, person())
        try:
            has_key = ledger.state.evidence is not None
            entries = adopt_home(home, ledger, person(), claims(ledger.state.mark))
        finally:
            ledger.store.close()
    finally:
        lock.release()
    tell(f"{printable(str(home.root))} goes on by itself, entry {entries[0].seq}")
    if has_key:
        note(
            "Its ledger has a key, which the other home may have too: two ledgers that go different ways must not be "
            "signed under one name. If the other goes on, `cronledger ledger continue` gives this one another name."
        )
    if len(entries) > 1:
        tell(f"{show_count(len(entries) - 1, 'run')} of the other home recorded as lost here")
