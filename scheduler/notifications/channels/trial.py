"""A message that tells of nothing: it tries a channel."""

from __future__ import annotations

import contextlib
import uuid
from datetime import UTC, datetime

from eventstore.errors import LedgerError
from eventstore.genesis import read_creation
from scheduler.home import Home
from scheduler.notifications.message import TRIAL, Message, Notice
from scheduler.processes.recognition.identity import host_name


def trial_message(channel: str, home: Home) -> Message:
    """A message with an id of its own, which no entry stands behind."""
    ledger = ""
    with contextlib.suppress(LedgerError, OSError):
        created = read_creation(home.ledger)
        ledger = created.ledger if created is not None else ""
    notice = Notice(
        seq=-1,
        kind="finished",
        time=datetime.now(UTC),
        summary=f"This is a test of the channel {channel}: no job did anything",
        outcome="succeeded",
        details={TRIAL: 1},
    )
    return Message(
        id=f"msg_{uuid.uuid4().hex}",
        ledger=ledger,
        host=host_name(),
        home=str(home.root),
        channel=channel,
        notices=(notice,),
        counts={notice.kind: 1},
    )
