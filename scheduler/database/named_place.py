"""Whether the config of a home still names the database that its ledger is in; asked before something is recorded."""

from __future__ import annotations

import re
from contextlib import suppress

from eventstore.regular_file import read_regular
from scheduler.configuration.errors import ConfigInvalid, ConfigMissing, ConfigUnreadable
from scheduler.configuration.home_config import load_config
from scheduler.configuration.model import WHATEVER_DAYS, Config
from scheduler.database.agreement import settle_place
from scheduler.database.origin import read_origin
from scheduler.home import Home

_BYTES_MAX = 16 * 1024 * 1024


def settle_home(home: Home, config: Config | None = None) -> None:
    """Check that a home's config names where its ledger is; see `settle_place`.

    A config that names the database's address, as it stands in the home, is not read any further, since reading that
    of many jobs takes longer than to record something. One that cannot be used says nothing.

    Args:
        home: the home.
        config: what its config says, if that was read already.

    Raises:
        PlaceDisagrees: the ledger is elsewhere, and a person has to say which is meant.
        OriginUnusable, DriverMissing, Unavailable, OSError: it cannot be found out, or not now.
    """
    origin = read_origin(home)
    if config is None and (origin is None or _names(home, origin.address)):
        return
    with suppress(ConfigInvalid, ConfigMissing, ConfigUnreadable):
        settle_place(home, (config or load_config(home, home.config, WHATEVER_DAYS)).ledger.store)


def _names(home: Home, address: str) -> bool:
    """Whether a line of the config, which is no comment, says that the ledger is there."""
    said = rb"^[^#\n]*\bstore:[ \t]*([\"']?)" + re.escape(address.encode()) + rb"\1[ \t]*(?:[},#].*)?\r?$"
    try:
        return re.search(said, read_regular(home.config, _BYTES_MAX), re.MULTILINE) is not None
    except OSError:
        return False
