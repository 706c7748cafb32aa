"""A message as JSON, as webhooks and commands get it."""

from __future__ import annotations

import json
from typing import Any

import msgspec

from scheduler.notifications.message import TRIAL, Message
from scheduler.notifications.text import subject


def document(message: Message) -> bytes:
    """The message: `type`, `timestamp`, a `text` for people, and `data`.

    The first two and the last are as Standard Webhooks recommends; receivers of chat systems show `text`.
    """
    whole: dict[str, Any] = {
        "type": message_type(message),
        "timestamp": max(notice.time for notice in message.notices),
        "text": subject(message),
        "data": message,
    }
    # What a job wrote may be no text at all: half a character of UTF-16 is told as a question mark.
    return json.dumps(msgspec.to_builtins(whole), ensure_ascii=False, separators=(",", ":")).encode(
        errors="replace"
    )


def message_type(message: Message) -> str:
    """`cronledger.failure` and the like; of several kinds `cronledger.digest`; `cronledger.test`."""
    if any(TRIAL in notice.details for notice in message.notices):
        return "cronledger.test"
    kinds = set(message.counts) or {notice.kind for notice in message.notices}
    return f"cronledger.{kinds.pop() if len(kinds) == 1 else 'digest'}"
