from __future__ import annotations

import re
import string
import sys
from unittest import mock

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from scheduler.logs import LogEntry, Pattern
from scheduler.logs.query.prefilter import FOLDED_FROM_ELSEWHERE, of_expression, of_text
from scheduler.logs.storage.entry import encode_lines
from tests.support.examples import examples

BEYOND_ASCII = "".join(map(chr, [*range(0x80, 0xD800), *range(0xE000, sys.maxunicode + 1)]))
LETTERS = 'abikzs 05"\\\u0130\u0131\u017f\u212a\u00dfé'
FRAGMENTS = (
    "ab", "disk", "k", "S", " ", "05", '"', r"\\", r"\d", "[a-k]", "[^x]", ".", ".*", "a+", "(ab|kiz)", "(?:a|bz)",
    "(?:ab){2}", "(?i:AB)", "(?=b)", "(?!z)", r"\b", "^", "$", "b?", "é", "\u0130", "\u212a", "(?>ab)", "a++", "(sz)",
    r"\d{2}", r"\d+:", "[a-k5]{2,3}", "[Z-a]", r"\w", r"\s", "[sz]{2}", r"(\d)\1", "(?=5)", "[^\\d]", "[k-s0]+?k",
)  # fmt: skip
EXPRESSIONS = st.lists(st.sampled_from(FRAGMENTS), min_size=1, max_size=6).map("".join)
TEXTS = st.text(alphabet=LETTERS + LETTERS.upper(), max_size=30) | st.lists(
    st.sampled_from(["ab", "DISK", "k", "s ", "05", '"', "\\", "K\u0130", "kiz", "BZ", "\u212ai\u017f"]),
    max_size=8,
).map("".join)


def entry(message: str, fields: dict[str, object] | None = None) -> LogEntry:
    """An entry with this message."""
    return LogEntry(
        time="2026-11-23T00:00:00.000000Z", level="info", stream="stdout", message=message, fields=fields
    )


def test_the_letters_that_others_equal_are_those() -> None:
    """Of ASCII, `i`, `k` and `s` alone are found, whatever the case, where a letter beyond ASCII stands."""
    by_expression = {
        letter for letter in string.ascii_lowercase if re.search(letter, BEYOND_ASCII, re.IGNORECASE)
    }
    by_lowering = {char for char in BEYOND_ASCII.lower() if char.isascii()}
    assert by_expression | by_lowering == FOLDED_FROM_ELSEWHERE
    others = "".join(map(re.escape, sorted(set(map(chr, range(128))) - set(string.ascii_letters))))
    assert re.search(f"[{others}]", BEYOND_ASCII, re.IGNORECASE) is None


@settings(max_examples=examples(150))
@given(EXPRESSIONS, st.lists(TEXTS, max_size=6), st.booleans())
@example("disk", ["D\u0130S\u212a"], False)
@example("a|^", ["", "x"], False)
@example('"n":"disk', ["x"], False)
def test_no_line_is_dismissed_that_matches(expression: str, texts: list[str], case_sensitive: bool) -> None:
    """Whatever the expression, the quick look gives out every line in which it matches."""
    pattern = Pattern(expression, regex=True, case_sensitive=case_sensitive)
    entries = [entry(text, {"n": text} if number % 2 else None) for number, text in enumerate(texts)]
    candidates = pattern.candidates(encode_lines(entries)).split(b"\n")
    for each in entries:
        if pattern.matches(each):
            assert encode_lines([each]).strip(b"\n") in candidates
    block = encode_lines(entries)
    assert pattern.matching(block) == [
        encode_lines([each]).strip(b"\n") for each in entries if pattern.matches(each)
    ]


@given(TEXTS.filter(bool), st.lists(TEXTS, max_size=6))
@example("\u212adisk\u0130", ["kdiski\u0307"])
def test_no_line_is_dismissed_in_which_a_text_stands(text: str, texts: list[str]) -> None:
    """A text beyond ASCII is found whatever the case of its letters."""
    pattern = Pattern(text)
    entries = [entry(each) for each in texts]
    candidates = pattern.candidates(encode_lines(entries)).split(b"\n")
    assert {encode_lines([each]).strip(b"\n") for each in entries if pattern.matches(each)} <= set(candidates)


@pytest.mark.parametrize(
    ("expression", "in_ascii", "anywhere"),
    [
        (r"exit code \d+", (b"exit code 0",), (b"t code ",)),
        (r"(?:error|timeout): \d", (b"error", b"timeout"), (b"error", b"meout")),
        (r"^GET .* 5\d\d ", (b"get ",), (b"get ",)),
        (r"\d", (), ()),
        (r"\d{3}", (b"000",), ()),
        (r"\b\d{4}: [x-z]+!", (b"0000: x",), (b": ",)),
        (r"in \d+ ms", (b"in 0",), (b"n ",)),
        (r"x[ab]y[bc]", (b"xaya",), (b"x",)),
        (r"\w+@\w+", (b"@",), (b"@",)),
        (r"\w\s\W.[^a]", (), ()),
        (r"a|b", (b"a",), ()),
        (r"disk", (b"disk",), (b"d",)),
        (r"(full)?", (), ()),
        (r"(full)+!", (b"full",), (b"full",)),
        (r'say "hello"', (b"hello",), (b"hello",)),
    ],
)
def test_what_an_expression_requires(
    expression: str, in_ascii: tuple[bytes, ...], anywhere: tuple[bytes, ...]
) -> None:
    """The longest text that is in every match, or one of several; nothing where there is none worth a look."""
    found = of_expression(expression, case_sensitive=False)
    assert (found.in_ascii, found.anywhere) == (in_ascii, anywhere)
    assert not found.exact
    assert of_expression("DiSK", case_sensitive=True).anywhere == (b"DiSK",)
    assert of_text("na\u00efve").anywhere == (b"na",)


def test_without_the_parser_every_line_is_looked_at() -> None:
    """It is a private part of Python: where it is gone, nothing is dismissed and all is found."""
    with mock.patch("importlib.import_module", side_effect=ImportError):
        pattern = Pattern(r"exit code \d", regex=True)
    block = encode_lines([entry("exit code 4"), entry("none")])
    assert pattern.candidates(block) == block
    assert len(pattern.matching(block)) == 1
