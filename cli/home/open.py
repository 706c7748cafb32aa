"""How commands open a home: to read, without leaving a trace, or to record something.

A command that reads shows what a person would expect: the ledger's state; and while no scheduler runs that would take
an edit of the config up, the state as it would be with that edit. A command that records first brings the ledger
in line with the config, so that the first `jobs disable` works before any scheduler has run.
"""

from __future__ import annotations

import errno
import hashlib
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING, NamedTuple

from cli.app.failures import Failure, complain
from cli.app.ledger_wait import patience_explained
from cli.terminal.console import note
from cli.terminal.printable import printable
from cli.times.show import show_time
from cli.times.zones import local_zone
from eventstore.errors import NoLedger
from scheduler.home import Home
from scheduler.scheduler_lock import Holder, holder_of

if TYPE_CHECKING:
    from pathlib import Path

    from scheduler.configuration import Config, ConfigInvalid, ConfigMissing, ConfigUnreadable
    from scheduler.ledger.ledger import Ledger
    from scheduler.rules.state import State

    Problem = ConfigInvalid | ConfigMissing | ConfigUnreadable


class View(NamedTuple):
    """A home as a command that reads sees it.

    Attributes:
        home: the home.
        now: the moment at which it was looked at.
        book: the ledger, read only; None if there is none yet.
        state: what to show; a pause that has ended has ended here, whether that is on record yet or not. Its head
            may be ahead of the ledger's.
        holder: the scheduler that serves the home now; None if nobody does.
        config: the config, where it was read: always if `with_config` asked for it and it is valid.
        problem: why there is no config.
        pending: `state` holds edits of the config that the ledger does not know yet.
        as_of: the last entry that counts, where the home is looked at as it was; everything is from the ledger then.
    """

    home: Home
    now: datetime
    ledger: Ledger | None
    state: State
    holder: Holder | None
    config: Config | None
    problem: Problem | None
    pending: bool
    as_of: int | None = None


@contextmanager
def to_read(
    home: Home, *, with_config: bool = False, quiet: bool = False, as_of: str | None = None
) -> Iterator[View]:
    """Open a home to read; nothing is created or written.

    Args:
        home: the home.
        with_config: read the config even if the ledger knows all that it says.
        quiet: say nothing on standard error about the config.
        as_of: a time or an entry, as typed: look at the home as it was then. The states that this takes are kept,
            beside the snapshots.

    Raises:
        Failure: there is neither a ledger nor a config here.
        ConfigInvalid, ConfigUnreadable: there is no ledger, and the config cannot be used.
        Corrupt, NewerFormat, Unavailable: the ledger cannot be trusted or read.
        click.BadParameter: `as_of` is neither a time of the past nor an entry.
    """
    with patience_explained(home.ledger):
        view = _look(home, with_config) if as_of is None else _look_back(home, as_of)
    try:
        if not quiet:
            _remark(view)
        yield view
    finally:
        if view.ledger is not None:
            view.ledger.store.close()


@contextmanager
def to_write(home: Home) -> Iterator[Ledger]:
    """Open a home to record something, after bringing the ledger in line with the config.

    With an invalid config there is a warning, and the ledger is taken as it is.

    Raises:
        Failure: there is neither a ledger nor a config here.
        ConfigInvalid, ConfigUnreadable: there is no ledger, and the config cannot be used.
        Unavailable, Corrupt, NewerFormat, Poisoned: the ledger cannot be written or trusted.
    """
    from scheduler.actor import person
    from scheduler.ledger.open import bring_in_line, open_ledger
    from scheduler.rules.reconcile import pauses_ended

    config, problem = read_config(home, to_record=True)
    if problem is not None:
        if not has_ledger(home):
            raise _nothing_here(home, problem)
        complain(f"{problem}\nthe config is not used; the ledger's own knowledge of the jobs is")
    with patience_explained(home.ledger):
        ledger = open_ledger(home, person())
        try:
            if config is not None:
                bring_in_line(ledger, config)
            else:
                ledger.decide(lambda state: pauses_ended(state, datetime.now(UTC)))
            yield ledger
        finally:
            ledger.store.close()


def read_config(
    home: Home, path: Path | None = None, *, to_record: bool = False
) -> tuple[Config | None, Problem | None]:
    """The home's config, or the copy of it at `path`, or why there is none.

    Args:
        home: the home.
        path: of the copy.
        to_record: it will be recorded. Otherwise nothing is made that is not there yet, such as the salt of the
            digests of environment values: until there is one (`has_salt`), those digests mean nothing.
    """
    from scheduler.configuration import ConfigInvalid, ConfigMissing, ConfigUnreadable, load
    from scheduler.configuration.home_config import load_config

    path = path or home.config
    if not path.exists():
        return None, ConfigMissing(path)
    try:
        return load_config(home, path) if to_record or has_salt(home) else load(path, home.root), None
    except (ConfigInvalid, ConfigMissing, ConfigUnreadable) as problem:
        return None, problem


def config_digest(home: Home) -> str:
    """SHA-256 (hex) of the config's bytes, as the ledger names the config.

    Raises:
        OSError: it cannot be read, or is no file.
    """
    fd = os.open(home.config, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    with open(fd, "rb") as file:
        if not stat.S_ISREG(os.fstat(fd).st_mode):
            raise OSError(errno.EINVAL, "it is not a file", str(home.config))
        return hashlib.file_digest(file, "sha256").hexdigest()


def has_salt(home: Home) -> bool:
    """Whether digests of environment values can be made as they are recorded."""
    return (home.var / "salt").exists()


def has_ledger(home: Home) -> bool:
    """Whether something was recorded here already."""
    return any(home.ledger.glob("*.jsonl")) or (home.ledger / "HEAD").exists()


def _look(home: Home, with_config: bool) -> View:
    from scheduler.ledger.open import open_ledger_to_read
    from scheduler.rules.preview import preview
    from scheduler.rules.reconcile import pauses_ended
    from scheduler.rules.state import State

    now = datetime.now(UTC)
    holder = holder_of(home.scheduler_lock)
    ledger: Ledger | None = None
    try:
        ledger = open_ledger_to_read(home)
        state = ledger.state
    except (NoLedger, FileNotFoundError):
        state = State()
    if ledger is not None:
        preview(state, pauses_ended(state, now), now)
    if ledger is not None and not with_config and (holder is not None or _knows_config(home, state)):
        return View(home, now, ledger, state, holder, None, None, pending=False)
    config, problem = read_config(home)
    if ledger is None and problem is not None:
        raise _nothing_here(home, problem)
    pending = False
    if config is not None and holder is None:
        state, pending = _in_line(ledger, state, config, now)
    return View(home, now, ledger, state, holder, config, problem, pending)


def _look_back(home: Home, as_of: str) -> View:
    from cli.home.as_of import past_view

    return past_view(home, as_of)


def _in_line(ledger: Ledger | None, state: State, config: Config, now: datetime) -> tuple[State, bool]:
    """The state with the config's edits, and whether there are any that the ledger should know."""
    from scheduler.rules.preview import preview
    from scheduler.rules.reconcile import reconcile

    definitions = {name: job.definition for name, job in config.jobs.items()}
    events = reconcile(state, definitions, config.digest, now)
    return preview(state, events, now), ledger is not None and bool(events)


def _knows_config(home: Home, state: State) -> bool:
    """Whether the config file is the very one that the ledger has accepted, so that it need not be read."""
    if state.config is None or state.rejection is not None:
        return False
    try:
        return config_digest(home) == state.config
    except OSError:
        return False


def _remark(view: View) -> None:
    if view.as_of is not None:
        note(f"As of {show_time(view.now, local_zone())}, after entry {view.as_of}.")
    if view.pending:
        note("The config has edits that are not in the ledger yet; they are shown. No scheduler is running.")
    elif view.problem is not None and view.holder is None:
        complain(f"{view.problem}\nwhat the ledger knows is shown")


def _nothing_here(home: Home, problem: Problem) -> Exception:
    from scheduler.configuration import ConfigMissing

    if not isinstance(problem, ConfigMissing):
        return problem
    where = printable(str(home.root))
    return Failure(
        f"there is no cronledger home in {where}",
        "`cronledger init` makes one; `--home DIR` or CRONLEDGER_HOME names another folder.",
    )
