"""Ids that are derived."""

from __future__ import annotations

import hashlib
import re
from pathlib import Path

import pytest

from scheduler.telemetry.trace_ids import span_id, trace_id, traceparent

PAGE = Path(__file__).resolve().parents[3] / "docs" / "telemetry.md"
LEDGER = "00112233445566778899aabbccddeeff"


def test_the_example_of_the_docs_is_true() -> None:
    """What the page says of one run is what is derived, by its own words and by the program."""
    found = re.search(r"TRACEPARENT=00-([0-9a-f]{32})-([0-9a-f]{16})-01", PAGE.read_text(encoding="utf-8"))
    assert found is not None
    assert found[0] == f"TRACEPARENT={traceparent(LEDGER, 41, 1)}"
    trace = hashlib.sha256(f"cronledger trace 1\n{LEDGER}\n41\n".encode()).hexdigest()[:32]
    attempt = hashlib.sha256(f"cronledger trace 1\n{LEDGER}\n41\n1\n".encode()).hexdigest()[:16]
    assert (found[1], found[2]) == (trace, attempt)
    assert span_id(LEDGER, 41).hex() in PAGE.read_text(encoding="utf-8")


def test_runs_attempts_and_ledgers_differ() -> None:
    """No two of them share an id."""
    spans = {span_id(ledger, run, attempt) for ledger in "ab" for run in range(20) for attempt in range(5)}
    assert len(spans) == 200
    assert len({trace_id(ledger, run) for ledger in "ab" for run in range(20)}) == 40


def test_no_id_is_all_zeros(monkeypatch: pytest.MonkeyPatch) -> None:
    """That would mean that there is none."""

    class Zeros:
        """A digest that will hardly ever be met."""

        def digest(self) -> bytes:
            """All zeros."""
            return bytes(32)

    monkeypatch.setattr(hashlib, "sha256", lambda _text: Zeros())
    assert trace_id(LEDGER, 1) == bytes(15) + b"\x01"
    assert span_id(LEDGER, 1) == bytes(7) + b"\x01"
