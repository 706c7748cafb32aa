"""A home as a reader sees it, now or at a moment of the past; nothing is created, repaired or recorded.

A reader sees what a person would expect: the state of the ledger; and while no scheduler runs that would take an edit
of the config up, the state as it would be with that edit. Of the past, the ledger alone speaks.
"""

from __future__ import annotations

from contextlib import closing
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Literal, NamedTuple

import msgspec

from eventstore.errors import NoLedger
from eventstore.store import Entry
from scheduler.configuration.errors import ConfigMissing, ConfigUnreadable, ConfigUntrusted
from scheduler.database.origin import is_on_database
from scheduler.entry_members import LockWait
from scheduler.home import Home
from scheduler.ledger.ledger import Ledger
from scheduler.ledger.open import config_changes, open_ledger_to_read
from scheduler.rules.pauses import pauses_ended
from scheduler.rules.requests.preview import preview
from scheduler.rules.state import State
from scheduler.scheduler_lock import Holder, holder_of, is_suspended
from scheduler.store import open_store

if TYPE_CHECKING:
    from scheduler.configuration.errors import ConfigProblem
    from scheduler.configuration.model import Config
    from scheduler.configuration.outline.outline import Blocks, Outline
    from scheduler.ledger.past import OnProgress, Past
    from scheduler.rules.runs.slots import FullSlots
    from scheduler.rules.runs.waiting_reasons import WaitingReasons

SchedulerState = Literal["never started", "running", "paused", "stopped", "died"]
ConfigState = Literal[
    "in force", "pending", "rejected", "missing", "unreadable", "untrusted", "nothing applied"
]

_CLOCK_BEHIND_MIN = timedelta(seconds=1)
"""Writers on one machine may read the clock in another order than they append."""


class NoSuchEntry(Exception):
    """The ledger has no entry `seq`; its last one is `last_seq`."""

    def __init__(self, seq: int, last_seq: int) -> None:
        self.seq, self.last_seq = seq, last_seq
        super().__init__(f"there is no entry {seq}: the last one is {last_seq}")


class BeforeLedger(Exception):
    """A time lies before the first entry of the ledger, which was made at `begin`."""

    def __init__(self, begin: datetime) -> None:
        self.begin = begin
        super().__init__(f"the ledger begins at {begin.isoformat()}")


class Moment(msgspec.Struct, frozen=True):
    """A moment of the past: the last entry that counts, and the time."""

    seq: int
    time: datetime


class Hindrance(NamedTuple):
    """What keeps the scheduler that serves a home from its work.

    Attributes:
        kind: `suspended`: a signal (SIGSTOP) has stopped it. `database_away`: it does not reach the database that its
            ledger is in, which the ledger cannot tell. `paused`: the ledger cannot be written.
        since: since when; None if that is not known.
        reason: why, in the words of whoever noticed it.
    """

    kind: Literal["suspended", "database_away", "paused"]
    since: datetime | None = None
    reason: str = ""


class View(msgspec.Struct, frozen=True):
    """A home as a reader sees it. Whoever opened it closes the store of its ledger.

    Attributes:
        home: the home.
        now: the moment at which it was looked at.
        ledger: read only; None if there is none yet.
        state: what to show; a pause that has ended has ended here, whether that is on record yet or not. Its head
            may be ahead of the ledger's.
        holder: the scheduler that serves the home now; None if none does.
        config: the config, where it was read: always if that was asked for and it is valid.
        problem: why there is no config.
        pending: `state` holds edits of the config that the ledger does not know yet.
        as_of: the last entry that counts, where the home is seen as it was; everything is from the ledger then.
        outline: that of the config, if it was asked for and the config need not be read for it.
    """

    home: Home
    now: datetime
    ledger: Ledger | None
    state: State
    holder: Holder | None
    config: Config | None
    problem: ConfigProblem | None
    pending: bool
    as_of: int | None = None
    outline: Outline | None = None

    @property
    def blocks(self) -> Blocks | None:
        """What the config says beside its jobs, if it or its outline was asked for and it is valid."""
        if self.outline is not None:
            return self.outline.blocks
        if self.config is None:
            return None
        from scheduler.configuration.outline.outline import blocks_of

        return blocks_of(self.config)

    @property
    def on_database(self) -> bool:
        """Whether the ledger is in a database, so that no file of a config comes into force by itself."""
        return is_on_database(self.home)

    @property
    def is_served(self) -> bool:
        """Whether a scheduler serves: this home or, on a database, some node that leads by what is on record."""
        if self.on_database:
            return self.state.leader is not None
        return self.holder is not None

    @property
    def hindrance(self) -> Hindrance | None:
        """What keeps the scheduler that serves here from its work; None if nothing does, or if none serves here."""
        if self.holder is None or self.as_of is not None:
            return None
        if is_suspended(self.holder):
            return Hindrance("suspended")
        if self.on_database:
            from scheduler.database.unreachable import read_away

            if (away := read_away(self.home)) is not None:
                return Hindrance("database_away", away.since, away.problem)
        watch = self.state.scheduler
        if watch is not None and watch.paused is not None:
            return Hindrance("paused", watch.paused, watch.pause_reason or "")
        return None

    @property
    def folded_entries(self) -> int:
        """How many entries had to be folded for it: those after the newest valid snapshot."""
        return 0 if self.ledger is None else self.ledger.state.head.seq - self.ledger.kept_seq

    @property
    def last_entry(self) -> Entry | None:
        """The ledger's last entry; None if there is none yet."""
        if self.ledger is None:
            return None
        seq = self.ledger.store.head().seq
        return next(self.ledger.store.read(seq, seq), None)

    @property
    def clock_behind(self) -> timedelta | None:
        """By how much the clock is behind the ledger, as after it was set back; None if it is not."""
        last = self.last_entry
        behind = None if last is None else last.time - self.now
        return behind if behind is not None and behind > _CLOCK_BEHIND_MIN else None

    @property
    def full_slots(self) -> FullSlots | None:
        """What holds all slots while runs wait for one; None of the past, and where no scheduler would give one."""
        if not self.state.runs or not self._starts_runs:
            return None
        from scheduler.rules.runs.slots import full_slots

        return full_slots(self.state, self.now)

    @property
    def lock_waits(self) -> dict[int, LockWait]:
        """The runs that wait for a lock, by number, and who has it; see `full_slots`."""
        if not self.state.runs or not self._starts_runs:
            return {}
        from scheduler.rules.runs.slots import lock_waits

        return lock_waits(self.state, self.now)

    @property
    def waiting_reasons(self) -> WaitingReasons:
        """Why runs wait; of the past it is not known who would have started what may start."""
        from scheduler.rules.runs.waiting_reasons import WaitingReasons

        served = None if self.as_of is not None else self.is_served
        return WaitingReasons(self.state, self.now, served=served)

    @property
    def _starts_runs(self) -> bool:
        """Whether a scheduler starts at once what may start: what waits in the home of now waits for something."""
        return self.as_of is None and self.scheduler_state == "running"

    @property
    def scheduler_state(self) -> SchedulerState:
        """Whether a scheduler serves the home, and if not, how the last one ended."""
        status = self.state.scheduler
        if self.is_served:
            return "paused" if status is not None and status.paused is not None else "running"
        if status is None:
            return "never started"
        return "died" if status.stopped is None else "stopped"

    @property
    def config_state(self) -> ConfigState:
        """How the config is.

        `pending`: it is valid, and the ledger does not know all that it says yet. `untrusted`: others can write it.
        On a database it is what was applied, and in force if anything was.
        """
        if self.on_database:
            return "nothing applied" if self.state.config is None else "in force"
        if isinstance(self.problem, ConfigMissing):
            return "missing"
        if isinstance(self.problem, ConfigUntrusted):
            return "untrusted"
        if self.problem is not None:
            return "unreadable" if isinstance(self.problem, ConfigUnreadable) else "rejected"
        edited = self.config is not None and self.config.digest != self.state.config
        return "pending" if self.pending or self.ledger is None or edited else "in force"


def view_of(
    home: Home,
    *,
    with_config: bool = False,
    with_outline: bool = False,
    on_progress: OnProgress | None = None,
    opened: Ledger | None = None,
) -> View:
    """The home as it is now.

    Args:
        home: the home.
        with_config: read the config even if the ledger knows all that it says.
        with_outline: the same, unless the outline of the config is kept.
        on_progress: see `open_ledger_to_read`.
        opened: its ledger, if that is open and up to date; nothing is folded into its state.

    Raises:
        NoHome: there is neither a ledger nor a config here.
        ConfigInvalid, ConfigUnreadable: there is no ledger, and the config cannot be used.
        Corrupt, NewerFormat, Unavailable: the ledger cannot be trusted or read.
    """
    now = datetime.now(UTC)
    holder = holder_of(home.scheduler_lock)
    ledger: Ledger | None = None
    try:
        ledger = opened or open_ledger_to_read(home, on_progress)
        state = preview(ledger.state, pauses_ended(ledger.state, now), now, apart=opened is not None)
    except (NoLedger, FileNotFoundError):
        state = State()
    if ledger is not None and not with_config:
        outline = _outline(home, state) if with_outline else None
        if outline or (not with_outline and (holder is not None or _is_in_force(home, state))):
            return View(home, now, ledger, state, holder, None, None, pending=False, outline=outline)
    from scheduler.configuration.reading import current_config

    if is_on_database(home):
        return View(
            home, now, ledger, state, holder, current_config.applied_config(home), None, pending=False
        )
    config, problem = current_config.read_config(home)
    if ledger is None and problem is not None:
        raise current_config.nothing_here(home, problem)
    pending = False
    if config is not None and holder is None:
        changes = config_changes(state, config, now)
        state, pending = preview(state, changes, now, apart=opened is not None), bool(ledger and changes)
    return View(home, now, ledger, state, holder, config, problem, pending)


def _outline(home: Home, state: State) -> Outline | None:
    from scheduler.configuration.outline.kept_outline import outline_in_force

    return outline_in_force(home, state)


def _is_in_force(home: Home, state: State) -> bool:
    from scheduler.configuration.reading.current_config import config_is_in_force

    return config_is_in_force(home, state)


def past_view(home: Home, when: int | datetime, on_progress: OnProgress | None = None) -> View:
    """The home as `view_of` would have shown it at a moment of the past.

    A scheduler counts as serving if by then one had started and not stopped.

    Args:
        home: the home.
        when: an entry, for the state right after it; or a time of the past, aware.
        on_progress: called with how many entries were folded and how many are to be.

    Raises:
        NoSuchEntry, BeforeLedger: the ledger knows no such moment.
        Corrupt, NewerFormat, Unavailable, NoLedger: the ledger cannot be trusted or read.
    """
    from scheduler.ledger.ledger_prefix import LedgerPrefix
    from scheduler.ledger.past import Past

    store = open_store(home)
    try:
        past = Past.of(home, store, on_progress)
        moment = _moment(past, when)
        state = past.state_at(moment.seq)
        ledger = Ledger(LedgerPrefix(store, state.head), state)
    except BaseException:
        store.close()
        raise
    status = state.scheduler
    holder = None
    if status is not None and status.stopped is None:
        holder = Holder(status.pid, status.host, status.time)
    preview(state, pauses_ended(state, moment.time), moment.time)
    return View(home, moment.time, ledger, state, holder, None, None, pending=False, as_of=moment.seq)


def moment_at(home: Home, when: int | datetime) -> Moment:
    """The last entry that counts at a moment of the past, and the time: that of the entry, if it was one.

    Args:
        home: the home.
        when: an entry; or a time of the past, aware.

    Raises:
        NoSuchEntry, BeforeLedger: the ledger knows no such moment.
        Corrupt, NewerFormat, Unavailable, NoLedger: the ledger cannot be trusted or read.
    """
    from scheduler.ledger.past import Past

    with closing(open_store(home)) as store:
        return _moment(Past.of(home, store), when)


def _moment(past: Past, when: int | datetime) -> Moment:
    if isinstance(when, int):
        if not 0 <= when <= past.head_seq:
            raise NoSuchEntry(when, past.head_seq)
        return Moment(when, past.entry(when).time)
    found = past.seq_at(when)
    if found is None:
        raise BeforeLedger(past.entry(0).time)
    return Moment(found, when)
