"""What `status` tells of OpenTelemetry."""

from __future__ import annotations

from pathlib import Path

from eventstore.ledger_reader import LedgerReader
from scheduler.telemetry.sent_state import SentState, keep_sent
from tests.support.command import call
from tests.support.console import Page, console
from tests.support.output import HandWritten
from tests.support.served import Served

CONFIG = "telemetry: {otlp: 'http://127.0.0.1:9'}\njobs: {a: {on_demand: true, command: 'true'}}\n"


def test_what_is_not_sent_for_long_is_told(tmp_path: Path) -> None:
    """Without a scheduler it waits for one; beside one that sends in vain it wants attention."""
    written = HandWritten(tmp_path / "home")
    written.begin("a")
    written.close()
    home = written.home
    assert call("status", "--json", home=home.root).document["telemetry"] is None
    home.config.parent.mkdir(parents=True, exist_ok=True)
    home.config.write_text(CONFIG)
    assert "nothing was sent yet" in call("status", home=home.root).out
    with LedgerReader.open(home.ledger) as journal:
        ledger_id, last = journal.ledger_id, journal.head().seq
    keep_sent(home.telemetry, SentState(ledger_id, last))
    answer = call("status", "--json", home=home.root)
    assert answer.document["telemetry"] == {"sent": last, "waiting": 0, "waiting_since": None}
    assert f"sent up to entry {last}\n" in call("status", home=home.root).out
    keep_sent(home.telemetry, SentState(ledger_id, last - 1))
    told = " ".join(call("status", home=home.root).out.split())
    assert f"sent up to entry {last - 1}; 1 entry behind it will be when a scheduler serves" in told
    with Served(home.root):
        told = " ".join(call("status", home=home.root).out.split())
        assert f"telemetry: sent up to entry {last - 1}: " in told
        assert "not yet, the first of 2026-11-23 12:00:00 UTC" in told
        with console(home) as client:
            assert "telemetry needs attention" in Page(client.get("/").text).text
