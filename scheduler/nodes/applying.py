"""Bringing a home's config into force on a database: its text is kept there, and a person records what it says."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import NamedTuple

import msgspec

from eventstore.replicated.database import Database
from eventstore.store import Entry, Event
from scheduler import vocabulary as v
from scheduler.configuration.applied.applied_text import AppliedText, applied_text, tree_of_files
from scheduler.configuration.applied.own_file import codes_of
from scheduler.configuration.errors import ConfigMissing
from scheduler.configuration.files.read_files import read_files
from scheduler.configuration.load import parse
from scheduler.configuration.model import Config
from scheduler.configuration.variables.salt import has_salt, salt_of
from scheduler.entry_members import Claims
from scheduler.home import Home
from scheduler.ledger.ledger import Ledger
from scheduler.rules.approvals.persons import Party
from scheduler.rules.reconcile import reconcile
from scheduler.rules.state import State


class OtherSalt(Exception):
    """The digests of the config in force were made with another salt: with this home's, nothing could be compared."""


class ConfigToApply(NamedTuple):
    """A home's config, read once.

    Attributes:
        config: what it says; its digest is that of `text`.
        text: what goes to the database.
    """

    config: Config
    text: AppliedText


class Applying(NamedTuple):
    """Who applies a config.

    Attributes:
        actor: as entries have it; claims: what is said of that person and cannot be checked.
        party: the same for the rules about approval.
    """

    actor: str
    claims: Claims | None
    party: Party


def config_to_apply(home: Home, *, to_record: bool = True) -> ConfigToApply:
    """The config of a home as it would come into force.

    Args:
        home: the home.
        to_record: it will be recorded. Otherwise the salt of its digests is not made where there is none.

    Raises:
        ConfigInvalid, ConfigMissing, ConfigUnreadable: it cannot be used.
    """
    salt = salt_of(home) if to_record or has_salt(home) else b""
    found = read_files(home.config, home.root)
    files = found.files
    config = parse(
        files[0].content, home.config, home.root, salt=salt, now=datetime.now(UTC), parts=files[1:]
    )
    top = tree_of_files(files)
    if top is None:
        raise ConfigMissing(home.config)
    text = applied_text(top, salt, codes_of(home, config.definitions.values()))
    config.owner, config.digest = found.owner, text.digest
    return ConfigToApply(config, text)


def check_salt(in_force: AppliedText | None, applying: AppliedText) -> None:
    """Refuse a config whose digests cannot be compared with those in force.

    Raises:
        OtherSalt: so it is.
    """
    if in_force is not None and in_force.salt and applying.salt and in_force.salt != applying.salt:
        raise OtherSalt


def apply_config(ledger: Ledger, database: Database, wanted: ConfigToApply, by: Applying) -> list[Entry]:
    """Bring a config into force; what was recorded, nothing if all that it says is in force.

    The text is in the database before any entry names it.

    Raises:
        Unavailable, NoAnswer, InDoubt, Halted, EventTooLarge: see `EventStore.append`.
    """
    database.keep_config(wanted.text.digest, wanted.text.raw)
    return ledger.decide(lambda state: applying_events(state, wanted.config, by, datetime.now(UTC)))


def applying_events(state: State, config: Config, by: Applying, now: datetime) -> list[Event]:
    """What a person records who brings a config into force.

    That a change needs a second person is the config's word, as on one machine. Whoever applies it asks for it, so
    that this person is not the second one.
    """
    events: list[Event] = []
    found = reconcile(state, config.definitions, config.digest, now, config.calendars, config.owner)
    for event in found:
        if event.actor == v.SCHEDULER:
            continue  # the leader records which pauses have ended
        if not event.type.startswith("approval."):
            event = msgspec.structs.replace(event, actor=by.actor)
        events.append(event)
        if isinstance(event.data, v.ApprovalRequested) and not by.party.in_job:
            asked = msgspec.structs.replace(event.data, person=by.party.person, claims=by.claims)
            events.append(v.event(asked, by.actor, job=event.job))
    return events
