"""By which rules a witness cosigns, against trees of all shapes."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eventstore.proofs.errors import OtherTree
from eventstore.proofs.merkle_tree import EMPTY_ROOT, TreeHead, WholeSubtree
from eventstore.proofs.notes.note import Note
from eventstore.proofs.remembered import check_remembered
from eventstore.proofs.witnessing.request import AddCheckpoint
from eventstore.proofs.witnessing.rules import Malformed, NotConsistent, OtherSize, check_extension
from tests.support import merkle_oracle as oracle

LEAVES = [b"leaf %d" % seq for seq in range(40)]
OTHER = [b"other", *LEAVES[1:]]
NOTE = Note("unused\n", ())


def head(size: int, leaves: list[bytes] = LEAVES) -> TreeHead:
    """The head of the tree of the first leaves."""
    return TreeHead(size, oracle.tree_hash(leaves[:size]))


def proof(old: int, size: int, leaves: list[bytes] = LEAVES) -> tuple[bytes, ...]:
    """The proof that one is the beginning of the other; none from the empty tree."""
    return tuple(oracle.proof(old, leaves[:size])) if old else ()


@given(st.integers(0, 40), st.integers(0, 40))
def test_what_extends_is_cosigned(one: int, other: int) -> None:
    """From each size to each that is not smaller, the same one included."""
    old, size = sorted((one, other))
    check_extension(AddCheckpoint(old, proof(old, size), NOTE), head(size), head(old))
    if old == 0:
        check_extension(AddCheckpoint(0, (), NOTE), head(size), None)


@given(st.integers(1, 40), st.integers(1, 40))
def test_what_replaces_is_not(one: int, other: int) -> None:
    """A tree with another first leaf is refused, with its own proof, the right one's, or none."""
    old, size = sorted((one, other))
    for hashes in (proof(old, size, OTHER), proof(old, size), ()):
        with pytest.raises(NotConsistent):
            check_extension(AddCheckpoint(old, hashes, NOTE), head(size, OTHER), head(old))


def test_the_specification_s_cases() -> None:
    """Larger than the checkpoint; another size than the last one; a proof from nothing; a false empty tree."""
    with pytest.raises(Malformed, match="is larger than that of the checkpoint"):
        check_extension(AddCheckpoint(9, (), NOTE), head(8), head(9))
    for last, told in ((head(5), 5), (None, 0)):
        with pytest.raises(OtherSize) as refused:
            check_extension(AddCheckpoint(4, proof(4, 8), NOTE), head(8), last)
        assert refused.value.size == told
        assert str(refused.value) == f"the tree of {told} leaves was cosigned last"
    with pytest.raises(NotConsistent, match=r"^there is nothing to prove: the old tree is empty$"):
        check_extension(AddCheckpoint(0, proof(4, 8), NOTE), head(8), None)
    with pytest.raises(NotConsistent, match=r"^the tree without leaves has another root$"):
        check_extension(AddCheckpoint(0, (), NOTE), TreeHead(0, bytes(32)), None)
    check_extension(AddCheckpoint(0, (), NOTE), TreeHead(0, EMPTY_ROOT), None)
    with pytest.raises(NotConsistent, match="too many hashes"):
        check_extension(AddCheckpoint(8, (bytes(32),), NOTE), head(8), head(8))


def test_each_older_copy_of_a_ledger_against_each_later_checkpoint() -> None:
    """It is too short for what was remembered; the ledger itself goes on from each of its own checkpoints."""

    def subtree_hash(whole: WholeSubtree) -> bytes:
        height, position = whole
        return oracle.tree_hash(LEAVES[position << height : (position + 1) << height])

    for entries in range(len(LEAVES) + 1):
        for size in range(len(LEAVES) + 1):
            if size <= entries:
                check_remembered(head(size), entries, subtree_hash)
                if size:
                    with pytest.raises(OtherTree, match="have another root"):
                        check_remembered(head(size, OTHER), entries, subtree_hash)
                continue
            with pytest.raises(OtherTree, match=f"the ledger has {entries} entries, {size} were said"):
                check_remembered(head(size), entries, subtree_hash)
