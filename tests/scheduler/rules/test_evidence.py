"""What the state knows of keys, checkpoints and anchors, and the laws of their entries."""

from __future__ import annotations

from typing import Any

import pytest

from eventstore.memory import MemoryStore
from scheduler import vocabulary as v
from scheduler.entry_members import ArchivedSegment
from scheduler.rules.evidence.archive_state import Archive
from scheduler.rules.evidence.evidence_state import AnchorStatus, key_id_of
from scheduler.rules.evolve import fold
from scheduler.rules.laws.ledger_laws import illegal_entries
from scheduler.rules.state import State
from tests.support.world import BEGIN

ORIGIN = "cronledger/test"
OLD, NEW, THIRD = (f"{ORIGIN}+{number * 8}+AQ+/{number}" for number in "123")


def _signed(size: int, origin: str = ORIGIN) -> v.CheckpointSigned:
    return v.CheckpointSigned(size=size, root="r", key_id="1" * 8, note=f"{origin}\n{size}\nr\n\n— x y\n")


def _rotated(vkey: str) -> v.KeyRotated:
    return v.KeyRotated(vkey=vkey, note=f"{vkey}\n\n— x y\n")


CREATED = v.KeyCreated(origin=ORIGIN, vkey=OLD)
CONTINUED = v.LedgerContinued(
    origin=f"{ORIGIN}/2", checkpoint="", reason="restored", vkey=f"{ORIGIN}/2+{'4' * 8}+AQ"
)


def _archived(first: int, last: int, *, each: int = 2, **changed: object) -> v.LedgerArchived:
    segments = [ArchivedSegment(first=at, sha256="d", root="e") for at in range(first, last + 1, each)]
    told: dict[str, Any] = {
        "manifest": "f", "place": "/mnt/worm", "first": first, "last": last, "count": last - first + 1,
        "bytes": 800, "segments": segments, "local": "kept", **changed,
    }  # fmt: skip
    return v.LedgerArchived(**told)


NOTED = v.ConfigAccepted(config="c", jobs=0)


def _ledger(*payloads: v.Payload) -> MemoryStore:
    """Entry 0 creates it, and these follow."""
    store = MemoryStore(clock=lambda: BEGIN)
    store.append([v.event(each, "scheduler") for each in payloads])
    return store


def _folded(*payloads: v.Payload) -> State:
    return fold(State(), _ledger(*payloads).read(0))


def test_the_state_knows_who_signs_and_what_was_signed() -> None:
    """Rotation changes the key and nothing else; a restore gives a new name, under which nothing is signed yet."""
    assert State().evidence is None
    found = _folded(CREATED, _signed(2), _rotated(NEW), _signed(4)).evidence
    assert found is not None
    assert (found.origin, found.vkey, found.key_id, found.key_seq) == (ORIGIN, NEW, "2" * 8, 3)
    assert found.former_keys == [OLD]
    assert found.signed is not None
    assert (found.signed.size, found.signed.seq, found.signed_size) == (4, 4, 4)
    after = _folded(CREATED, _signed(2), CONTINUED).evidence
    assert after is not None
    assert (after.origin, after.vkey, after.signed, after.signed_size) == (
        CONTINUED.origin, CONTINUED.vkey, None, 2,
    )  # fmt: skip


def test_a_refusal_holds_until_something_is_signed() -> None:
    """Why the ledger is not signed is known until it is, or until it goes on under another name."""
    refused = v.CheckpointRefused(reason="the key is gone")
    found = _folded(CREATED, refused).evidence
    assert found is not None
    assert found.refused is not None
    assert (found.refused.seq, found.refused.reason) == (2, "the key is gone")
    for after in (_signed(2), CONTINUED):
        found = _folded(CREATED, refused, after).evidence
        assert found is not None
        assert found.refused is None


def test_an_anchor_fails_until_it_takes_a_checkpoint_again() -> None:
    """Since when it fails is told by the first such entry; what it had, it has."""
    taken = v.CheckpointAnchored(size=2, anchor="file:/worm")
    failed = v.CheckpointAnchorFailed(size=2, anchor="file:/worm", error="gone")
    found = _folded(CREATED, _signed(2), taken, failed, failed).evidence
    assert found is not None
    assert found.anchors == {"file:/worm": AnchorStatus(2, BEGIN, BEGIN, "gone")}
    found = _folded(CREATED, _signed(2), taken, failed, taken).evidence
    assert found is not None
    assert found.anchors == {"file:/worm": AnchorStatus(2, BEGIN)}


@pytest.mark.parametrize(
    "payloads",
    [
        (CREATED, CREATED),
        (v.KeyCreated(origin=ORIGIN, vkey="other+11111111+AQ"),),
        (v.KeyCreated(origin=ORIGIN, vkey="nonsense"),),
        (_rotated(NEW),),
        (CREATED, v.KeyRotated(vkey=NEW, note=f"{THIRD}\n\n— x y\n")),
        (_signed(1),),
        (CREATED, _signed(3)),
        (CREATED, _signed(0)),
        (CREATED, _signed(2), _signed(2)),
        (CREATED, _signed(2, "cronledger/other")),
        (CREATED, v.CheckpointAnchored(size=1, anchor="file:/worm")),
        (v.CheckpointRefused(reason="x"),),
        (CREATED, _signed(2), v.CheckpointAnchorFailed(size=3, anchor="file:/worm", error="gone")),
        (CONTINUED,),
        (CREATED, v.LedgerContinued(origin=ORIGIN, checkpoint="", reason="x")),
        (NOTED, NOTED, _archived(0, 3)),
        (NOTED, NOTED, NOTED, _archived(2, 3)),
        (NOTED, NOTED, NOTED, NOTED, _archived(0, 2)),
        (NOTED, NOTED, NOTED, NOTED, _archived(0, 3, count=3)),
        (NOTED, NOTED, NOTED, NOTED, _archived(0, 3, segments=[])),
        (NOTED, NOTED, NOTED, NOTED, _archived(-2, 1)),
        (NOTED, NOTED, NOTED, NOTED, _archived(0, 1, repeats=1)),
        (NOTED, NOTED, NOTED, NOTED, _archived(0, 1, repeats=5)),
        (NOTED, NOTED, NOTED, NOTED, NOTED, _archived(0, 1), _archived(4, 5)),
    ],
)
def test_what_breaks_a_law_is_told(payloads: tuple[v.Payload, ...]) -> None:
    """The last of these entries is illegal, and it alone."""
    assert [each.seq for each in illegal_entries(_ledger(*payloads).read(0))] == [len(payloads)]


def test_the_state_knows_how_much_is_archived() -> None:
    """Volumes hold the beginning of the ledger without a gap; the same one may be told of again, removed then."""
    assert State().archive is None
    removed = _archived(0, 3, local="removed", repeats=6)
    payloads = [*[NOTED] * 5, _archived(0, 1), _archived(2, 3, place="/other"), removed]
    assert not list(illegal_entries(_ledger(*payloads).read(0)))
    assert _folded(*payloads[:-1]).archive == Archive(4, 0, 7, BEGIN, "/other")
    assert _folded(*payloads).archive == Archive(4, 4, 8, BEGIN, "/mnt/worm")
    assert _folded(*payloads, _archived(2, 3)).archive == Archive(4, 4, 9, BEGIN, "/mnt/worm")


def test_what_a_signer_records_is_legal() -> None:
    """Keys, checkpoints, those who keep them, and a restore, after which sizes grow from where it went on."""
    payloads = (
        CREATED, _signed(2), v.CheckpointAnchored(size=2, anchor="file:/worm"), _rotated(NEW), _signed(5), CONTINUED,
        _signed(7, CONTINUED.origin),
    )  # fmt: skip
    assert list(illegal_entries(_ledger(*payloads).read(0))) == []


def test_the_id_of_a_key_stands_between_its_first_plus_signs() -> None:
    """Base64 has pluses of its own."""
    assert [key_id_of(text) for text in (OLD, "nonsense", "a+b", "")] == ["1" * 8, "", "", ""]
