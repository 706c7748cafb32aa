from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scheduler.processes import OutputDigest
from scheduler.processes.output.output import SMALL_BYTES
from scheduler.processes.output.output_search import FoundText, OutputSearch
from tests.support.examples import examples


def searched(output: bytes, texts: list[str], cuts: list[int]) -> FoundText | None:
    """What is found in an output that is cut into pieces at these places."""
    search = OutputSearch(texts)
    bounds = [0, *sorted(cuts), len(output)]
    for begin, end in pairwise(bounds):
        search.take(memoryview(output)[begin:end])
    return search.found


def by_definition(output: bytes, texts: list[str]) -> FoundText | None:
    """The text that ends first, the longest of those that end together."""
    for end in range(1, len(output) + 1):
        here = [text for text in texts if output[:end].endswith(text.encode())]
        if here:
            text = max(here, key=lambda text: len(text.encode()))
            return FoundText(text, 1 + output[: end - len(text.encode())].count(b"\n"))
    return None


@settings(max_examples=examples(60), deadline=None)
@given(
    st.lists(st.sampled_from("ab\nñ"), max_size=24).map("".join),
    st.lists(st.text("abñ", min_size=1, max_size=4), min_size=1, max_size=4),
    st.data(),
)
def test_what_is_found_does_not_depend_on_the_pieces(
    output: str, texts: list[str], data: st.DataObject
) -> None:
    """Wherever the output is cut, amid a character even, the same text is found in the same line."""
    raw = output.encode()
    cuts = data.draw(st.lists(st.integers(0, len(raw)), max_size=6))
    assert searched(raw, texts, cuts) == by_definition(raw, texts)


def test_texts_are_no_patterns() -> None:
    """A dot is a dot, and case counts."""
    assert searched(b"axb\nERROR\n", ["a.b", "error"], []) is None
    assert searched(b"x\na.b\n", ["a.b"], [3]) == FoundText("a.b", 2)


@pytest.mark.parametrize("before", [0, SMALL_BYTES - 3, 3 * SMALL_BYTES - 1])
def test_a_text_is_found_across_what_is_read_at_once(tmp_path: Path, before: int) -> None:
    """The digest reads in slices; a text on the border of two is found, and the digest is that of the whole."""
    path = tmp_path / "5-1.stdout"
    path.write_bytes(b"\n" * before + b"out of space\n" + b"y" * SMALL_BYTES)
    digest = OutputDigest(str(path))
    plain = OutputDigest(str(path))
    digest.search = OutputSearch(["no", "out of space"])
    while not digest.advance(1) or not plain.advance():
        pass
    assert digest.search.found == FoundText("out of space", before + 1)
    assert digest.sha256 == plain.sha256
    assert (digest.passes, plain.passes) == (3, 1)
