"""The outline of the config in force, as a file of the home: whoever brings a config into force keeps it.

It is only a shortcut, which can be removed at any time: whoever finds none, or one that is not believed, reads the
config, and answers the same. It is believed if it is of the very config that is in force, and that has not been
touched since; and if this version of cronledger made it, in this home: it is sealed with the home's salt, and so are
the digests of the environments that the config sets.

What a config says may depend on more than its text: the days of an iCalendar file, the code of an extension. None is
kept of such a config.
"""

from __future__ import annotations

import hmac
from contextlib import suppress
from hashlib import sha256
from typing import TYPE_CHECKING, Final

import msgspec

from eventstore.regular_file import read_regular
from scheduler.configuration.errors import ConfigMissing, ConfigUnreadable
from scheduler.configuration.files.joined import joined
from scheduler.configuration.files.read_files import read_files
from scheduler.configuration.outline.outline import Outline, outline_of
from scheduler.configuration.variables.salt import kept_salt
from scheduler.database.origin import is_on_database
from scheduler.version import VERSION

if TYPE_CHECKING:
    from scheduler.configuration.model import Config
    from scheduler.home import Home
    from scheduler.rules.state import State

_BYTES_MAX: Final = 16 * 1024 * 1024
_SEAL_CHARS: Final = 64


def outline_in_force(home: Home, state: State) -> Outline | None:
    """The outline of the config, if the ledger has all that it says: None if that is not certain without reading it.

    Args:
        home: the home.
        state: of its ledger.
    """
    if state.config is None or state.rejection is not None or is_on_database(home):
        return None
    raw = _kept(home, state.config, state.ledger)
    if raw is None or _trusted_digest(home) != state.config:
        return None
    try:
        return msgspec.json.decode(raw, type=Outline)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return None


def keep_outline(home: Home, config: Config, ledger: str) -> None:
    """Keep the outline of a config that comes into force now, in place of that of another one.

    It is kept before the ledger has it: so what is kept is never older than what stands in the ledger.

    Args:
        home: the home.
        config: its config.
        ledger: the id of its ledger.
    """
    with suppress(OSError):  # only a shortcut: a full disk must not stop an edit
        if config.path != home.config or _kept(home, config.digest, ledger) is not None:
            return
        home.config_outline.unlink(missing_ok=True)
        salt = kept_salt(home)
        if salt and _is_kept(config):
            from eventstore.durable import REAL, write_file

            raw = msgspec.json.encode(outline_of(config))
            if len(raw) <= _BYTES_MAX:
                sealed = _seal(salt, config.digest, ledger, raw).encode() + raw
                write_file(REAL, home.config_outline, sealed, durable=False)


def _is_kept(config: Config) -> bool:
    """Whether nothing but its text decides what a config says, and its outline holds nothing that may be secret."""
    key = config.ledger.key
    return config.is_self_contained and config.ledger.store is None and (key is None or not key.command)


def _kept(home: Home, config: str, ledger: str) -> bytes | None:
    """The outline that is kept, if it is that of a config, by its digest; None if it is not, or altered."""
    salt = kept_salt(home)
    if not salt:
        return None
    try:
        sealed = read_regular(home.config_outline, _SEAL_CHARS + _BYTES_MAX)
    except OSError:
        return None
    seal, raw = sealed[:_SEAL_CHARS], sealed[_SEAL_CHARS:]
    return raw if hmac.compare_digest(seal, _seal(salt, config, ledger, raw).encode()) else None


def _seal(salt: bytes, config: str, ledger: str, raw: bytes) -> str:
    """What only whoever knows the salt can make: of this version, this config and this ledger."""
    return hmac.digest(salt, f"{VERSION}\n{config}\n{ledger}\n".encode() + raw, "sha256").hex()


def _trusted_digest(home: Home) -> str | None:
    """The digest of the config as it is now; None if it cannot be read, or others could have written it."""
    try:
        return sha256(joined(read_files(home.config, home.root).files)).hexdigest()
    except (ConfigMissing, ConfigUnreadable):
        return None
