"""The `ledger:` block of a home's config, for commands that sign."""

from __future__ import annotations

from scheduler.evidence.settings import LedgerSettings
from scheduler.home import Home


def ledger_settings(home: Home) -> LedgerSettings:
    """What the config says of the ledger; without a config, what applies then.

    Raises:
        ConfigInvalid, ConfigUnreadable: the config cannot be used.
    """
    from scheduler.configuration.errors import ConfigMissing
    from scheduler.configuration.home_config import load_config_in_force

    try:
        return load_config_in_force(home).ledger
    except ConfigMissing:
        return LedgerSettings()
