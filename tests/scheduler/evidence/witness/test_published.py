"""A witness against what other implementations of it publish as their tests."""

from __future__ import annotations

import json
from pathlib import Path

from eventstore.proofs.consistency import verify_consistency
from eventstore.proofs.notes.checkpoint import parse_checkpoint
from eventstore.proofs.notes.note import VerifierKey, parse_note, parse_verifier_key
from eventstore.proofs.notes.signing import Cosigner, verify_note
from eventstore.proofs.witnessing.request import AddCheckpoint, parse_cosignatures, parse_request
from scheduler.evidence.witness.application import WitnessApplication
from scheduler.evidence.witness.folder import WitnessFolder
from scheduler.evidence.witness.witness import Witness
from tests.support.disks import FastDisk

VECTORS = Path(__file__).parents[3] / "eventstore" / "proofs" / "vectors" / "tlog-witness-requests.json"
COSIGNER = Cosigner("example.com/witness", bytes(range(32)))

MONKEYS = "monkeys+db4d9f7e+AULaJMvTtDLHPUcUrjdDad9vDlh/PTfC2VV60JUtCfWT"
OLD = (
    "monkeys\n5\n41smjBUiAU70EtKlT6lIOIYtRTYxYXsDB+XHfcvu/BE=\n\n— monkeys 202fftzGl3LVoqjXfwCFZZXs8I+5G22+Ek2K0AOyB"
    "uSJ/8/CZawNF+6fNlTKOCd622pbzJNkkJFWuw9DbicZCkEx9AY=\n"
)
NEW = (
    "monkeys\n8\nV8K9aklZ4EPB+RMOk1/8VsJUdFZR77GDtZUQq84vSbo=\n\n— monkeys 202ffoUEboiQYpHzICeaFmoy3RNviHTpAxYrq/eO4"
    "QQVQMvu9UebKBMX2MJC76NLthZaKsnKbCA8GxrjePZhvDCH7Ag=\n"
)
PROOF = tuple(
    bytes.fromhex(each)
    for each in (
        "b9e1d62618f7fee8034e4c5010f727ab24d8e4705cb296c374bf2025a87a10d2",
        "aac66cd7a79ce4012d80762fe8eec3a77f22d1ca4145c3f4cee022e7efcd599d",
        "89d0f753f66a290c483b39cd5e9eafb12021293395fad3d4a2ad053cfbcfdc9e",
        "29e40bb79c966f4c6fe96aff6f30acfce5f3e8d84c02215175d6e018a5dee833",
    )
)
"""Of github.com/transparency-dev/witness, witness/witness_test.go (Apache 2.0, Google LLC)."""


def application(path: Path, *keys: VerifierKey) -> WitnessApplication:
    """A witness that knows the logs of these keys."""
    folder = WitnessFolder(path, FastDisk())
    for key in keys:
        folder.trust(key.name, key)
    return WitnessApplication(Witness(folder, COSIGNER, lambda: 1_700_000_000), folder, lambda _: None)


def test_the_requests_of_another_witness_are_answered_as_it_does(tmp_path: Path) -> None:
    """One after the other; but for an unknown log, and for base64 that is not as it must be written."""
    vectors = json.loads(VECTORS.read_text(encoding="utf-8"))
    origin = parse_checkpoint(parse_request(vectors["requests"][0]["body"].encode()).note.text).origin
    asked = application(tmp_path, VerifierKey(origin, bytes.fromhex(vectors["log_public_key"])))
    seen = []
    for request in vectors["requests"]:
        response = asked.add_checkpoint(request["body"].encode())
        seen.append(request["status"])
        assert response.status == request.get("ours", request["status"])
        if response.status == 409:
            assert response.body.decode() == request["answer"]
        if response.status == 200:
            note = parse_request(request["body"].encode()).note
            cosigned = parse_cosignatures(response.body, note)
            assert verify_note(cosigned, [COSIGNER.verifier_key]) == [COSIGNER.verifier_key]
    assert seen == [200, 403, 403, 422, 422, 200, 409, 200, 409]


def test_a_published_log_is_cosigned(tmp_path: Path) -> None:
    """Its two checkpoints, and the proof between them; told in another order, they are not."""
    key = parse_verifier_key(MONKEYS)
    old, new = parse_note(OLD.encode()), parse_note(NEW.encode())
    heads = [parse_checkpoint(note.text).head for note in (old, new)]
    verify_consistency(5, 8, PROOF, heads[0].root, heads[1].root)
    asked = application(tmp_path, key)
    assert asked.add_checkpoint(AddCheckpoint(0, (), old).raw).status == 200
    assert asked.add_checkpoint(AddCheckpoint(5, PROOF[::-1], new).raw).status == 422
    assert asked.add_checkpoint(AddCheckpoint(5, PROOF, new).raw).status == 200
    assert asked.add_checkpoint(AddCheckpoint(5, PROOF, new).raw).body == b"8\n"
    assert asked.add_checkpoint(AddCheckpoint(0, (), old).raw).status == 409
