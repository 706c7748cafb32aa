"""What signs while a scheduler serves: it looks at `HEAD` once a second, and at the ledger when that may be due."""

from __future__ import annotations

import contextlib
import time
from contextlib import closing
from datetime import UTC, datetime
from typing import Final

from eventstore.durable import REAL
from eventstore.errors import LedgerError
from eventstore.head import durable_entries
from eventstore.proofs.kept_checkpoints import DamagedCheckpoint, OtherCheckpoint
from eventstore.store import Event
from scheduler import vocabulary as v
from scheduler.configuration.reading.followed_config import FollowedConfig
from scheduler.evidence import outside
from scheduler.evidence.anchors.remembered import RECALL_S
from scheduler.evidence.keys.errors import KeyMissing, KeyUnusable
from scheduler.evidence.settings import LedgerSettings
from scheduler.evidence.signing.errors import SigningRefused
from scheduler.evidence.signing.memory import Memory
from scheduler.evidence.signing.signer import sign_checkpoint
from scheduler.home import Home
from scheduler.ledger.ledger import Ledger
from scheduler.ledger.open import open_ledger
from scheduler.nodes.node_identity import leads_here
from scheduler.rules.evidence.due_checkpoint import Pending, pending
from scheduler.rules.evidence.evidence_state import Evidence
from scheduler.rules.state import State

_AGAIN_S: Final = 60.0
"""So long after a refusal, or when the ledger could not be written, the next try is made."""
_SOON_S: Final = 2.0
_RECALL_S: Final = 2.0
"""So long are anchors waited for before a signing that say what they remember; at the first one, for longer."""
_BUSY_LOOKS_MAX: Final = 5
"""So many looks it waits at most until nothing was appended from one to the next: runs that start come first."""


class Follower:
    """Signs a home's ledger when that is due.

    Attributes:
        settings: the `ledger:` block of the config in force, as far as it can be read.
    """

    def __init__(self, home: Home) -> None:
        self._home = home
        self.settings = LedgerSettings()
        self._config = FollowedConfig(home)
        self._look_at_entries = 0
        self._look_at_s = 0.0
        self._recall_s = RECALL_S
        self._seen_entries: int | None = None
        self._busy_looks = 0

    def turn(self, *, last: bool = False) -> bool:
        """Sign if that is due.

        Args:
            last: nothing more will be recorded: sign what there is.

        Returns:
            Whether a checkpoint was signed.

        Raises:
            NoLedgerKey: the ledger has no key.
            LedgerError: it cannot be trusted, or this process can write nothing more.
        """
        self._follow_config()
        if not last and not self._is_time():
            return False
        self._look_at_s = time.monotonic() + _AGAIN_S
        try:
            signed = sign_checkpoint(
                self._home,
                self.settings,
                is_due=lambda ledger: self._is_due(ledger, last=last),
                outside=self._outside,
            )
        except (KeyMissing, KeyUnusable, SigningRefused, DamagedCheckpoint, OtherCheckpoint, OSError) as why:
            self._look_at_entries = 2**63
            self._record_refusal(str(why))
            return False
        if signed is not None and signed.is_new:
            self._look_at_s, self._look_at_entries = 0.0, 0
        return signed is not None and signed.is_new

    def _outside(self, evidence: Evidence) -> list[Memory]:
        """What anchors remember. The copy that was restored is a process that begins: then they get more time."""
        found = list(outside.memories(self._home, self.settings, evidence, self._recall_s))
        self._recall_s = _RECALL_S
        return found

    def deliver(self) -> None:
        """Give the anchors the newest checkpoint; what keeps that from being done now is tried again later."""
        with contextlib.suppress(LedgerError, DamagedCheckpoint, OtherCheckpoint, OSError):
            outside.deliver(self._home, self.settings)

    def _is_time(self) -> bool:
        try:
            entries = durable_entries(self._home.ledger, REAL)
        except OSError:
            return False
        grew, self._seen_entries = self._seen_entries not in (None, entries), entries
        if entries < self._look_at_entries and time.monotonic() < self._look_at_s:
            return False
        self._busy_looks += 1
        if grew and self._busy_looks <= _BUSY_LOOKS_MAX:
            return False
        self._busy_looks = 0
        return True

    def _is_due(self, ledger: Ledger, *, last: bool) -> bool:
        evidence = ledger.state.evidence
        assert evidence is not None, "a ledger without a key is not signed"
        if not leads_here(ledger.state):
            return False  # another node signs
        since = ledger.store.read(0 if evidence.signed is None else evidence.signed.size)
        found = pending(evidence, since, datetime.now(UTC))
        self._look_again(found, ledger.state.head.seq + 1)
        return found.is_due(self.settings.checkpoint, last=last)

    def _look_again(self, found: Pending, entries: int) -> None:
        """When the next checkpoint may be due, if this one is not."""
        times = self.settings.checkpoint
        left_s = times.interval_ms / 1_000 - (found.age.total_seconds() if found.age is not None else 0.0)
        if left_s <= 0:
            # Whatever is recorded next makes it due.
            self._look_at_entries, left_s = entries + 1, times.interval_ms / 1_000
        else:
            self._look_at_entries = entries + max(1, times.entries - found.entries)
        self._look_at_s = time.monotonic() + max(_SOON_S, left_s)

    def _follow_config(self) -> None:
        """Take up an edited config; one that cannot be used changes nothing."""
        config = self._config.refresh()
        if config is not None:
            self.settings, self._look_at_s = config.ledger, 0.0

    def _record_refusal(self, reason: str) -> None:
        """Record why the ledger is not signed, once."""

        def decide(state: State) -> list[Event]:
            evidence = state.evidence
            if evidence is None or evidence.refused is not None or not leads_here(state):
                return []
            return [v.event(v.CheckpointRefused(reason=reason), v.SCHEDULER)]

        with contextlib.suppress(LedgerError, OSError):
            ledger = open_ledger(self._home, v.SCHEDULER)
            with closing(ledger.store):
                ledger.decide(decide)
