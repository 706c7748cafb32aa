from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from cli.evidence.bundle.left_out import tree_lines
from eventstore.proofs.frontier import Frontier
from eventstore.proofs.merkle_tree import LeafRange, WholeSubtree, leaf_hash
from tests.support.merkle_oracle import tree_hash

LEAVES = [b"%d" % number for number in range(70)]


def subtree_hash(whole: WholeSubtree) -> bytes:
    """By the recursion of RFC 6962."""
    first, count = whole.position << whole.height, 1 << whole.height
    return tree_hash(LEAVES[first : first + count])


@given(st.sets(st.integers(0, 69), max_size=12), st.sets(st.integers(1, 70), min_size=1, max_size=5))
def test_what_is_left_out_and_what_is_held_make_each_root(held: set[int], sizes: set[int]) -> None:
    """Whatever is held, and whichever trees are signed: each root comes out, and no hash is there in vain."""
    ranges = [LeafRange(seq, seq + 1) for seq in sorted(held)]
    left_out: dict[int, tuple[int, bytes]] = {}
    for line in tree_lines(ranges, sizes, subtree_hash):
        seq, high, written = line.decode().split()
        left_out[int(seq)] = int(high), bytes.fromhex(written)
    tree, roots = Frontier(), {}
    while tree.size in left_out or tree.size in held:
        if tree.size in held:
            tree.add(leaf_hash(LEAVES[tree.size]))
        else:
            height, digest = left_out.pop(tree.size)
            tree.add(digest, height)
        roots[tree.size] = tree.root()
    assert not left_out
    assert {size: roots[size] for size in sizes} == {size: tree_hash(LEAVES[:size]) for size in sizes}
    assert tree.size == max({*sizes, *(seq + 1 for seq in held)})
