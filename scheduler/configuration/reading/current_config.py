"""The config of a home as it is now, or why there is none; and how it stands to what the ledger has of it."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from scheduler.configuration.errors import ConfigInvalid, ConfigMissing, ConfigProblem, ConfigUnreadable
from scheduler.database.origin import is_on_database
from scheduler.home import Home, NoHome
from scheduler.store import has_ledger

if TYPE_CHECKING:
    from scheduler.configuration.model import Config
    from scheduler.rules.state import State


def read_config(
    home: Home, path: Path | None = None, *, to_record: bool = False
) -> tuple[Config | None, ConfigProblem | None]:
    """The home's config, or the copy of it at `path`, or why there is none.

    Args:
        home: the home.
        path: of the copy.
        to_record: it will be recorded. Otherwise nothing is made that is not there yet, such as the salt of the
            digests of environment values: until there is one (`has_salt`), those digests mean nothing.
    """
    from scheduler.configuration.home_config import load_config
    from scheduler.configuration.load import load
    from scheduler.configuration.variables.salt import has_salt
    from scheduler.database.config_place import check_place

    path = path or home.config
    if not path.exists():
        return None, ConfigMissing(path)
    try:
        config = load_config(home, path) if to_record or has_salt(home) else load(path, home.root)
        if path == home.config:
            check_place(home, config)
    except (ConfigInvalid, ConfigMissing, ConfigUnreadable) as problem:
        return None, problem
    return config, None


def applied_config(home: Home) -> Config | None:
    """What was applied last, beside the jobs; None if the home does not have it."""
    from scheduler.configuration.home_config import load_config_in_force

    with suppress(ConfigInvalid, ConfigMissing, ConfigUnreadable):
        return load_config_in_force(home)
    return None


def config_to_record(home: Home) -> tuple[Config | None, ConfigProblem | None]:
    """The config that is to be recorded; or why it cannot be, where the ledger knows the jobs all the same.

    On a database there is none: only `config apply` records one.
    One that may be half written is left to whoever reads it later: what it lacks would be recorded as removed.

    Raises:
        NoHome: there is neither a ledger nor a config here.
        ConfigInvalid, ConfigUnreadable: there is no ledger, and the config cannot be used.
    """
    from scheduler.configuration.files.half_written import may_be_half_written

    if is_on_database(home):
        return None, None
    if has_ledger(home) and may_be_half_written(home):
        return None, ConfigUnreadable(home.config, "it was written just now, and its last line has no end")
    config, problem = read_config(home, to_record=True)
    if problem is not None and not has_ledger(home):
        raise nothing_here(home, problem)
    return config, problem


def config_is_in_force(home: Home, state: State) -> bool:
    """Whether the config file is the very one that the ledger has accepted, so that it need not be read.

    On a database nothing of it would be: what is in force is in the ledger.
    """
    if is_on_database(home):
        return True
    return state.config is not None and state.rejection is None and _config_digest(home) == state.config


def config_is_judged(home: Home, state: State) -> bool:
    """Whether it is on record that the config file, as it is now, was accepted or rejected; true if it is gone.

    On a database no scheduler would take it up.
    """
    if is_on_database(home):
        return True
    digest = _config_digest(home)
    rejected = state.rejection.config if state.rejection is not None else None
    return digest is None or digest in (state.config, rejected)


def nothing_here(home: Home, problem: ConfigProblem) -> Exception:
    """What to raise where there is neither a ledger nor a config that could be used."""
    return NoHome(home.root) if isinstance(problem, ConfigMissing) else problem


def _config_digest(home: Home) -> str | None:
    from scheduler.configuration.files.part_names import PartsRefused
    from scheduler.configuration.files.read_files import config_digest

    try:
        return config_digest(home.config)
    except (PartsRefused, OSError):
        return None
