"""The checkpoint of a volume: one that is kept, or one that is signed now; or why there is none."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cli.app.failures import Failure
from cli.evidence.settings import ledger_settings
from cli.evidence.signing_failures import signing_explained
from scheduler.home import Home

if TYPE_CHECKING:
    from eventstore.proofs.kept_checkpoints import Kept
    from scheduler.ledger.ledger import Ledger


class CoveringSignature:
    """Gives the checkpoint that covers a volume.

    Args:
        home: the home.
        ledger: its ledger.

    Attributes:
        why_none: why the last volume that was asked for has none; empty if it has one.
    """

    def __init__(self, home: Home, ledger: Ledger) -> None:
        self._home, self._ledger = home, ledger
        self.why_none = ""

    def __call__(self, size: int) -> Kept | None:
        """The checkpoint that covers so many entries; one is signed if none is kept and the key can be used."""
        from scheduler.archive.covering_checkpoint import covering_checkpoint
        from scheduler.evidence.outside import sign_now

        evidence = self._ledger.state.evidence
        if evidence is None:
            self.why_none = "this ledger has no key"
            return None
        try:
            with signing_explained():
                kept = covering_checkpoint(self._home.ledger, size, evidence.origin)
                if kept is None:
                    sign_now(self._home, ledger_settings(self._home))
                    kept = covering_checkpoint(self._home.ledger, size, evidence.origin)
        except Failure as problem:
            self.why_none = problem.message
            return None
        finally:
            self._ledger.refresh()
        self.why_none = "" if kept is not None else "nothing was signed"
        return kept
