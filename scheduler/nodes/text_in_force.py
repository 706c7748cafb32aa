"""The text of the config in force: kept in the home, or else fetched from the database, and always checked."""

from __future__ import annotations

from contextlib import suppress
from hashlib import sha256

from eventstore.replicated.database import Database
from scheduler.configuration.applied.applied_text import AppliedText, NotApplied, read_applied
from scheduler.configuration.applied.effective import keep_applied, kept_applied
from scheduler.home import Home


def text_in_force(home: Home, digest: str, database: Database | None) -> AppliedText | None:
    """The applied config with this digest; None if there is none where it was looked for.

    Args:
        home: in which it is kept, once it was fetched.
        digest: as the last `config.accepted` has it.
        database: where it is; None: it is looked for in the home alone.

    Raises:
        Unavailable, NoAnswer: the database cannot be asked.
        NotApplied: what it has is not that.
    """
    if (applied := kept_applied(home, digest)) is not None or database is None:
        return applied
    raw = database.config(digest)
    if raw is None:
        return None
    # Anybody may have written it: what is not the text that was recorded is not even read as YAML.
    if sha256(raw).hexdigest() != digest:
        raise NotApplied("the text of it in the database was altered: its digest is another one")
    applied = read_applied(raw)
    with suppress(OSError):  # it is fetched again
        keep_applied(home, applied)
    return applied
