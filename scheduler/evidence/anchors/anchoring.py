"""What is pending is delivered to the anchors, and recorded: each success, and the beginning of each failure."""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from contextlib import closing
from datetime import datetime
from functools import partial
from typing import NamedTuple

from eventstore.durable import REAL, create_folders
from eventstore.errors import LedgerError
from eventstore.lock import LOCK_NAME, FileLock
from eventstore.proofs import kept_checkpoints
from eventstore.proofs.consistency import prove_consistency
from eventstore.proofs.errors import InvalidNote
from eventstore.proofs.kept_checkpoints import Kept
from eventstore.store import Event
from scheduler import vocabulary as v
from scheduler.evidence.anchors.carried import cosigned_entry
from scheduler.evidence.anchors.delivery import PATIENCE_S, all_at_once, deliver
from scheduler.evidence.anchors.delivery_state import DeliveryState, read_delivery_state, write_delivery_state
from scheduler.evidence.anchors.parcel import AnchorFailed, Parcel, Taken, parcel_of
from scheduler.evidence.anchors.settings import AnchorSettings
from scheduler.home import Home
from scheduler.ledger.ledger import Ledger
from scheduler.ledger.tree import tree_of
from scheduler.rules.evidence.evidence_state import AnchorStatus
from scheduler.rules.state import State
from scheduler.store import open_store


class Delivered(NamedTuple):
    """How it went with one anchor.

    Attributes:
        anchor: its name.
        size: of the checkpoint.
        error: why it was not taken; empty if it was.
    """

    anchor: str
    size: int
    error: str = ""


class Anchored(NamedTuple):
    """How it went with all that were tried.

    Attributes:
        tried: them.
        wait_s: how long it is until the next one that failed may be tried; None if none waits.
        busy: another process delivers, so that nothing was tried.
    """

    tried: list[Delivered]
    wait_s: float | None = None
    busy: bool = False


def has_pending(home: Home, anchors: Sequence[AnchorSettings], now: datetime) -> bool:
    """Whether an anchor may lack the newest checkpoint, and may be tried now: a look at a few small files.

    Raises:
        DamagedCheckpoint: the newest checkpoint is damaged.
        OSError: the checkpoints cannot be read.
    """
    newest = kept_checkpoints.newest(home.ledger) if anchors else None
    if newest is None:
        return False
    known = _states(home, anchors, newest).values()
    return any(each.size < newest.size and not each.wait_s(now.timestamp()) for each in known)


def anchor_pending(
    home: Home,
    ledger: Ledger,
    anchors: Sequence[AnchorSettings],
    now: datetime,
    *,
    at_once: bool = False,
    actor: str = v.SCHEDULER,
    patience_s: float = PATIENCE_S,
) -> Anchored:
    """Give the newest checkpoint that is kept and on record to each anchor that does not have it yet.

    Nothing is lost if the process ends in between: it is delivered once more, which each kind of anchor takes for
    what it is.

    Args:
        home: the home.
        ledger: its ledger, to append.
        anchors: as the config has them.
        now: the wall clock.
        at_once: try those too that failed and wait for their next try.
        actor: who has it done.
        patience_s: how long all of them may take.

    Raises:
        Unavailable, Poisoned, Corrupt: see `EventStore.append`.
        DamagedCheckpoint: the newest checkpoint is damaged.
        OSError: the home cannot be written.
    """
    ledger.refresh()
    kept = _newest(home, ledger.state)
    if kept is None or not anchors:
        return Anchored([])
    create_folders(REAL, home.anchors)
    lock = FileLock(home.anchors / LOCK_NAME)
    try:
        if not lock.try_take():
            return Anchored([], busy=True)
        known = _states(home, anchors, kept)
        lacking = [each for each in anchors if known[each.name].size < kept.size]
        due = [each for each in lacking if at_once or not known[each.name].wait_s(now.timestamp())]
        parcels = {each.name: _parcel(home, kept, known[each.name]) for each in due}
        answers = all_at_once(
            f"deliver {home.root}",
            {each.name: partial(deliver, each, parcels[each.name]) for each in due},
            patience_s,
        )
        _keep_cosignatures(home, answers)
        ledger.decide(lambda state: _events(state, kept.size, answers, actor))
        known |= _kept_states(home, kept.size, known, answers, now.timestamp())
    finally:
        lock.close()
    waiting = [known[each.name].wait_s(now.timestamp()) for each in lacking if known[each.name].failures]
    tried = [
        Delivered(name, kept.size, str(answer) if isinstance(answer, AnchorFailed) else "")
        for name, answer in answers.items()
    ]
    return Anchored(tried, min(waiting, default=None))


def _states(home: Home, anchors: Sequence[AnchorSettings], kept: Kept) -> dict[str, DeliveryState]:
    """How far deliveries of this checkpoint and those before it have come, by the names of the anchors."""
    origin = kept.checkpoint.origin
    return {each.name: read_delivery_state(home.anchors, each.name, origin) for each in anchors}


def _kept_states(
    home: Home,
    size: int,
    before: dict[str, DeliveryState],
    answers: dict[str, Taken | AnchorFailed],
    now_s: float,
) -> dict[str, DeliveryState]:
    """What is known of the anchors that were tried from now on; it is kept."""
    found = {}
    for name, answer in answers.items():
        is_failure = isinstance(answer, AnchorFailed)
        found[name] = before[name].failed(now_s) if is_failure else before[name].taken(size)
        with contextlib.suppress(OSError):  # it is disposable
            write_delivery_state(home.anchors, found[name])
    return found


def _newest(home: Home, state: State) -> Kept | None:
    """The newest checkpoint, if it is on record and of the origin that is in force."""
    evidence = state.evidence
    if evidence is None:
        return None
    kept = kept_checkpoints.newest(home.ledger)
    if kept is None or kept.checkpoint.origin != evidence.origin or evidence.signed is None:
        return None
    # A process was killed between keeping and recording it: whoever signs records it first.
    return (
        kept
        if kept.size <= evidence.signed.size
        else kept_checkpoints.read(home.ledger, evidence.signed.size)
    )


def _parcel(home: Home, kept: Kept, before: DeliveryState) -> Parcel:
    def prove(old_size: int) -> list[bytes]:
        try:
            # A thread of its own asks, perhaps when nobody waits for it any more: so it opens the ledger for itself.
            with closing(open_store(home)) as store:
                tree = tree_of(store, home.tree)
                return tree.ask(lambda tiled: prove_consistency(old_size, kept.size, tiled.subtree_hash))[1]
        except (LedgerError, OSError) as problem:
            raise AnchorFailed(f"the proof for it cannot be made: {problem}") from None

    return parcel_of(kept.note, home.root, home.ledger, prove, before.size)


def _keep_cosignatures(home: Home, answers: dict[str, Taken | AnchorFailed]) -> None:
    """Put what witnesses answered under the checkpoint that is kept."""
    for name, answer in answers.items():
        if isinstance(answer, Taken) and answer.cosigned is not None:
            try:
                kept_checkpoints.keep(home.ledger, answer.cosigned.note.raw)
            except InvalidNote as problem:  # there is no room for it under this one
                answers[name] = AnchorFailed(f"its cosignature cannot be kept: {problem}")


def _events(state: State, size: int, answers: dict[str, Taken | AnchorFailed], actor: str) -> list[Event]:
    """What is to be recorded and is not yet."""
    evidence = state.evidence
    if evidence is None:
        return []
    events: list[Event] = []
    for name, answer in answers.items():
        status = evidence.anchors.get(name, AnchorStatus())
        if isinstance(answer, AnchorFailed):
            if status.failing_since is None:
                events.append(
                    v.event(v.CheckpointAnchorFailed(size=size, anchor=name, error=str(answer)), actor)
                )
            continue
        if status.size == size and status.failing_since is None:
            continue
        if answer.cosigned is not None:
            events.append(v.event(cosigned_entry(size, answer.cosigned.signature), actor))
        events.append(v.event(v.CheckpointAnchored(size=size, anchor=name, receipt=answer.receipt), actor))
    return events
