"""Whether a scheduler serves a home, asked again and again without standing in the way of one that begins."""

from __future__ import annotations

import os

import msgspec

from eventstore.nesting import decode
from scheduler.home import Home
from scheduler.lease import Holder, holder_of


def is_served(home: Home) -> bool:
    """Whether a scheduler serves the home now.

    To look at the lease is to hold it for an instant if nobody does, and a scheduler that begins at that instant
    would be refused. So first the note in it is read: where its writer is gone, nobody serves.
    """
    try:
        holder = decode(home.scheduler_lock.read_bytes(), Holder)
        os.kill(holder.pid, 0)
    except PermissionError:  # it lives, and is somebody else's
        pass
    except (OSError, OverflowError, msgspec.MsgspecError, UnicodeDecodeError):
        return False
    return holder_of(home.scheduler_lock) is not None
