"""What was signed and remembered, held against the entries: what fits is called so, and nothing else is."""

from __future__ import annotations

import shutil
import time
from datetime import UTC, datetime
from pathlib import Path

import msgspec
import pytest

from eventstore.kept_sizes import CHECKPOINTS_NAME, checkpoint_path
from eventstore.proofs import kept_checkpoints
from eventstore.proofs.notes.signing import Cosigner
from eventstore.verify_report import VerifyReport
from scheduler import vocabulary as v
from scheduler.evidence.verification.evidence_report import EvidenceReport
from scheduler.evidence.verification.found_notes import UnreadablePlace, notes_in, remembered
from scheduler.evidence.verification.trust import Trust
from scheduler.evidence.verification.verification import verify_with_evidence
from tests.support.journal import edit
from tests.support.signed_ledger import ORIGIN, SignedLedger, head_of, lines_of, signed_note, signer

OTHER = signer(9)
WITNESS = Cosigner("example.com/witness", bytes([7]) * 32)


@pytest.fixture
def ledger(tmp_path: Path) -> SignedLedger:
    """Some segments, three checkpoints, the newest entries behind the last of them."""
    ledger = SignedLedger(tmp_path / "ledger")
    for _ in range(3):
        ledger.grow(9)
        ledger.sign()
    ledger.grow(3)
    return ledger


def found(ledger: SignedLedger | Path, trust: Trust = Trust()) -> EvidenceReport:  # noqa: B008 - never changed
    """What verifying finds; the entries themselves are sound."""
    folder = ledger if isinstance(ledger, Path) else ledger.folder
    report, evidence = verify_with_evidence(folder, trust)
    assert report.ok
    return evidence


def reasons(evidence: EvidenceReport) -> str:
    """All that does not fit, as text."""
    return "\n".join(each.why for each in (*evidence.contradictions, *evidence.anchor_contradictions))


def anchored(ledger: SignedLedger, place: Path) -> Trust:
    """A folder elsewhere that remembers what is kept now."""
    shutil.copytree(ledger.folder / CHECKPOINTS_NAME, place)
    return Trust(places=[remembered(place)])


def test_what_was_signed_fits(ledger: SignedLedger) -> None:
    """All checkpoints, kept and recorded; the key is named by nobody but the ledger until it is given.

    A key that was given and has signed nothing here says that this is another ledger.
    """
    evidence = found(ledger)
    assert (evidence.kept, evidence.recorded, evidence.covered, evidence.vouched) == (3, 3, 31, 0)
    assert reasons(evidence) == ""
    assert (list(evidence.unkept), list(evidence.unrecorded)) == ([], [])
    given = found(ledger, Trust(keys=[ledger.key.verifier_key]))
    assert (given.covered, given.vouched) == (31, 31)
    foreign = found(ledger, Trust(keys=[OTHER.verifier_key]))
    unheard = "no checkpoint that fits to these entries is signed by it"
    assert (foreign.covered, foreign.vouched, reasons(foreign)) == (31, 0, unheard)
    assert reasons(found(ledger, Trust(witnesses=[OTHER.verifier_key]))) == unheard


def test_a_ledger_without_a_key_has_nothing_signed(tmp_path: Path) -> None:
    """Nothing is found, and nothing is wrong."""
    ledger = SignedLedger(tmp_path / "ledger")
    evidence = found(ledger)
    assert (evidence.kept, evidence.recorded, evidence.covered, reasons(evidence)) == (0, 0, 0, "")


def test_the_newest_checkpoint_may_be_kept_and_not_recorded_yet(ledger: SignedLedger) -> None:
    """A signer that is killed between the two leaves it so; one that is recorded and gone is told as well."""
    ledger.sign(record=False)
    assert list(found(ledger).unrecorded) == [35]
    checkpoint_path(ledger.folder, 11).unlink()
    evidence = found(ledger)
    assert (list(evidence.unkept), evidence.recorded, reasons(evidence)) == ([11], 3, "")
    shutil.rmtree(ledger.folder / CHECKPOINTS_NAME)
    assert (found(ledger).recorded, found(ledger).covered) == (3, 31)


def test_a_key_that_was_rotated_is_vouched_for_by_the_one_before(ledger: SignedLedger) -> None:
    """With the first key given, the second is trusted; with the second alone it is too; all checkpoints fit."""
    first, second = signer(1).verifier_key, signer(2).verifier_key
    ledger.rotate(signer(2))
    ledger.grow(2)
    ledger.sign()
    by_first, by_second = found(ledger, Trust(keys=[first])), found(ledger, Trust(keys=[second]))
    assert (by_first.vouched, by_second.vouched, by_first.covered) == (38, 38, 38)
    assert [(each.by, each.trusted) for each in by_first.history.periods] == [
        ("created", True),
        ("rotated", True),
    ]
    assert reasons(by_first) == reasons(by_second) == ""


def test_a_rotation_that_the_key_before_did_not_sign_is_told(ledger: SignedLedger) -> None:
    """Whoever can append an entry, and does not have the key, cannot bring in a key of his own."""
    ledger.key = OTHER
    ledger.rotate(signer(2))
    ledger.grow(1)
    ledger.sign()
    evidence = found(ledger)
    assert "none of the keys has signed it" in reasons(evidence)
    assert "the key that was in force then" in reasons(evidence)
    assert evidence.covered == 31


def test_the_old_key_signs_nothing_after_a_rotation(ledger: SignedLedger) -> None:
    """A checkpoint that is recorded must be signed by the key of then."""
    ledger.rotate(signer(2))
    ledger.key = signer(1)
    ledger.sign()
    assert f"the key that was in force then is {signer(2).verifier_key.key_id.hex()}" in reasons(
        found(ledger)
    )


def test_entries_that_were_written_anew_do_not_fit(ledger: SignedLedger, tmp_path: Path) -> None:
    """A whole ledger with other entries, a valid chain and the same name of the key: the roots differ."""
    forged = SignedLedger(tmp_path / "forged", key=OTHER)
    forged.grow(40)
    forged.sign()
    shutil.copytree(ledger.folder / CHECKPOINTS_NAME, forged.folder / CHECKPOINTS_NAME, dirs_exist_ok=True)
    assert "none of the keys has signed it" in reasons(found(forged))
    with_key = found(forged, Trust(keys=[ledger.key.verifier_key]))
    assert "the first 31 entries have another root than was signed" in reasons(with_key)
    assert (with_key.covered, with_key.vouched) == (42, 0)


def test_an_older_copy_is_found_by_what_is_remembered(ledger: SignedLedger, tmp_path: Path) -> None:
    """Every older copy, with its own checkpoints, against a later anchor: it is shorter than what is remembered."""
    copies = []
    for number in range(4):
        copies.append(shutil.copytree(ledger.folder, tmp_path / f"copy-{number}"))
        ledger.grow(5)
        ledger.sign()
    trust = anchored(ledger, tmp_path / "anchor")
    assert reasons(found(ledger, trust)) == ""
    assert found(ledger, trust).anchors[0].fitting == 7
    for copy in copies:
        assert reasons(found(copy)) == ""
        evidence = found(copy, trust)
        assert "entries, and the ledger has" in reasons(evidence)
        assert not evidence.contradictions
        assert evidence.anchor_contradictions[0].from_entry >= 31


def test_a_tail_that_was_cut_off_is_found_by_the_checkpoints_that_are_left(ledger: SignedLedger) -> None:
    """The last entries, `HEAD` and seals are gone: a kept checkpoint reaches further."""
    lines = lines_of(ledger.folder)
    for path in [*ledger.folder.glob("*.seal"), ledger.folder / "HEAD"]:
        path.unlink()
    for path in sorted(ledger.folder.glob("*.jsonl"))[3:]:
        path.unlink()
    evidence = found(ledger)
    assert len(lines) == 35
    assert "it covers 31 entries, and the ledger has 24" in reasons(evidence)
    assert [each.from_entry for each in evidence.contradictions if each.size == 31] == [21]


@pytest.mark.parametrize(
    ("change", "why"),
    [
        (lambda raw: raw.replace(b"\n21\n", b"\n20\n"), "it is about 20 entries, not 21"),
        (lambda raw: raw.replace(ORIGIN.encode() + b"\n", b"example.com/log\n", 1), "it names another log"),
        (
            lambda raw: raw[:-12] + (b"A" if raw[-12:-11] != b"A" else b"B") + raw[-11:],
            "the signature of cronledger/test is wrong",
        ),
        (lambda raw: raw[: raw.index("—".encode())], "no signatures"),
        (lambda raw: b"", "no signatures"),
    ],
)
def test_a_kept_checkpoint_that_was_altered_is_told(ledger: SignedLedger, change, why: str) -> None:  # type: ignore[no-untyped-def]
    """Whatever was done to the file."""
    path = checkpoint_path(ledger.folder, 21)
    path.write_bytes(change(path.read_bytes()))
    assert why in reasons(found(ledger))
    assert found(ledger).kept == 2


def test_a_checkpoint_behind_a_link_is_not_read(ledger: SignedLedger, tmp_path: Path) -> None:
    """It is told as damaged."""
    path = checkpoint_path(ledger.folder, 21)
    path.rename(tmp_path / "elsewhere")
    path.symlink_to(tmp_path / "elsewhere")
    assert len(found(ledger).contradictions) == 1


def test_an_entry_that_tells_of_another_tree_is_told(ledger: SignedLedger) -> None:
    """Signed by the right key, of a tree that the ledger never had."""
    head = head_of(ledger.folder)._replace(root=bytes(32))
    kept_checkpoints.keep(ledger.folder, signed_note(head, ledger.key).raw)
    evidence = found(ledger)
    assert "the first 35 entries have another root" in reasons(evidence)
    assert evidence.contradictions[0].from_entry == 31


def test_cosignatures_count_with_the_key_of_the_witness(ledger: SignedLedger) -> None:
    """Another witness's key says nothing; a cosignature that is wrong is told."""
    ledger.sign(witness=WITNESS)
    key = WITNESS.verifier_key
    assert found(ledger, Trust(witnesses=[key])).witnessed == 35
    assert found(ledger).witnessed == 0
    assert found(ledger, Trust(witnesses=[Cosigner("example.com/w", bytes(32)).verifier_key])).witnessed == 0
    path = checkpoint_path(ledger.folder, 35)
    raw = path.read_bytes()
    path.write_bytes(raw[:-12] + (b"B" if raw[-12:-11] == b"A" else b"A") + raw[-11:])
    assert "the signature of example.com/witness is wrong" in reasons(found(ledger, Trust(witnesses=[key])))


def test_a_recorded_cosignature_is_verified_with_the_key_of_the_witness(ledger: SignedLedger) -> None:
    """With its key what an entry tells counts, or is told; without, it is counted as not verified."""
    note = ledger.sign()
    line = WITNESS.cosign(note.text, 1_790_000_000).line
    key = WITNESS.verifier_key
    cosigned = v.CheckpointCosigned(
        size=35,
        witness=key.name,
        key_id=key.key_id.hex(),
        signed_at=datetime(2026, 9, 21, tzinfo=UTC),
        line=line,
    )
    ledger.append(v.event(cosigned, v.SCHEDULER))
    assert (found(ledger).cosigned, found(ledger).witnessed) == (1, 0)
    with_key = found(ledger, Trust(witnesses=[key]))
    assert (with_key.cosigned, with_key.witnessed, reasons(with_key)) == (0, 35, "")
    wrong = WITNESS.cosign(note.text.replace("35", "36"), 1_790_000_000).line
    ledger.append(v.event(msgspec.structs.replace(cosigned, line=wrong), v.SCHEDULER))
    assert "the signature of example.com/witness is wrong" in reasons(found(ledger, Trust(witnesses=[key])))
    ledger.append(v.event(msgspec.structs.replace(cosigned, line="nothing"), v.SCHEDULER))
    assert len(found(ledger, Trust(witnesses=[key])).contradictions) == 2


def test_after_a_restore_the_entry_that_says_so_explains_what_is_remembered(
    ledger: SignedLedger, tmp_path: Path
) -> None:
    """Checkpoints of the part that was lost are told as left behind; of any other part they must fit."""
    backup = shutil.copytree(ledger.folder, tmp_path / "backup")
    ledger.grow(10)
    last = ledger.sign()
    trust = anchored(ledger, tmp_path / "anchor")
    restored = SignedLedger.__new__(SignedLedger)
    restored.__dict__ |= ledger.__dict__ | {"folder": backup}
    assert "it covers 45 entries" in reasons(found(restored, trust))
    restored.continue_after(last, signer(3, f"{ORIGIN}/2"))
    restored.grow(20)
    restored.sign()
    assert "the ledger went on without them, says entry 35" in reasons(found(restored, trust))
    assert "says entry 35" in reasons(found(restored, trust._replace(continued=[34])))
    evidence = found(restored, trust._replace(continued=[35]))
    assert reasons(evidence) == ""
    assert [(each.size, each.continued) for each in evidence.superseded] == [(45, 35)]
    assert evidence.covered == 56


def test_a_name_under_which_the_ledger_went_on_once_is_not_another_log(
    ledger: SignedLedger, tmp_path: Path
) -> None:
    """After a second restore, of an older backup, nothing tells of the first but what is remembered."""
    backup = shutil.copytree(ledger.folder, tmp_path / "backup")
    last = ledger.sign()
    ledger.continue_after(last, signer(3, f"{ORIGIN}/2"))
    ledger.grow(20)
    ledger.sign()
    place = tmp_path / "anchor"
    place.mkdir()
    (place / "kept").write_bytes(signed_note(head_of(ledger.folder), ledger.key).raw)
    (place / "early").write_bytes(signed_note(head_of(backup, 31), signer(1)).raw)
    (place / "foreign").write_bytes(signed_note(head_of(backup, 31), signer(5, f"{ORIGIN}/2/log")).raw)
    restored = SignedLedger.__new__(SignedLedger)
    restored.__dict__ |= ledger.__dict__ | {"folder": backup, "key": signer(1)}
    restored.continue_after(last, signer(4, f"{ORIGIN}/3"))
    restored.grow(40)
    trust = Trust(places=[remembered(place)])
    evidence = found(restored, trust)
    assert [each.why for each in evidence.anchor_contradictions] == [
        f"it names this ledger {ORIGIN}/2, and the entry by which it went on as that is not here"
    ]
    assert (evidence.anchors[0].fitting, evidence.anchors[0].foreign) == (1, 1)
    assert len(found(restored, trust._replace(continued=[34])).anchor_contradictions) == 1
    accepted = found(restored, trust._replace(continued=[35]))
    assert (reasons(accepted), len(accepted.superseded)) == ("", 1)


def test_a_place_that_remembers_nothing_of_the_ledger_is_told(ledger: SignedLedger, tmp_path: Path) -> None:
    """Another log's checkpoints alone; beside them those of this one, they are passed over."""
    log = signer(5, "example.com/log")
    place = tmp_path / "anchor"
    place.mkdir()
    (place / "one").write_bytes(signed_note(head_of(ledger.folder, 3), log).raw)
    assert "nothing of this ledger" in reasons(found(ledger, Trust(places=[remembered(place)])))
    (place / "two").write_bytes(signed_note(head_of(ledger.folder, 12), ledger.key).raw)
    evidence = found(ledger, Trust(places=[remembered(place)]))
    assert (reasons(evidence), evidence.anchors[0].fitting, evidence.anchors[0].foreign) == ("", 1, 1)
    (place / "three").write_bytes(b"something else")
    evidence = found(ledger, Trust(places=[remembered(place)]))
    assert reasons(evidence) == "", "whoever put it there could have put nothing there"
    assert [each.removeprefix(f"{place}/") for each in evidence.anchors[0].none] == [
        "three: it is no checkpoint: it has no signatures behind an empty line, each ended by LF"
    ]


def test_a_file_may_remember_several(ledger: SignedLedger, tmp_path: Path) -> None:
    """One behind the other, with or without empty lines between; what stands between is told."""
    notes = [signed_note(head_of(ledger.folder, size), ledger.key).raw for size in (3, 12, 30)]
    assert [each.checkpoint.head.size for each in notes_in("f", b"".join(notes)) if each.checkpoint] == [
        3,
        12,
        30,
    ]
    (tmp_path / "file").write_bytes(b"\n".join(notes))
    assert found(ledger, Trust(places=[remembered(tmp_path / "file")])).anchors[0].fitting == 3
    assert [each.checkpoint is None for each in notes_in("f", notes[0] + b"what?\n" + notes[1])] == [
        False,
        True,
    ]
    (tmp_path / "empty").write_bytes(b"")
    nothing = reasons(found(ledger, Trust(places=[remembered(tmp_path / "empty")])))
    assert nothing == "nothing that stands there is a checkpoint"
    (tmp_path / "long").write_bytes(b"a" * 4_000_000)
    began_s = time.process_time()
    assert len(notes_in("f", (tmp_path / "long").read_bytes())) == 1
    assert time.process_time() - began_s < 2, "each byte is looked at once"
    with pytest.raises(UnreadablePlace, match="No such file"):
        remembered(tmp_path / "nowhere")
    (tmp_path / "nothing").mkdir()
    with pytest.raises(UnreadablePlace, match="no checkpoint"):
        remembered(tmp_path / "nothing")


def test_behind_a_damage_nothing_is_judged(ledger: SignedLedger) -> None:
    """The damage is told; that checkpoints reach behind it is no further finding."""
    edit(ledger.folder / "00000000000000000016.jsonl", lambda raw: raw.__setitem__(700, raw[700] ^ 1))
    report, evidence = verify_with_evidence(ledger.folder, Trust())
    assert isinstance(report, VerifyReport)
    assert not report.ok
    assert (reasons(evidence), evidence.kept, evidence.covered) == ("", 1, 11)
    assert evidence.unread == 2
