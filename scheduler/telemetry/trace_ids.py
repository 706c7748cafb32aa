"""Ids of traces and spans, derived from the ledger: whoever knows ledger, run and attempt can make them again.

So a job can be told its span before it starts, and what is sent twice has the same ids.
"""

from __future__ import annotations

import hashlib
from typing import Final

_LABEL: Final = "cronledger trace 1"
_TRACE_BYTES, _SPAN_BYTES = 16, 8
RUN_SPAN: Final = 0
"""In place of an attempt: the span of the run as a whole."""


def trace_id(ledger_id: str, run: int) -> bytes:
    """The id of the trace of a run: 16 bytes."""
    return _cut(f"{_LABEL}\n{ledger_id}\n{run}\n", _TRACE_BYTES)


def span_id(ledger_id: str, run: int, attempt: int = RUN_SPAN) -> bytes:
    """The id of the span of an attempt, or of the run as a whole: 8 bytes."""
    return _cut(f"{_LABEL}\n{ledger_id}\n{run}\n{attempt}\n", _SPAN_BYTES)


def traceparent(ledger_id: str, run: int, attempt: int) -> str:
    """What a job gets as `TRACEPARENT` (W3C Trace Context): its spans are children of that of its attempt."""
    return f"00-{trace_id(ledger_id, run).hex()}-{span_id(ledger_id, run, attempt).hex()}-01"


def _cut(text: str, length: int) -> bytes:
    """The beginning of the digest; of all zeros, which means that there is no id, the last bit is set."""
    found = hashlib.sha256(text.encode()).digest()[:length]
    return found if any(found) else bytes(length - 1) + b"\x01"
