"""What is pending reaches the anchors, is recorded once, and is caught up when an anchor comes back."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from eventstore.proofs import kept_checkpoints
from eventstore.proofs.notes.note import parse_note
from eventstore.proofs.notes.signing import verify_note
from eventstore.store import Entry
from scheduler import vocabulary as v
from scheduler.evidence.anchors.anchoring import Anchored, anchor_pending
from scheduler.evidence.anchors.delivery import all_at_once
from scheduler.evidence.anchors.delivery_state import (
    RETRY_FIRST_S,
    RETRY_MAX_S,
    DeliveryState,
    read_delivery_state,
    write_delivery_state,
)
from scheduler.evidence.anchors.parcel import AnchorFailed
from scheduler.evidence.anchors.remembered import is_url, notes_at, remembered
from scheduler.evidence.anchors.settings import AnchorSettings
from tests.support.receiver import Receiver, Reply, Request, always
from tests.support.signed_home import ORIGIN, SignedHome
from tests.support.witness_server import COSIGNER, WitnessServer

NOW = datetime(2026, 3, 1, tzinfo=UTC)
ANCHORED = (v.CheckpointAnchored, v.CheckpointAnchorFailed, v.CheckpointCosigned)


@pytest.fixture
def home(tmp_path: Path) -> Iterator[SignedHome]:
    """A home with a signed checkpoint."""
    opened = SignedHome(tmp_path / "home")
    opened.grow(8)
    opened.sign()
    yield opened
    opened.close()


def pending(home: SignedHome, *anchors: AnchorSettings, seconds: float = 0, **more: object) -> Anchored:
    """Deliver what is pending, so long after the beginning."""
    now = NOW + timedelta(seconds=seconds)
    return anchor_pending(home.home, home.ledger, anchors, now, **more)  # type: ignore[arg-type]


def told(entries: list[Entry]) -> list[tuple[str, int, str]]:
    """The entries about anchors: the type's verb, the size, the anchor or the witness."""
    found = []
    for entry in entries:
        data = v.payload(entry)
        assert isinstance(data, ANCHORED)
        who = data.witness if isinstance(data, v.CheckpointCosigned) else data.anchor
        found.append((entry.type.partition(".")[2], data.size, who))
    return found


def webhook(receiver: Receiver) -> AnchorSettings:
    """An anchor that a test drives."""
    return AnchorSettings(kind="webhook", target=receiver.url)


def test_each_checkpoint_is_delivered_once(home: SignedHome) -> None:
    """The newest one, and only when it is new; what is not signed yet is not delivered."""
    with Receiver(always(200, b"ok")) as receiver:
        anchor = webhook(receiver)
        assert pending(home, anchor).tried == [(anchor.name, 10, "")]
        assert pending(home, anchor, seconds=9).tried == []
        home.grow(3)
        assert pending(home, anchor).tried == []
        home.sign()
        home.grow(1)
        size = home.sign().size
        assert [each.size for each in pending(home, anchor).tried] == [size]
    assert [request.body.split(b"\n")[1] for request in receiver.received] == [b"10", b"%d" % size]
    entries = home.entries(*ANCHORED)
    assert told(entries) == [("anchored", 10, anchor.name), ("anchored", size, anchor.name)]
    assert v.payload(entries[0]) == v.CheckpointAnchored(size=10, anchor=anchor.name, receipt="ok")


def test_nothing_is_delivered_without_a_checkpoint(tmp_path: Path) -> None:
    """A ledger without a key, one that was not signed yet, and one whose checkpoint is not on record yet."""
    home = SignedHome(tmp_path / "home")
    with Receiver(always()) as receiver:
        assert pending(home, webhook(receiver)) == ([], None, False)
        home.grow(3)
        home.sign(is_recorded=False)
        assert pending(home, webhook(receiver)).tried == []
        assert pending(home).tried == []
    assert receiver.received == []
    home.close()


def test_a_checkpoint_that_is_kept_and_not_recorded_waits(home: SignedHome) -> None:
    """The one before it is delivered: a process was killed between the two steps."""
    home.grow(3)
    home.sign(is_recorded=False)
    with Receiver(always()) as receiver:
        assert [each.size for each in pending(home, webhook(receiver)).tried] == [10]


def test_an_anchor_that_fails_and_comes_back(home: SignedHome) -> None:
    """One entry when it begins, one when it ends; between them it is tried ever more rarely, over restarts."""
    with Receiver(always(500)) as receiver:
        anchor, at_s = webhook(receiver), 0.0
        delays = []
        for _ in range(10):
            found = pending(home, anchor, seconds=at_s)
            assert [each.error for each in found.tried] == ["it answered 500"]
            assert found.wait_s is not None
            assert pending(home, anchor, seconds=at_s + found.wait_s - 1).tried == []
            delays.append(found.wait_s)
            at_s += found.wait_s
            home.grow(1)
            home.sign()
        assert delays[:3] == [RETRY_FIRST_S, 2 * RETRY_FIRST_S, 4 * RETRY_FIRST_S]
        assert max(delays) == RETRY_MAX_S
        assert home.ledger.state.evidence is not None
        status = home.ledger.state.evidence.anchors[anchor.name]
        assert status.failing_since is not None
        assert status.error == "it answered 500"
        receiver.behaviour = always()
        assert pending(home, anchor, seconds=at_s - RETRY_MAX_S / 2).tried == []
        assert pending(home, anchor, seconds=at_s - RETRY_MAX_S / 2, at_once=True).tried[0].error == ""
        assert pending(home, anchor, seconds=at_s) == ([], None, False)
    assert home.ledger.state.evidence.anchors[anchor.name].error == ""
    largest = home.ledger.state.evidence.signed_size
    assert told(home.entries(*ANCHORED)) == [
        ("anchor_failed", 10, anchor.name),
        ("anchored", largest, anchor.name),
    ]


def test_one_that_hangs_holds_up_no_other(home: SignedHome) -> None:
    """The others have it at once; the one that hangs has failed when its time is over."""
    with Receiver(always(wait=threading.Event())) as hanging, Receiver(always()) as receiver:
        anchors = [webhook(hanging), webhook(receiver)]
        found = pending(home, *anchors, patience_s=0.5)
    assert {each.anchor: each.error for each in found.tried} == {
        anchors[0].name: "it did not answer within 0.5 s",
        anchors[1].name: "",
    }


def test_one_that_breaks_in_our_hands_is_one_that_failed() -> None:
    """Whatever is raised on the way is an answer, and the others have theirs."""

    def breaks() -> int:
        raise RuntimeError("secret")

    found = all_at_once("test", {"a": breaks, "b": lambda: 1})
    assert found["b"] == 1
    assert str(found["a"]) == "it cannot be asked: RuntimeError"


def test_one_that_hangs_for_days_gets_one_thread() -> None:
    """It is not asked once more while it hangs, for the same; when it has come to its end, it is."""
    may_end = threading.Event()
    hangs = {"a": lambda: may_end.wait(60)}
    assert "did not answer within" in str(all_at_once("hang", hangs, 0.01)["a"])
    for _ in range(3):
        assert str(all_at_once("hang", hangs, 60)["a"]) == "it has not answered since it was asked before"
    assert all_at_once("another", {"a": lambda: 1}) == {"a": 1}
    (thread,) = [each for each in threading.enumerate() if each.name == "hang: a"]
    may_end.set()
    thread.join(60)
    assert all_at_once("hang", hangs) == {"a": True}


def test_two_processes_do_not_deliver_at_once(home: SignedHome) -> None:
    """The second one does nothing while the first is at it."""
    began, may_end = threading.Event(), threading.Event()

    def slow(_: Request) -> Reply:
        began.set()
        may_end.wait(60)
        return Reply()

    with Receiver(slow) as receiver:
        thread = threading.Thread(target=lambda: pending(home, webhook(receiver)))
        thread.start()
        assert began.wait(60)
        other = SignedHome(home.home.root)
        assert pending(other, webhook(receiver)) == ([], None, True)
        may_end.set()
        thread.join()
        other.close()
    assert len(receiver.received) == 1


def test_what_was_delivered_and_not_recorded_is_delivered_again(home: SignedHome, tmp_path: Path) -> None:
    """The memory of anchors is lost, or a process is killed: nothing is wrong with the second time."""
    folder = tmp_path / "worm"
    folder.mkdir()
    anchor = AnchorSettings(kind="file", target=str(folder), same_filesystem=True)
    pending(home, anchor)
    for path in home.home.anchors.glob("*.json"):
        path.write_text("nonsense")
    assert pending(home, anchor).tried == [(anchor.name, 10, "")]
    assert told(home.entries(*ANCHORED)) == [("anchored", 10, anchor.name)]


def test_the_memory_of_an_anchor(tmp_path: Path) -> None:
    """It is of one anchor and one origin; a clock that was set back does not put off the next try for long."""
    memory = DeliveryState("a", "o").taken(7).failed(1_000.0)
    write_delivery_state(tmp_path, memory)
    assert read_delivery_state(tmp_path, "a", "o") == memory
    assert read_delivery_state(tmp_path, "a", "o/2") == DeliveryState("a", "o/2")
    assert read_delivery_state(tmp_path, "b", "o") == DeliveryState("b", "o")
    assert memory.wait_s(1_000.0) == RETRY_FIRST_S
    assert memory.wait_s(-1e9) == RETRY_MAX_S
    assert memory.taken(8).wait_s(0) == 0


def test_a_witness_s_cosignature_is_kept_and_recorded(home: SignedHome, tmp_path: Path) -> None:
    """Under the checkpoint, verified, and as an entry; the proof comes from the ledger's own tree."""
    with Receiver(WitnessServer(tmp_path / "w", home.signer.verifier_key).answer) as receiver:
        anchor = AnchorSettings(kind="witness", target=receiver.url, key=COSIGNER.verifier_key.text)
        for _ in range(3):
            assert [each.error for each in pending(home, anchor).tried] == [""]
            kept = kept_checkpoints.newest(home.home.ledger)
            assert kept is not None
            keys = [home.signer.verifier_key, COSIGNER.verifier_key]
            assert verify_note(kept.note, keys) == keys
            (*_, cosigned, anchored) = home.entries(*ANCHORED)
            data = v.payload(cosigned)
            assert isinstance(data, v.CheckpointCosigned)
            assert f"{data.line}\n" == kept.note.signatures[1].line
            assert (data.witness, data.key_id) == (keys[1].name, keys[1].key_id.hex())
            assert data.signed_at == datetime.fromtimestamp(1_700_000_000, UTC)
            assert v.payload(anchored) == v.CheckpointAnchored(size=kept.size, anchor=anchor.name)
            home.grow(300)
            home.sign()
        for path in home.home.anchors.glob("*.json"):
            path.unlink()
        assert [each.error for each in pending(home, anchor).tried] == [""]


def test_an_older_copy_of_the_home_against_its_anchors(home: SignedHome, tmp_path: Path) -> None:
    """Folder and witness remember more than the copy has, say so when it delivers, and tell whoever asks."""
    folder = tmp_path / "worm"
    folder.mkdir()
    with Receiver(WitnessServer(tmp_path / "w", home.signer.verifier_key).answer) as receiver:
        anchors = [
            AnchorSettings(kind="file", target=str(folder), same_filesystem=True),
            AnchorSettings(kind="witness", target=receiver.url, key=COSIGNER.verifier_key.text),
            AnchorSettings(kind="webhook", target=receiver.url),
        ]
        keys = [home.signer.verifier_key]
        assert [each.checkpoint for each in remembered(home.home, anchors, ORIGIN, keys)] == [None, None]
        home.grow(20)
        newest = home.sign().checkpoint
        pending(home, *anchors[:2])
        found = remembered(home.home, anchors, ORIGIN, keys)
        assert [(each.anchor, each.checkpoint, each.problem) for each in found] == [
            (anchor.name, newest, "") for anchor in anchors[:2]
        ]
        (raw,) = notes_at(receiver.url, ["another", ORIGIN])
        assert parse_note(raw).text == newest.text

        older = SignedHome(tmp_path / "older")
        older.grow(8)
        older.sign()
        for each in pending(older, *anchors[:2]).tried:
            assert f"remembers {newest.head.size} entries, and this ledger has 10 signed" in each.error
        strangers = remembered(home.home, anchors, ORIGIN, [COSIGNER.verifier_key._replace(name="x")])
        assert all("does not count" in each.problem and each.checkpoint is None for each in strangers)
        older.close()


def test_a_url_that_remembers() -> None:
    """A page is asked as it is, a witness for each origin; one that failed is no one that remembers nothing."""
    with Receiver(always(200, b"note")) as receiver:
        assert notes_at(f"{receiver.url}/x/checkpoint", ["a", "b"]) == [b"note"]
        assert notes_at(f"{receiver.url}/", ["a", "b"]) == [b"note", b"note"]
        receiver.behaviour = always(404)
        assert notes_at(receiver.url, ["a"]) == []
        receiver.behaviour = always(500)
        with pytest.raises(AnchorFailed, match="it answered 500"):
            notes_at(receiver.url, ["a"])
    assert [request.path.count("/") for request in receiver.received] == [2] * 5
    assert is_url("https://x")
    assert not is_url("/mnt/worm")
