"""The tree and its proofs against a recursion that was written down from RFC 6962 and knows nothing of them."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from hashlib import sha256

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from eventstore.proofs.consistency import prove_consistency, verify_consistency
from eventstore.proofs.errors import InvalidProof
from eventstore.proofs.frontier import Frontier
from eventstore.proofs.inclusion import included_root, prove_inclusion, verify_inclusion
from eventstore.proofs.merkle_tree import (
    EMPTY_ROOT,
    LeafRange,
    SubtreeHash,
    WholeSubtree,
    joined_root,
    leaf_hash,
    leaf_hashes,
    node_hash,
    range_root,
    tree_root,
    whole_subtrees,
)
from tests.support import merkle_oracle as oracle
from tests.support.examples import examples

SIZE_MAX = 70
"""Small sizes have all shapes of trees that there are, and are all looked at."""
LEAVES = [b"leaf %d" % seq for seq in range(SIZE_MAX)]
LEAF_HASHES = [leaf_hash(leaf) for leaf in LEAVES]
ROOTS = [oracle.tree_hash(LEAVES[:size]) for size in range(SIZE_MAX + 1)]

_SIZES = st.integers(1, SIZE_MAX)


def subtrees(leaves: list[bytes]) -> SubtreeHash:
    """The hashes of whole subtrees, each computed by the recursion."""

    @cache
    def subtree_hash(whole: WholeSubtree) -> bytes:
        height, position = whole
        taken = leaves[position << height : (position + 1) << height]
        assert len(taken) == 1 << height, "asked for leaves that are not there"
        return oracle.tree_hash(taken)

    return subtree_hash


SUBTREES = subtrees(LEAVES)


def damaged(proof: list[bytes], extra: bytes) -> Iterator[list[bytes]]:
    """A proof with each hash flipped, dropped, doubled, cut short; with two changed over; with one more anywhere."""
    for at, each in enumerate(proof):
        for place in (0, 31):
            flipped = bytearray(each)
            flipped[place] ^= 0x10
            yield [*proof[:at], bytes(flipped), *proof[at + 1 :]]
        yield proof[:at] + proof[at + 1 :]
        yield [*proof[:at], each, *proof[at:]]
        yield [*proof[:at], each[:-1], *proof[at + 1 :]]
        yield [*proof[:at], b"", *proof[at + 1 :]]
    for at in range(len(proof) - 1):
        yield [*proof[:at], proof[at + 1], proof[at], *proof[at + 2 :]]
    for at in range(len(proof) + 1):
        yield [*proof[:at], extra, *proof[at:]]


def test_hashes_have_their_prefixes() -> None:
    """A leaf begins with 0 and a node with 1, and the empty tree is the hash of nothing: section 2.1."""
    assert leaf_hash(b"x") == sha256(b"\0x").digest()
    assert node_hash(b"l" * 32, b"r" * 32) == sha256(b"\1" + b"l" * 32 + b"r" * 32).digest()
    assert EMPTY_ROOT.hex() == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"


@pytest.mark.parametrize("size", range(SIZE_MAX + 1))
def test_every_way_to_the_root_is_the_definition(size: int) -> None:
    """Whole subtrees, hashes in a row, a tree that grows: all have the root that the recursion has."""
    frontier = Frontier()
    for each in LEAF_HASHES[:size]:
        frontier.add(each)
    assert tree_root(size, SUBTREES) == ROOTS[size]
    assert joined_root(b"".join(LEAF_HASHES[:size])) == ROOTS[size]
    assert (frontier.size, frontier.root()) == (size, ROOTS[size])
    assert len(frontier.hashes) == size.bit_count()
    assert Frontier(size, frontier.hashes).root() == ROOTS[size]


@given(st.lists(st.binary(max_size=80), max_size=40))
def test_leaves_may_hold_anything(leaves: list[bytes]) -> None:
    """Empty leaves, equal ones, bytes that look like hashes of nodes."""
    assert tree_root(len(leaves), subtrees(leaves)) == oracle.tree_hash(leaves)
    assert joined_root(leaf_hashes(leaves)) == oracle.tree_hash(leaves)


@settings(max_examples=examples(10))
@given(st.data())
def test_a_tree_grows_by_subtrees_as_by_leaves(data: st.DataObject) -> None:
    """However the leaves come, one at a time or as whole subtrees, the root is the same after each."""
    frontier = Frontier()
    while frontier.size < SIZE_MAX:
        fitting = [
            height
            for height in range(7)
            if frontier.size % (1 << height) == 0 and frontier.size + (1 << height) <= SIZE_MAX
        ]
        height = data.draw(st.sampled_from(fitting))
        frontier.add(SUBTREES(WholeSubtree(height, frontier.size >> height)), height)
        assert frontier.root() == ROOTS[frontier.size]


def test_a_subtree_that_cannot_begin_here_is_refused() -> None:
    """A pair of leaves begins at an even leaf; hashes of another size are no tree."""
    frontier = Frontier(1, [LEAF_HASHES[0]])
    with pytest.raises(ValueError, match="no subtree of 2 leaves begins at leaf 1"):
        frontier.add(node_hash(LEAF_HASHES[1], LEAF_HASHES[2]), 1)
    assert frontier.root() == ROOTS[1]
    for size, hashes in ((2, LEAF_HASHES[:2]), (1, []), (0, LEAF_HASHES[:1]), (1, [b"short"]), (-1, [])):
        with pytest.raises(ValueError, match="not the hashes of a tree"):
            Frontier(size, hashes)


def test_ranges_that_no_tree_has_are_refused() -> None:
    """Leaves 1 and 2 have no common parent of their own."""
    with pytest.raises(ValueError, match="leaves 1 to 2 are no subtree"):
        range_root(LeafRange(1, 3), SUBTREES)
    assert whole_subtrees(LeafRange(8, 15)) == [(2, 2), (1, 6), (0, 14)]
    with pytest.raises(ValueError, match="33 bytes are not whole hashes"):
        joined_root(b"x" * 33)


@pytest.mark.parametrize("size", range(1, SIZE_MAX + 1))
def test_an_inclusion_proof_is_the_path(size: int) -> None:
    """Every leaf of every small tree: the proof is PATH(m, D[n]), and is accepted."""
    for index in range(size):
        proof = prove_inclusion(index, size, SUBTREES)
        assert proof == oracle.path(index, LEAVES[:size])
        verify_inclusion(LEAF_HASHES[index], index, size, proof, ROOTS[size])


@pytest.mark.parametrize("size", range(1, SIZE_MAX + 1))
def test_a_consistency_proof_is_the_definition(size: int) -> None:
    """Every beginning of every small tree: the proof is PROOF(m, D[n]), and is accepted."""
    for old_size in range(1, size + 1):
        proof = prove_consistency(old_size, size, SUBTREES)
        assert proof == oracle.proof(old_size, LEAVES[:size])
        verify_consistency(old_size, size, proof, ROOTS[old_size], ROOTS[size])


@pytest.mark.parametrize("index", [-1, 3, 4])
def test_there_is_no_proof_of_a_leaf_that_is_not_there(index: int) -> None:
    """A tree of three leaves has the leaves 0 to 2."""
    with pytest.raises(ValueError, match=f"a tree of 3 leaves has no leaf {index}"):
        prove_inclusion(index, 3, SUBTREES)
    with pytest.raises(InvalidProof, match="has no leaf"):
        included_root(LEAF_HASHES[0], index, 3, [])


@pytest.mark.parametrize(("old_size", "size"), [(0, 3), (4, 3), (-1, 3), (0, 0)])
def test_nothing_proves_what_is_no_beginning(old_size: int, size: int) -> None:
    """An empty tree begins every tree, and a larger one none."""
    with pytest.raises(ValueError, match="nothing proves"):
        prove_consistency(old_size, size, SUBTREES)
    with pytest.raises(InvalidProof, match="nothing proves"):
        verify_consistency(old_size, size, [], ROOTS[0], ROOTS[0])


@settings(max_examples=examples(20))
@given(st.data())
def test_a_damaged_inclusion_proof_is_refused(data: st.DataObject) -> None:
    """Each hash flipped, dropped, doubled, added; index and size off by one; another leaf, another root."""
    size = data.draw(_SIZES)
    index = data.draw(st.integers(0, size - 1))
    proof, leaf = prove_inclusion(index, size, SUBTREES), LEAF_HASHES[index]
    wrong = [(leaf, index, size, each, ROOTS[size]) for each in damaged(proof, ROOTS[size])]
    wrong += [(leaf, index + step, size, proof, ROOTS[size]) for step in (-1, 1)]
    wrong += [
        (leaf, index, other, proof, ROOTS[other]) for other in (size - 1, size + 1) if 0 <= other <= SIZE_MAX
    ]
    wrong.append((leaf_hash(b"another leaf"), index, size, proof, ROOTS[size]))
    wrong.append((LEAVES[index], index, size, proof, ROOTS[size]))
    wrong.append((leaf, index, size, proof, EMPTY_ROOT))
    for arguments in wrong:
        with pytest.raises(InvalidProof):
            verify_inclusion(*arguments)


@settings(max_examples=examples(20))
@given(st.data())
def test_a_proof_may_fit_another_size_and_never_another_shape(data: st.DataObject) -> None:
    """A path does not tell how many leaves there are to its right: that is why a checkpoint signs the size too."""
    size = data.draw(st.integers(1, SIZE_MAX - 1))
    index = data.draw(st.integers(0, size - 1))
    proof = prove_inclusion(index, size, SUBTREES)
    for other in (size - 1, size + 1):
        try:
            verify_inclusion(LEAF_HASHES[index], index, other, proof, ROOTS[size])
        except InvalidProof:
            continue
        assert len(proof) == len(prove_inclusion(index, other, SUBTREES))


@settings(max_examples=examples(20))
@given(st.data())
def test_a_damaged_consistency_proof_is_refused(data: st.DataObject) -> None:
    """Each hash flipped, dropped, doubled, added; either size off by one; the roots changed over."""
    size = data.draw(st.integers(2, SIZE_MAX))
    old_size = data.draw(st.integers(1, size - 1))
    proof = prove_consistency(old_size, size, SUBTREES)
    old_root, root = ROOTS[old_size], ROOTS[size]
    wrong = [(old_size, size, each, old_root, root) for each in damaged(proof, root)]
    wrong += [(old_size + step, size, proof, ROOTS[old_size + step], root) for step in (-1, 1)]
    wrong += [
        (old_size, other, proof, old_root, ROOTS[other])
        for other in (size - 1, size + 1)
        if other <= SIZE_MAX
    ]
    wrong.append((old_size, size, proof, root, old_root))
    wrong.append((old_size, size, proof, old_root, EMPTY_ROOT))
    wrong.append((old_size, size, proof, old_root[:-1], root))
    wrong.append((size, old_size, proof, root, old_root))
    for arguments in wrong:
        with pytest.raises(InvalidProof):
            verify_consistency(*arguments)


def test_equal_trees_need_no_proof() -> None:
    """The proof is empty, the roots are equal; anything more is refused."""
    verify_consistency(5, 5, [], ROOTS[5], ROOTS[5])
    for proof, root in (([ROOTS[5]], ROOTS[5]), ([], ROOTS[4])):
        with pytest.raises(InvalidProof):
            verify_consistency(5, 5, proof, ROOTS[5], root)


def test_long_trees_have_short_proofs() -> None:
    """Of 10 million leaves a proof has 24 hashes at most, and takes as many steps."""
    asked = []

    def subtree_hash(whole: WholeSubtree) -> bytes:
        asked.append(whole)
        return sha256(repr(whole).encode()).digest()

    assert len(prove_inclusion(9_999_999, 10_000_000, subtree_hash)) <= 24
    assert len(prove_consistency(1_234_567, 10_000_000, subtree_hash)) <= 25
    assert len(asked) < 100
