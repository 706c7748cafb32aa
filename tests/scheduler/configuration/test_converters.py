from __future__ import annotations

import pytest

from scheduler.definition import JobDefinition, revision
from tests.scheduler.configuration.reading import job, the_mistake


@pytest.mark.parametrize(("written", "codes"), [
    ("0", []), ("[0]", []), ("[0, 0]", []), ("3", [3]), ("[3, 0]", [0, 3]), ("[255, 3, 3]", [3, 255]),
])  # fmt: skip
def test_exit_codes_are_one_or_a_list(written: str, codes: list[int]) -> None:
    """One code stands for a list of one; the order does not count, nor a code that is written twice."""
    assert job(f"command: x, every: 5m, success_codes: {written}").success_codes == codes


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
    mistake = the_mistake(f"jobs: {{a: {{every: 5m, command: x, success_codes: {written}}}}}")
    assert (mistake.column, mistake.message) == (column, said)
    assert mistake.key.startswith("jobs.a.success_codes")
