"""What a command that reads does where no snapshot is valid, after an upgrade of the folding code, say."""

from __future__ import annotations

from pathlib import Path

import pytest

from cli.home import open as opening
from scheduler.ledger import snapshot
from tests.support.command import call
from tests.support.ledger import Writer


def test_a_long_fold_is_told_until_somebody_keeps_a_snapshot(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who reads keeps none, and says what would; a command that records keeps one, and nothing is said any longer."""
    writer = Writer(tmp_path / "home")
    writer.define("nightly")
    writer.history("nightly", 7)
    writer.close()
    home = writer.home.root
    monkeypatch.setattr(opening, "FOLDED_LONG_ENTRIES", 20)
    monkeypatch.setattr(snapshot, "EVERY_ENTRIES", 20)
    for _ in range(2):
        told = " ".join(call("jobs", "list", home=home).err.split())
        assert "23 entries had to be folded: no snapshot of this version is there" in told
        assert "any command that records something" in told
    assert call("jobs", "disable", "nightly", "--reason", "x", home=home).code == 0
    assert "had to be folded" not in call("jobs", "list", home=home).err
