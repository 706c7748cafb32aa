"""What is sent to a witness: the specification's example, and what is no request."""

from __future__ import annotations

import pytest

from eventstore.proofs.errors import InvalidNote, InvalidProof
from eventstore.proofs.notes.note import Note, parse_note
from eventstore.proofs.notes.signing import Cosigner, Signer
from eventstore.proofs.witnessing.request import (
    HASHES_MAX,
    REQUEST_BYTES_MAX,
    parse_cosignatures,
    parse_request,
)

HASHES = """\
PlRNCrwHpqhGrupue0L7gxbjbMiKA9temvuZZDDpkaw=
jrJZDmY8Y7SyJE0MWLpLozkIVMSMZcD5kvuKxPC3swk=
5+pKlUdi2LeF/BcMHBn+Ku6yhPGNCswZZD1X/6QgPd8=
/6WVhPs2CwSsb5rYBH5cjHV/wSmA79abXAwhXw3Kj/0=
"""
NOTE = """\
example.com/behind-the-sofa
20852163
CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=

— example.com/behind-the-sofa Az3grlgtzPICa5OS8npVmf1Myq/5IZniMp+ZJurmRDeOoRDe4URYN7u5/Zhcyv2q1gGzGku9nTo+zyWE+xeMcTOAYQ8=
— example.com/behind-the-sofa opLqBQsREYCgu6xQkYQwJr9fo45a62DN9EdmHXnZdXNqlcVGlCum2Wks+49/V6267UEjw6QUXTS5Rovnzv++qbSzm9Q=
"""  # noqa: E501
EXAMPLE = f"old 20852014\n{HASHES}\n{NOTE}"
"""The example of c2sp.org/tlog-witness."""
ANSWER = """\
— witness.example/w1 CMp+6LWBU0anHGH5aNDTJkH/gj79sG+T6+iP2ThYN5krrDJbR1HDnucjL39QsZTSvVjyQLrdk3DXDqI5G2HgLatVs0pWh6Up69HVOw==
— witness.example/w1 I7rEps0pvK2UqkS2gSpVUDhrhVtQV9lgF6pRrWAvjJHjyWpW7VcE3SiOlVlbQNt64vWhO+DlkL0+UfzuOBMh9ChdMkP1vi/lCAsmlw==
— witness.example/w2 AWui8Sk55XjYLOijihBjhqEH6nS1ndDymE0a+6idX7pLcnoB+dhnz0854aLZgrrKbYKA7nC3HNJhm/kWl7oJlqU3rXXvpysAdyP3wQ==
"""  # noqa: E501


def test_the_specification_s_example_is_read_and_written_again() -> None:
    """To the byte: its old size, its four hashes, its checkpoint with two signatures."""
    request = parse_request(EXAMPLE.encode())
    assert (request.old_size, len(request.hashes), len(request.note.signatures)) == (20_852_014, 4, 2)
    assert request.raw == EXAMPLE.encode()


@pytest.mark.parametrize(
    ("raw", "why"),
    [
        ("", "^it has no checkpoint behind an empty line$"),
        (EXAMPLE.replace("\n\n", "\n", 1), "its first line|no checkpoint|a hash"),
        (f"\n{EXAMPLE}", "^its first line does not say the old size$"),
        (EXAMPLE.replace("old ", "old  "), "its first line"),
        (EXAMPLE.replace("old ", "old 0"), "its first line"),
        (EXAMPLE.replace("old ", "old -"), "its first line"),
        (EXAMPLE.replace("old 20852014", "20852014"), "its first line"),
        (EXAMPLE.replace("old 2", "old ٢"), "^it has characters beyond ASCII before its checkpoint$"),
        (EXAMPLE.replace("PlRN", "PlR"), "a hash"),
        (EXAMPLE.replace("PlRNCrwH", ""), "does not have 32 bytes"),
        (EXAMPLE.replace(HASHES, HASHES.replace("\n", "\r\n")), "a hash"),
        (EXAMPLE.replace(HASHES, HASHES[:45] * (HASHES_MAX + 1)), "more than 63 hashes"),
        ("x" * (REQUEST_BYTES_MAX + 1), "longer than"),
        ("x" * REQUEST_BYTES_MAX, "no checkpoint"),
    ],
)
def test_what_is_no_request_is_refused(raw: str, why: str) -> None:
    """And it is said why."""
    with pytest.raises(InvalidProof, match=why):
        parse_request(raw.encode())


def test_as_many_hashes_as_a_proof_may_have_are_read() -> None:
    """None, and 63."""
    for count in (0, HASHES_MAX):
        raw = EXAMPLE.replace(HASHES, HASHES[:45] * count)
        assert len(parse_request(raw.encode()).hashes) == count


def test_a_request_without_a_signed_note_is_refused() -> None:
    """The checkpoint is cut off before its signatures."""
    with pytest.raises(InvalidNote):
        parse_request(EXAMPLE.partition("— ")[0].encode())


def test_what_a_witness_answered_is_added_to_the_note() -> None:
    """The three lines of the specification's example, one more time nothing; nothing of it is verified yet."""
    note = parse_note(NOTE.encode())
    cosigned = parse_cosignatures(ANSWER.encode(), note)
    assert cosigned.raw == (NOTE + ANSWER).encode()
    assert parse_cosignatures(ANSWER.encode(), cosigned) == cosigned


@pytest.mark.parametrize(
    "answer",
    [
        "",
        "\n",
        "ok\n",
        ANSWER.removesuffix("\n"),
        f"\n{ANSWER}",
        ANSWER.replace("— ", "- "),
        f"x\n\n{ANSWER}",
    ],
)
def test_what_is_no_answer_of_a_witness_is_refused(answer: str) -> None:
    """It must be signature lines, and nothing else: above all nothing that would change the text of the note."""
    with pytest.raises(InvalidNote):
        parse_cosignatures(answer.encode(), parse_note(NOTE.encode()))


def test_an_empty_line_in_an_answer_is_told() -> None:
    """It would end the text of the note."""
    with pytest.raises(InvalidNote, match=r"^it is no list of signatures: it has an empty line$"):
        parse_cosignatures(f"x\n\n{ANSWER}".encode(), parse_note(NOTE.encode()))


def test_an_answer_cannot_become_the_text_of_the_note() -> None:
    """A witness that answers a whole note of its own, signed, changes nothing in ours."""
    own = Signer("example.com/behind-the-sofa", bytes(32))
    text = "example.com/behind-the-sofa\n1\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n"
    cosigned = Note(text, (own.sign(text), Cosigner("w", bytes(32)).cosign(text, 1)))
    with pytest.raises(InvalidNote):
        parse_cosignatures(cosigned.raw, parse_note(NOTE.encode()))
