"""The mistake of a config that names another place for the ledger than the home has: each start would refuse it."""

from __future__ import annotations

import re
from pathlib import Path

from eventstore.errors import LedgerError
from eventstore.regular_file import read_regular
from scheduler.configuration.errors import ConfigInvalid
from scheduler.configuration.model import Config
from scheduler.database.agreement import PlaceDisagrees, has_own_ledger, moved_away
from scheduler.database.origin import OriginUnusable, read_origin
from scheduler.entry_members import ConfigError
from scheduler.home import Home

_BYTES_MAX = 16 * 1024 * 1024
_STORE = re.compile(rb"^[^#\n]*?\b(store)[\"']?[ \t]*:", re.MULTILINE)


class LedgerElsewhere(ConfigInvalid):
    """The config names another place for the ledger than the home has; `disagreement` says which."""

    def __init__(self, config: Config, disagreement: PlaceDisagrees) -> None:
        self.disagreement = disagreement
        line, column = _place_of_store(config.path)
        error = ConfigError(line=line, column=column, message=_words(disagreement), key="ledger.store")
        super().__init__(config.path, [error], config.digest)


def check_place(home: Home, config: Config) -> None:
    """Refuse a config that the next start of a scheduler would refuse for where the ledger is; nothing is connected.

    Raises:
        LedgerElsewhere: the home has a ledger of its own and the config names a database, or the other way round.
    """
    try:
        disagreement = _disagreement(home, config.ledger.store)
    except (LedgerError, OriginUnusable, OSError):
        return  # whoever opens the ledger says so
    if disagreement is not None:
        raise LedgerElsewhere(config, disagreement)


def _disagreement(home: Home, store: str | None) -> PlaceDisagrees | None:
    """What is wrong, as far as that can be seen from here."""
    origin = read_origin(home)
    if store is None:
        return None if origin is None else PlaceDisagrees("names_none", origin.address)
    if origin is not None or not has_own_ledger(home) or moved_away(home.own_ledger):
        return None
    return PlaceDisagrees("own_ledger", store)


def _words(disagreement: PlaceDisagrees) -> str:
    address = disagreement.address
    if disagreement.problem == "names_none":
        told = f"this home's ledger is in {address}, and the config does not say so any more"
        return f"{told}: write `ledger: {{store: {address}}}`"
    told = f"the config says that the ledger is in {address}, and this home has a ledger of its own"
    return f"{told}: `cronledger ledger move --to {address} --as ROLE` takes it there, and comes first"


def _place_of_store(path: Path) -> tuple[int, int]:
    """Line and column of the key, as far as its text is found; the beginning if it is not there."""
    try:
        raw = read_regular(path, _BYTES_MAX)
    except OSError:
        return 1, 1
    found = _STORE.search(raw)
    if found is None:
        return 1, 1
    begin = raw.rfind(b"\n", 0, found.start(1)) + 1
    return raw.count(b"\n", 0, begin) + 1, len(raw[begin : found.start(1)].decode(errors="replace")) + 1
