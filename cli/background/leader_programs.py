"""What runs beside the one scheduler that decides: the signer, who tells people, and who sends traces.

Where several nodes share a ledger, that is the one that leads. Who leads no longer has them killed at once: both may
be killed at any time, and whoever leads next goes on from the ledger.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from cli.background.checkpoint_signer import CheckpointSigner
from cli.background.notifier import Notifier
from eventstore.store import Entry
from scheduler.home import Home

if TYPE_CHECKING:
    from cli.background.tracer import Tracer


class LeaderPrograms:
    """Keeps them running while this scheduler decides."""

    def __init__(self, home: Home) -> None:
        self._home = home
        self._signer, self._notifier = CheckpointSigner(home), Notifier(home)
        self._tracer: Tracer | None = None
        self._has_channels = self._decides = False

    def start(self, *, has_key: bool) -> None:
        """This scheduler decides from now on."""
        self._signer.start(has_key=has_key)
        self._notifier.start()
        self._decides = True
        if self._tracer is not None:
            self._tracer.start()

    def want_notifier(self) -> None:
        """The config names channels."""
        self._has_channels = True
        self._notifier.want()

    def want_tracer(self) -> None:
        """The config names a receiver of traces."""
        if self._tracer is None:
            from cli.background.tracer import Tracer

            self._tracer = Tracer(self._home)
        if self._decides:
            self._tracer.start()

    def notice(self, entry: Entry) -> None:
        """An entry was recorded."""
        self._signer.notice(entry)

    def kill(self) -> None:
        """Another one decides from now on."""
        self._signer.kill()
        self._notifier.kill()
        self._decides = False
        if self._tracer is not None:
            self._tracer.kill()
            self._tracer = type(self._tracer)(self._home)
        self._signer, self._notifier = CheckpointSigner(self._home), Notifier(self._home)
        if self._has_channels:
            self._notifier.want()

    def stop(self) -> None:
        """Have told and signed what is there; waits for that a moment."""
        self._notifier.stop()
        if self._tracer is not None:
            self._tracer.stop()
        self._signer.stop()
