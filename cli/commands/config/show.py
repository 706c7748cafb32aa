"""`cronledger config show`: what is in force, from where, since when and by whom."""

from __future__ import annotations

from contextlib import closing, suppress
from typing import TYPE_CHECKING, Any

import click

from cli.app.failures import Failure
from cli.app.json_output import json_option, show_json
from cli.home.open import to_read
from cli.home.views import open_views
from cli.terminal.console import out
from cli.terminal.printable import printable
from cli.terminal.tables import Cell, Value, details
from cli.times.show import MACHINES_ZONE, local_zone, show_moment, utc_option
from cli.words.applied_words import file_standing_words
from cli.words.words import actor_words
from scheduler.configuration.applied.own_file import own_standing
from scheduler.home import Home

if TYPE_CHECKING:
    from projections.reports.newest_entry import EntryFacts
    from scheduler.configuration.applied.own_file import FileStanding
    from scheduler.configuration.model import Config
    from scheduler.ledger.view import View

_DIGEST_SHOWN = 12


@click.command(epilog="Example: cronledger config show")
@click.option(
    "--text", "as_text", is_flag=True, help="The config itself, with digests in place of what may be secret."
)
@utc_option(MACHINES_ZONE)
@json_option
@click.pass_obj
def show(home: Home, as_text: bool, utc: bool, as_json: bool) -> None:
    """Show which config is in force, from where it is, since when, and who brought it into force.

    On one machine that is the home's own, or the last good one while an edit cannot be used. On a database it is what
    was applied last, on every node; whether this home's file says the same is told too. With --text it is printed as
    YAML, without comments, and without values that may be secret.
    """
    if as_text:
        if as_json:
            raise click.UsageError("--text and --json exclude each other")
        out(_text(home).rstrip("\n"))
        return
    with to_read(home, with_config=True, quiet=True) as view:
        accepted = _accepted(home, view)
        standing = own_standing(home, view.state) if view.on_database else None
        if as_json:
            show_json(_document(view, accepted, standing))
            return
        details(_facts(view, accepted, standing, "UTC" if utc else local_zone()))


def _accepted(home: Home, view: View) -> EntryFacts | None:
    """The entry by which what is in force came into force."""
    if view.ledger is None:
        return None
    from projections.reports.newest_entry import newest_entry
    from scheduler.vocabulary import ConfigAccepted

    with open_views(home) as sql:
        return newest_entry(sql, ConfigAccepted.TYPE)


def _facts(
    view: View, accepted: EntryFacts | None, standing: FileStanding | None, zone: str
) -> list[tuple[str, Value]]:
    digest = view.state.config
    if digest is None or accepted is None:
        facts: list[tuple[str, Value]] = [("in force", Cell("nothing yet", "warn"))]
    else:
        since = show_moment(accepted.time, zone, view.now)
        facts = [
            ("in force", digest[:_DIGEST_SHOWN]),
            ("since", f"{since}, by {actor_words(accepted.actor)}, entry {accepted.seq}"),
        ]
    facts.append(("from", _source(view)))
    if standing is not None:
        told = file_standing_words(standing, view.home)
        facts.append(("this home", Cell(told, "good" if standing == "in force" else "warn")))
    facts.append(("jobs", f"{len(view.state.present_jobs()):,}"))
    if view.config is not None:
        facts += _settings(view.config)
        facts += [(f"channels.{printable(name)}", each.kind) for name, each in view.config.channels.items()]
    return facts


def _source(view: View) -> Value:
    if view.on_database:
        return printable(_address(view.home))
    state = view.config_state
    path = printable(str(view.home.config))
    return path if state == "in force" else Cell(f"{path}, {state}: `status` tells more", "warn")


def _address(home: Home) -> str:
    from scheduler.store import database_address

    return database_address(home) or ""


def _settings(config: Config) -> list[tuple[str, Value]]:
    """Those that somebody wrote: of the others `docs/config.md` tells."""
    from scheduler.configuration.keys.scheduler_keys import SCHEDULER_KEYS
    from scheduler.definition import SchedulerSettings

    plain = SchedulerSettings(max_parallel=0)
    return [
        (f"scheduler.{word}", key.setting.shown(config.settings))
        for word, key in SCHEDULER_KEYS.items()
        if key.setting.value(config.settings) != key.setting.value(plain)
    ]


def _document(view: View, accepted: EntryFacts | None, standing: FileStanding | None) -> dict[str, Any]:
    return {
        "digest": view.state.config,
        "since": None if accepted is None else accepted.time,
        "by": None if accepted is None else accepted.actor,
        "entry": None if accepted is None else accepted.seq,
        "on_database": view.on_database,
        "from": _address(view.home) if view.on_database else str(view.home.config),
        "file": {"path": str(view.home.config), "state": standing or view.config_state},
        "jobs": len(view.state.present_jobs()),
        "settings": {} if view.config is None else dict(_settings(view.config)),
        "channels": [] if view.config is None else list(view.config.channels),
    }


def _text(home: Home) -> str:
    """What is in force as text without secrets.

    Raises:
        Failure: this home does not have it.
    """
    from scheduler.configuration.applied.effective import kept_applied
    from scheduler.store import is_on_database

    if not is_on_database(home):
        from scheduler.nodes.applying import config_to_apply

        return config_to_apply(home, to_record=False).text.raw.decode()
    from scheduler.configuration.applied.applied_text import NotApplied
    from scheduler.database.connection import open_database
    from scheduler.nodes.text_in_force import text_in_force

    with to_read(home, quiet=True) as view:
        digest = view.state.config
    if digest is None:
        raise Failure("nothing is in force yet", "`cronledger config apply` brings a config into force.")
    applied = kept_applied(home, digest)
    if applied is None:
        with closing(open_database(home)) as database, suppress(NotApplied):
            applied = text_in_force(home, digest, database)
    if applied is None:
        raise Failure(
            f"the text of the config in force, {digest[:_DIGEST_SHOWN]}, is not in the database",
            "`cronledger config apply` brings one there.",
        )
    return applied.raw.decode()
