"""The published vectors: proofs of RFC 6962 that must be accepted, and damaged ones that must be refused."""

from __future__ import annotations

import json
from base64 import b64decode
from pathlib import Path
from typing import Any

import pytest

from eventstore.proofs.consistency import verify_consistency
from eventstore.proofs.errors import InvalidProof
from eventstore.proofs.inclusion import verify_inclusion

VECTORS = Path(__file__).parent / "vectors"
CASES = json.loads((VECTORS / "rfc6962-proofs.json").read_text(encoding="utf-8"))


def hashes(case: dict[str, Any]) -> list[bytes]:
    """The proof of a case."""
    return [b64decode(each) for each in case["proof"] or []]


def is_valid_inclusion(case: dict[str, Any]) -> bool:
    """Whether the proof is accepted."""
    leaf, root = b64decode(case["leafHash"]), b64decode(case["root"])
    try:
        verify_inclusion(leaf, case["leafIdx"], case["treeSize"], hashes(case), root)
    except InvalidProof:
        return False
    return True


def is_valid_consistency(case: dict[str, Any]) -> bool:
    """Whether the proof is accepted."""
    roots = b64decode(case["root1"]), b64decode(case["root2"])
    try:
        verify_consistency(case["size1"], case["size2"], hashes(case), *roots)
    except InvalidProof:
        return False
    return True


@pytest.mark.parametrize("case", CASES["inclusion"], ids=lambda case: case["case"])
def test_an_inclusion_proof_is_judged_as_published(case: dict[str, Any]) -> None:
    """Each of the 98 cases is accepted or refused as it says."""
    assert is_valid_inclusion(case) is not case["wantErr"]


@pytest.mark.parametrize("case", CASES["consistency"], ids=lambda case: case["case"])
def test_a_consistency_proof_is_judged_as_published(case: dict[str, Any]) -> None:
    """Each of the 98 cases is accepted or refused as it says."""
    assert is_valid_consistency(case) is not case["wantErr"]


def test_all_published_cases_are_here() -> None:
    """There are 196 of them, some of each kind."""
    assert (len(CASES["inclusion"]), len(CASES["consistency"])) == (98, 98)
    assert all(
        {case["wantErr"] for case in CASES[kind]} == {True, False} for kind in ("inclusion", "consistency")
    )
