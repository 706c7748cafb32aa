"""Whether there is anything to ask: a mistyped `--home` is an error, and no ledger in which nothing happened."""

from __future__ import annotations

from scheduler.home import Home


def check_home(home: Home) -> None:
    """Refuse a folder that is no home, as `jobs list` does. One that was just begun, with a config alone, is one.

    Raises:
        Failure: there is neither a ledger nor a config here.
        ConfigInvalid, ConfigUnreadable: there is no ledger, and the config cannot be used.
    """
    from cli.home.open import has_ledger, to_read

    if not has_ledger(home):
        with to_read(home, quiet=True):
            pass
