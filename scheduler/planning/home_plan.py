"""The plan of an edit in a home. Nothing is created, repaired or recorded; no scheduler takes notice."""

from __future__ import annotations

import os
from collections.abc import Collection
from contextlib import closing
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from eventstore.errors import NoLedger
from scheduler import vocabulary as v
from scheduler.configuration.errors import ConfigMissing
from scheduler.configuration.files.half_written import may_be_half_written
from scheduler.configuration.model import Config
from scheduler.configuration.reading.current_config import read_config
from scheduler.configuration.variables.salt import has_salt
from scheduler.database.origin import is_on_database
from scheduler.home import Home, NoHome
from scheduler.ledger.open import open_ledger_to_read
from scheduler.ledger.past import OnProgress
from scheduler.nodes.applying import config_to_apply
from scheduler.planning.candidate import Candidate, read_candidate
from scheduler.planning.settings_edits import SettingsEdits, settings_edits
from scheduler.rules.planning.plan import EditConfig, Plan, plan
from scheduler.rules.state import State
from scheduler.scheduler_lock import Holder, holder_of
from scheduler.store import has_ledger
from scheduler.system_clock import SystemClock


class HomePlan(NamedTuple):
    """What taking a config up would bring about in a home.

    Attributes:
        plan: what becomes of jobs, calendars and runs; see `scheduler.rules.planning.plan`.
        config: the config.
        settings: what of the other settings changes.
        holder: the scheduler that serves the home; None if none does.
        has_ledger: whether anything is on record.
        has_digests: whether digests of environment values mean anything yet.
        going: how many runs are going; lock_holders: numbers of those that hold a lock, by its name.
        half_written: whether the file was written just now and its last line has no end: a scheduler waits then.
        on_database: whether only `config apply` would bring it into force.
        in_force: digest of the config that is; None if none is.
    """

    plan: Plan
    config: Config
    settings: SettingsEdits
    holder: Holder | None
    has_ledger: bool
    has_digests: bool
    going: int
    lock_holders: dict[str, list[int]]
    half_written: bool
    on_database: bool = False
    in_force: str | None = None

    @property
    def changes(self) -> bool:
        """Whether taking the config up would change anything but the name of the config that was accepted."""
        return self.plan.changes_jobs or self.settings.any

    @property
    def is_new(self) -> bool:
        """Whether it is not the very config that is in force, with all that it says."""
        return bool(self.plan.recorded)


def plan_of(
    home: Home,
    span: timedelta,
    candidate: Candidate | None = None,
    on_progress: OnProgress | None = None,
    config: Config | None = None,
) -> HomePlan:
    """Foresee what taking the home's config up would bring about.

    Args:
        home: the home.
        span: how far from now instants are looked at.
        candidate: a config to take instead of the home's, as if it stood there.
        on_progress: see `open_ledger_to_read`.
        config: the home's, as it would come into force, if it was read already.

    Raises:
        NoHome: there is neither a ledger nor a config here.
        ConfigInvalid, ConfigMissing, ConfigUnreadable: the config cannot be used.
        Corrupt, NewerFormat, Unavailable: the ledger cannot be trusted or read.
    """
    known = has_ledger(home)
    if config is None:
        config = _config(home, candidate, known)
    kept, _ = read_config(home, home.config_in_force)
    holder = holder_of(home.scheduler_lock)
    state, on_database = _state(home, on_progress), is_on_database(home)
    in_force = state.config
    going = [run for run in state.runs.values() if run.started is not None]
    lock_holders: dict[str, list[int]] = {}
    for run in going:
        for name in run.locks:
            lock_holders.setdefault(name, []).append(run.number)
    now = datetime.now(UTC)
    edit = EditConfig(config.definitions, config.digest, config.calendars, config.owner)
    return HomePlan(
        plan(state, edit, now, now + span, None if holder or on_database else _started(config, state)),
        config,
        _without_place(settings_edits(kept, config)) if on_database else settings_edits(kept, config),
        holder,
        known,
        has_salt(home),
        len(going),
        lock_holders,
        candidate is None and may_be_half_written(home),
        on_database,
        in_force,
    )


def _config(home: Home, candidate: Candidate | None, known: bool) -> Config:
    if candidate is None and is_on_database(home):
        return config_to_apply(home, to_record=False).config
    if candidate is None:
        config, problem = read_config(home)
        if config is not None:
            return config
        assert problem is not None, "there is a config, or a reason why there is none"
        raise NoHome(home.root) if isinstance(problem, ConfigMissing) and not known else problem
    if not known and not home.config.exists():
        raise NoHome(home.root)
    return read_candidate(home, candidate)


def _without_place(edits: SettingsEdits) -> SettingsEdits:
    """The same but for where the database is: each node says that for itself, and it is not what is applied."""
    kept = tuple(each for each in edits.settings if (each.block, each.key) != ("ledger", "store"))
    return edits._replace(settings=kept)


def _state(home: Home, on_progress: OnProgress | None) -> State:
    try:
        ledger = open_ledger_to_read(home, on_progress)
    except (NoLedger, FileNotFoundError):
        return State()
    with closing(ledger.store):
        return ledger.state


def _started(config: Config, state: State) -> v.SchedulerStarted:
    """What a scheduler that starts now would record of itself, as far as anything follows from it."""
    boot_id = ""
    if state.at_reboot:  # to nothing else it matters which boot this is
        from scheduler.processes.recognition import identity

        boot_id = identity.boot_id()
    return v.SchedulerStarted(
        pid=os.getpid(),
        host="",
        boot_id=boot_id,
        versions={},
        config=config.digest,
        boottime_ms=round(SystemClock().read().boottime_s * 1000),
    )


def chosen(found: HomePlan, names: Collection[str]) -> HomePlan:
    """The same of some jobs alone, and nothing of the other settings."""
    jobs = [each for each in found.plan.jobs if each.edit.name in names]
    calendars = [each for each in found.plan.calendars if not set(each.jobs).isdisjoint(names)]
    return found._replace(
        plan=found.plan._replace(
            jobs=jobs,
            calendars=calendars,
            recorded=[event for each in jobs for event in each.recorded],
            follows=[event for each in jobs for event in each.follows],
        ),
        settings=found.settings._replace(settings=(), channels=(), locks=()),
    )
