from __future__ import annotations

import pytest

from scheduler.definition import JobDefinition, revision
from tests.scheduler.configuration.reading import job, the_mistake_in


@pytest.mark.parametrize(("written", "codes"), [
    ("0", []), ("[0]", []), ("[0, 0]", []), ("3", [3]), ("[3, 0]", [0, 3]), ("[255, 3, 3]", [3, 255]),
])  # fmt: skip
def test_exit_codes_are_one_or_a_list(written: str, codes: list[int]) -> None:
    """One code stands for a list of one; the order does not count, nor a code that is written twice."""
    assert job(f"command: x, every: 5m, success_codes: {written}").success_codes == tuple(codes)


def test_what_applies_anyway_is_no_other_definition() -> None:
    """A job whose only success is 0 has the revision that it had before the key existed."""
    plain, written = (job(f"command: x, every: 5m{more}") for more in ("", ", success_codes: 0"))
    assert revision(plain) == revision(written)
    assert plain == JobDefinition(name="a", command="x", every="5m")


@pytest.mark.parametrize(("written", "column", "said"), [
    ("[0, 256]", 54, "256 is out of range: this takes a whole number from 0 to 255"),
    ("[0, '3']", 54, "this takes a whole number from 0 to 255 without quotes, not the text '3'"),
    ("[]", 50, "the list is empty: this takes an exit code from 0 to 255, or a list of them"),
    ("ok", 50, "this takes a whole number from 0 to 255, not 'ok'"),
])  # fmt: skip
def test_a_mistaken_exit_code_is_placed(written: str, column: int, said: str) -> None:
    """A mistake is told where that element stands."""
    mistake = the_mistake_in(f"every: 5m, command: x, success_codes: {written}")
    assert (mistake.column, mistake.message) == (column, said)
    assert mistake.key.startswith("jobs.a.success_codes")


@pytest.mark.parametrize(("written", "texts"), [
    ("ERROR", ["ERROR"]), ("[ERROR, 'a  b', ERROR]", ["ERROR", "a  b"]), ("[404, '.*']", ["404", ".*"]),
    ('"  tab\\t"', ["  tab\t"]),
])  # fmt: skip
def test_texts_are_taken_as_they_are_written(written: str, texts: list[str]) -> None:
    """One text stands for a list of one; nothing is stripped, and nothing is a pattern."""
    assert job(f"command: x, every: 5m, fail_on_output: {written}").fail_on_output == tuple(texts)


@pytest.mark.parametrize(("written", "said"), [
    ("[a, '']", "this is empty: it takes text"),
    ("[a, on]", "YAML reads on as a boolean, not as text: write it in quotes"),
    ('"a\\nb"', "the text holds a line break or a control character: it is looked for in a line"),
    ("[]", "the list is empty: this takes a text, or a list of texts"),
    (str([f"t{n}" for n in range(21)]), "there are 21 texts: at most 20 are looked for"),
    ("x" * 1_001, "the text has 1,001 characters: 1,000 is the most"),
])  # fmt: skip
def test_a_mistaken_text_is_told(written: str, said: str) -> None:
    """What could never be found, or costs too much to look for, is refused."""
    mistake = the_mistake_in(f"every: 5m, command: x, fail_on_output: {written}")
    assert mistake.message == said
