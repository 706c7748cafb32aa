"""How far each anchor is, and when it is tried next, over restarts: a small file each, beside the ledger.

It holds no secret and may be deleted: then an anchor is given the newest checkpoint once more, which changes nothing.
"""

from __future__ import annotations

import contextlib
from hashlib import sha256
from pathlib import Path
from typing import Final

import msgspec

from eventstore.durable import REAL, create_folders, write_file
from eventstore.regular_file import read_regular

RETRY_FIRST_S: Final = 30.0
RETRY_MAX_S: Final = 3_600.0
_BYTES_MAX = 64 * 1024
_DOUBLINGS_MAX = 16


class DeliveryState(msgspec.Struct, frozen=True, omit_defaults=True):
    """How far deliveries to an anchor have come.

    Attributes:
        anchor: its name.
        origin: of the ledger.
        size: of the largest checkpoint that it took under this origin.
        failures: how often it failed since then.
        next_try_s: when it is tried again, in seconds since 1970.
    """

    anchor: str
    origin: str
    size: int = 0
    failures: int = 0
    next_try_s: float = 0.0

    def wait_s(self, now_s: float) -> float:
        """How long it is until it may be tried; a clock that was set back does not make it longer than it ever is."""
        return min(max(0.0, self.next_try_s - now_s), RETRY_MAX_S) if self.failures else 0.0

    def taken(self, size: int) -> DeliveryState:
        """It took a checkpoint."""
        return DeliveryState(self.anchor, self.origin, size)

    def failed(self, now_s: float) -> DeliveryState:
        """It did not take one: the next try is twice as far away as the last one was."""
        delay_s = min(RETRY_FIRST_S * 2 ** min(self.failures, _DOUBLINGS_MAX), RETRY_MAX_S)
        return msgspec.structs.replace(self, failures=self.failures + 1, next_try_s=now_s + delay_s)


def read_delivery_state(folder: Path, anchor: str, origin: str) -> DeliveryState:
    """What is kept of an anchor; what cannot be read, or is about another origin, is as if there were nothing."""
    with contextlib.suppress(OSError, msgspec.MsgspecError):
        found = msgspec.json.decode(read_regular(_path(folder, anchor), _BYTES_MAX), type=DeliveryState)
        if (found.anchor, found.origin) == (anchor, origin) and found.size >= 0 and found.failures >= 0:
            return found
    return DeliveryState(anchor, origin)


def write_delivery_state(folder: Path, state: DeliveryState) -> None:
    """Keep it.

    Raises:
        OSError: it cannot be written.
    """
    create_folders(REAL, folder)
    write_file(REAL, _path(folder, state.anchor), msgspec.json.encode(state), durable=False)


def _path(folder: Path, anchor: str) -> Path:
    return folder / f"{sha256(anchor.encode()).hexdigest()[:16]}.json"
