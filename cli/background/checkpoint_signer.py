"""Has the ledger signed, in a process of its own, while a scheduler serves it; at the end too."""

from __future__ import annotations

from cli.background.kept_program import KeptProgram
from eventstore.store import Entry
from scheduler.home import Home
from scheduler.vocabulary import KeyCreated

_STOP_S = 10.0
_NO_KEY = 78


class CheckpointSigner:
    """Keeps the signer running, if the ledger has a key.

    Nothing that is recorded waits for it: what was not signed is signed by the next one.
    """

    def __init__(self, home: Home) -> None:
        self._program = KeptProgram("scheduler.evidence", home, "checkpoint signer", _STOP_S, (_NO_KEY,))
        self._may_start = False

    def start(self, *, has_key: bool) -> None:
        """The scheduler serves: begin if the ledger has a key, or when it gets one."""
        self._may_start = True
        if has_key:
            self._program.start()

    def notice(self, entry: Entry) -> None:
        """A ledger that gets its first key is signed from then on."""
        if entry.type == KeyCreated.TYPE and self._may_start:
            self._program.start()

    def stop(self) -> None:
        """Have it sign what there is and end; waits for that, not for those who are slow to take the checkpoint."""
        self._program.stop()

    def kill(self) -> None:
        """End it at once: another node has it done from now on."""
        self._program.kill()
