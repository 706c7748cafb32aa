"""`ledger anchor`: what it says of each anchor, and how it leaves."""

from __future__ import annotations

from pathlib import Path

from scheduler import vocabulary as v
from tests.support.command import Answer, call
from tests.support.home import make_home
from tests.support.receiver import Receiver, always
from tests.support.signed_home import SignedHome

NO_ANCHORS = "jobs: {}\n"


def test_the_newest_checkpoint_is_given_to_the_anchors(tmp_path: Path) -> None:
    """One has it, one failed; the next time only that one is tried; who did it is on record."""
    home, worm = tmp_path / "home", tmp_path / "worm"
    worm.mkdir()
    with Receiver(always(500)) as receiver:
        make_home(
            home,
            f"jobs: {{}}\nledger:\n  anchors:\n    - {{file: {worm}, same_filesystem: true}}\n"
            f"    - {{webhook: '{receiver.url}/?secret'}}\n",
        )
        signed = SignedHome(home)

        def ask(*options: str) -> Answer:
            return call("ledger", "anchor", *options, home=home)

        unsigned = ask()
        assert (unsigned.code, "no checkpoint was signed yet" in unsigned.err) == (2, True)
        assert "`cronledger ledger checkpoint` signs one" in unsigned.err
        signed.ledger.refresh()
        signed.grow(3)
        size = signed.sign().size
        first = ask()
        assert first.code == 1
        assert f"has {size} entries" in first.out
        assert "FAILED: it answered 500" in first.out
        assert "secret" not in first.out
        again = ask("--json")
        assert (again.code, [each["error"] for each in again.document]) == (1, ["it answered 500"])
        receiver.behaviour = always()
        assert (ask().code, ask().code) == (0, 0)
        assert "Each anchor has the newest checkpoint" in ask().out
        signed.ledger.refresh()
        entries = signed.entries(v.CheckpointAnchored, v.CheckpointAnchorFailed)
        assert [entry.type for entry in entries] == [
            "checkpoint.anchored", "checkpoint.anchor_failed", "checkpoint.anchored",
        ]  # fmt: skip
        assert all(entry.actor.startswith("user:") for entry in entries)
        signed.close()


def test_without_anchors_there_is_nothing_to_do(tmp_path: Path) -> None:
    """That is said."""
    make_home(tmp_path, NO_ANCHORS)
    answer = call("ledger", "anchor", home=tmp_path)
    assert (answer.code, "there are no anchors" in answer.err) == (2, True)
