"""`--as-of TIME|SEQ`: a home as it was, from the ledger alone.

A number is an entry: the state right after it, at the moment at which it was made. Anything else is a time: the state
after the last entry made by then, at that time. Times without an offset are this machine's, as with `--since`.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

import click

from cli.terminal.printable import printable
from cli.terminal.progress import progress
from cli.times.show import parse_time, show_time
from cli.times.zones import local_zone
from scheduler.home import Home

if TYPE_CHECKING:
    from cli.home.open import View
    from scheduler.ledger.past import Past

Command = TypeVar("Command", bound=Callable[..., Any])


class Moment(NamedTuple):
    """A moment of the past: the last entry that counts, and the time."""

    seq: int
    time: datetime


def as_of_option(command: Command) -> Command:
    """Give a command `--as-of`; it arrives as the argument `as_of`, a string or None."""
    return click.option(
        "--as-of",
        metavar="TIME|SEQ",
        help="Answer as it would have been answered then: at a time, or right after an entry.",
    )(command)


def moment_as_of(home: Home, text: str) -> Moment:
    """What a person typed as `--as-of`: the last entry that counts, and the time typed or that of the entry.

    Raises:
        click.BadParameter: it is neither a time of the past nor an entry of the ledger.
        Corrupt, NewerFormat, Unavailable, NoLedger: the ledger cannot be trusted or read.
    """
    from scheduler.ledger.past import Past
    from scheduler.store import open_store

    with closing(open_store(home)) as store:
        return _moment(Past.of(home, store), text)


def past_view(home: Home, text: str) -> View:
    """The home as a command that reads would have seen it then; who opened it closes its book.

    A scheduler counts as serving if by then one had started and not stopped.

    Raises:
        click.BadParameter: it is neither a time of the past nor an entry of the ledger.
        Corrupt, NewerFormat, Unavailable, NoLedger: the ledger cannot be trusted or read.
    """
    from cli.home.open import View
    from scheduler.ledger.ledger import Ledger
    from scheduler.ledger.ledger_prefix import LedgerPrefix
    from scheduler.ledger.past import Past
    from scheduler.rules.preview import preview
    from scheduler.rules.reconcile import pauses_ended
    from scheduler.scheduler_lock import Holder
    from scheduler.store import open_store

    store = open_store(home)
    try:
        with progress("reading the past") as seen:
            past = Past.of(home, store, lambda done, total: seen.update(done, total=total))
            moment = _moment(past, text)
            state = past.state_at(moment.seq)
        ledger = Ledger(LedgerPrefix(store, state.head), state)
    except BaseException:
        store.close()
        raise
    watch = state.scheduler
    holder = None
    if watch is not None and watch.stopped is None:
        holder = Holder(watch.pid, watch.host, watch.time)
    preview(state, pauses_ended(state, moment.time), moment.time)
    return View(home, moment.time, ledger, state, holder, None, None, pending=False, as_of=moment.seq)


def _moment(past: Past, text: str) -> Moment:
    if re.fullmatch(r"[+-]?[0-9]{1,1000}", text.strip()):
        seq = int(text)
        if seq < 0:
            raise _refused(f"{seq} is no entry: they are numbered from 0 to {past.head_seq}")
        if seq > past.head_seq:
            raise _refused(f"there is no entry {seq} yet: the last one is {past.head_seq}")
        return Moment(seq, past.entry(seq).time)
    now = datetime.now(UTC)
    time = parse_time(text, "--as-of", now)
    if time > now:
        raise _refused(f"{printable(text)} is still to come")
    found = past.seq_at(time)
    if found is None:
        begin = show_time(past.entry(0).time, local_zone())
        raise _refused(f"{printable(text)} is before the ledger: it begins at {begin}")
    return Moment(found, time)


def _refused(why: str) -> click.BadParameter:
    return click.BadParameter(why, param_hint="'--as-of'")
