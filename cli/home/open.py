"""How commands open a home: to read, without leaving a trace, or to record something.

What a command that reads sees is said in `scheduler.ledger.view`. A command that records first brings the ledger in
line with the config, so that the first `jobs disable` works before any scheduler has run.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

from cli.app.failures import complain
from cli.app.ledger_wait import patience_explained
from cli.terminal.console import note
from cli.terminal.printable import show_count
from cli.terminal.progress import progress
from cli.times.show import show_time
from cli.times.zones import local_zone
from scheduler.home import Home

if TYPE_CHECKING:
    from scheduler.configuration.errors import ConfigProblem
    from scheduler.ledger.ledger import Ledger
    from scheduler.ledger.view import Hindrance, View

FOLDED_LONG_ENTRIES = 50_000
"""Folding so many takes most of a second; a scheduler keeps a snapshot far more often."""


@contextmanager
def to_read(
    home: Home,
    *,
    with_config: bool = False,
    with_outline: bool = False,
    quiet: bool = False,
    as_of: str | None = None,
) -> Iterator[View]:
    """Open a home to read; nothing is created or written.

    Args:
        home: the home.
        with_config: read the config even if the ledger knows all that it says.
        with_outline: the same, unless the outline of the config is kept.
        quiet: say nothing on standard error about the config.
        as_of: a time or an entry, as typed: look at the home as it was then.

    Raises:
        NoHome: there is neither a ledger nor a config here.
        ConfigInvalid, ConfigUnreadable: there is no ledger, and the config cannot be used.
        Corrupt, NewerFormat, Unavailable: the ledger cannot be trusted or read.
        click.BadParameter: `as_of` is neither a time of the past nor an entry.
    """
    from scheduler.ledger.view import view_of

    with patience_explained(home.ledger):
        if as_of is None:
            with progress("folding the ledger, entries") as seen:
                view = view_of(
                    home,
                    with_config=with_config,
                    with_outline=with_outline,
                    on_progress=lambda done, total: seen.update(done, total=total),
                )
        else:
            from cli.home.as_of import view_as_of

            view = view_as_of(home, as_of)
    try:
        if not quiet:
            _remark(view)
        yield view
    finally:
        if view.ledger is not None:
            view.ledger.store.close()


@contextmanager
def to_write(home: Home) -> Iterator[Ledger]:
    """Open a home to record something, after bringing the ledger in line with the config, unless on a database.

    With an invalid config there is a warning, and the ledger is taken as it is. On a database the config that was
    applied is in force, and what the scheduler decides is the leader's: nothing of that is recorded here.

    Raises:
        NoHome: there is neither a ledger nor a config here.
        ConfigInvalid, ConfigUnreadable: there is no ledger, and the config cannot be used.
        PlaceDisagrees: the config names another place for the ledger than the home has.
        Unavailable, Corrupt, NewerFormat, Poisoned: the ledger cannot be written or trusted.
    """
    from scheduler.configuration.outline.kept_outline import keep_outline
    from scheduler.configuration.reading.current_config import config_to_record
    from scheduler.ledger.open import bring_in_line, open_ledger
    from scheduler.ownership.actor import person
    from scheduler.ownership.home_identity import remember_first
    from scheduler.service.environments_in_force import keep_environments_in_force
    from scheduler.store import is_on_database

    config, problem = config_to_record(home)
    if problem is not None:
        _refuse_elsewhere(home, problem)
        complain(f"{problem}\nthe config is not used; the ledger's own knowledge of the jobs is")
    if is_on_database(home) or (config is not None and config.ledger.store is not None):
        from scheduler.database.named_place import settle_home

        settle_home(home, config)
        # On a database, which the home may have joined just now, no file comes into force by itself.
        config = None
    with patience_explained(home.ledger):
        ledger = open_ledger(home, person())
        try:
            remember_first(home)
            if not is_on_database(home):
                if config is not None:
                    keep_outline(home, config, ledger.store.ledger_id)
                bring_in_line(ledger, config)
            yield ledger
            with suppress(OSError):  # a run that needs them says so
                keep_environments_in_force(home, ledger.state, {} if config is None else config.jobs)
        finally:
            ledger.store.close()


def _refuse_elsewhere(home: Home, problem: ConfigProblem) -> None:
    """A config that names another place for the ledger is refused, unless a scheduler goes on with the last good one.

    Raises:
        PlaceDisagrees: it names another place, and no scheduler serves the home.
    """
    from scheduler.database.config_place import LedgerElsewhere
    from scheduler.scheduler_lock import holder_of

    if isinstance(problem, LedgerElsewhere) and holder_of(home.scheduler_lock) is None:
        raise problem.disagreement


def _say_hindrance(view: View, hindrance: Hindrance) -> None:
    """That what is shown may be older than it seems."""
    if hindrance.kind == "suspended":
        note(
            "A signal has stopped the scheduler that serves here: what is shown may be old. `status` tells more."
        )
        return
    known = "nothing" if (last := view.last_entry) is None else f"what entry {last.seq:,} says, and before"
    since = "" if hindrance.since is None else f" since {show_time(hindrance.since, local_zone())}"
    note(f"The scheduler here has not reached the database{since}: shown is {known}.")


def _remark(view: View) -> None:
    if (hindrance := view.hindrance) is not None and hindrance.kind != "paused":
        _say_hindrance(view, hindrance)
    if view.as_of is not None:
        note(f"As of {show_time(view.now, local_zone())}, after entry {view.as_of}.")
    elif view.folded_entries >= FOLDED_LONG_ENTRIES:
        folded = show_count(view.folded_entries, "entry", "entries")
        note(
            f"{folded} had to be folded: no snapshot of this version is there. "
            "`cronledger serve`, or any command that records something, keeps one."
        )
    if view.pending:
        note(
            "The config has edits that are not in the ledger yet; they are shown. No scheduler is running."
            " `cronledger plan` tells them apart."
        )
    elif view.problem is not None and view.holder is None:
        complain(f"{view.problem}\nwhat the ledger knows is shown")
