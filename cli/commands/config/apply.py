"""`cronledger config apply`: on a database, bring the home's config into force, on all nodes."""

from __future__ import annotations

from contextlib import closing, suppress
from typing import TYPE_CHECKING

import click

from cli.app.failures import ExitCode, Failure
from cli.app.ledger_wait import patience_explained
from cli.planning.progress import planned
from cli.terminal.console import note, tell
from cli.terminal.printable import show_count
from cli.times.show import JOBS_ZONE, utc_option
from scheduler.home import Home

if TYPE_CHECKING:
    from eventstore.replicated.database import Database
    from eventstore.store import Entry
    from scheduler.configuration.applied.applied_text import AppliedText
    from scheduler.nodes.applying import ConfigToApply
    from scheduler.planning.home_plan import HomePlan
    from scheduler.rules.state import State

_DAYS = 30


@click.command(epilog="Example: cronledger config apply --dry-run")
@click.option("--dry-run", is_flag=True, help="Show what would change, and record nothing.")
@utc_option(JOBS_ZONE)
@click.pass_obj
def apply(home: Home, dry_run: bool, utc: bool) -> None:
    """Bring the config of this home into force on all nodes of a ledger that is in a database.

    There no file comes into force by itself: what was applied last is, until this is done again. What changes is
    shown first, as `plan` shows it; nothing is asked. Values that may be secret do not go to the database, only their
    digests: each node takes them from the config of its own home. Changes that a second person has to approve wait
    for that, as on one machine. On one machine the config is in force by itself, and there is nothing to apply.
    """
    from scheduler.database.agreement import settle_place
    from scheduler.nodes.applying import config_to_apply
    from scheduler.store import is_on_database

    wanted = config_to_apply(home, to_record=not dry_run)
    settle_place(home, wanted.config.ledger.store)
    if not is_on_database(home):
        tell("This home is on one machine: its config is in force by itself, and there is nothing to apply.")
        return
    found = planned(home, _DAYS, config=wanted.config)
    if found.half_written:
        raise Failure(
            f"{home.config} was written just now, and its last line has no end: it may be half written",
            "Nothing was applied. Try again in ten seconds, or end the line.",
        )
    from cli.planning.report import tell_plan

    tell_plan(home, found, utc=utc, days=_DAYS, alone=False, source="", applies=not dry_run)
    if dry_run:
        return
    if not found.is_new:
        _keep(home, wanted)
        return
    entries = _apply(home, wanted)
    _tell_recorded(entries, found)


def _apply(home: Home, wanted: ConfigToApply) -> list[Entry]:
    """Record it, and keep in this home what a node would keep.

    Raises:
        Failure: it was made with another salt than what is in force.
    """
    from scheduler.database.connection import open_database
    from scheduler.ledger.open import open_ledger
    from scheduler.nodes.applying import Applying, OtherSalt, apply_config, check_salt
    from scheduler.ownership.actor import acting_party, claims, person

    with patience_explained(home.ledger):
        ledger = open_ledger(home, person())
        with closing(ledger.store), closing(open_database(home)) as database:
            state = ledger.state
            try:
                check_salt(_in_force(home, state, database), wanted.text)
            except OtherSalt:
                raise _other_salt(home) from None
            by = Applying(person(), claims(state.mark), acting_party(home, state.mark))
            entries = apply_config(ledger, database, wanted, by)
            _keep(home, wanted)
            return entries


def _in_force(home: Home, state: State, database: Database) -> AppliedText | None:
    from scheduler.configuration.applied.applied_text import NotApplied
    from scheduler.nodes.text_in_force import text_in_force

    with suppress(NotApplied):  # it is replaced now
        return None if state.config is None else text_in_force(home, state.config, database)
    return None


def _keep(home: Home, wanted: ConfigToApply) -> None:
    """Keep what was applied, so that commands here read it without the database."""
    from scheduler.configuration.applied.effective import keep_applied, keep_effective
    from scheduler.configuration.applied.own_values import own_values
    from scheduler.configuration.variables.salt import salt_of

    with suppress(OSError):  # whoever needs it fetches it
        keep_applied(home, wanted.text)
        keep_effective(home, wanted.text, own_values(home, salt_of(home)))


def _other_salt(home: Home) -> Failure:
    return Failure(
        f"{home.var / 'salt'} is another one than where the config in force was applied",
        "The digests of its values could not be compared. Copy that file from there, and apply again; nothing was "
        "recorded.",
        ExitCode.USAGE,
    )


def _tell_recorded(entries: list[Entry], found: HomePlan) -> None:
    if not entries:
        tell("Another process has applied it meanwhile: nothing was left to record.")
        return
    first, last = entries[0].seq, entries[-1].seq
    where = f"entry {first:,}" if first == last else f"entries {first:,} to {last:,}"
    tell(
        f"\nApplied: in force on all nodes from now on ({where}, {show_count(len(found.config.jobs), 'job')})."
    )
    note("`cronledger nodes list` shows which nodes lack something that it needs.")
