from __future__ import annotations

import pytest

from scheduler.configuration.lints import lints
from tests.scheduler.configuration.reading import read

JOB = "jobs:\n  a:\n    every: 5m\n    command: x\n"


def codes(job_keys: str) -> list[tuple[int, str]]:
    """Line and code of each remark on a job with these keys, which begin in line 4."""
    text = f"jobs:\n  a:\n    every: 5m\n    {job_keys}\n"
    return [(remark.line, remark.code) for remark in lints(read(text))]


@pytest.mark.parametrize(
    "value",
    ["$PATH:/opt/x", "/opt/x:$PATH", "${HOME}/x", "${home}", "$HOME", "~/x", "~ann/x", "/a:~/bin", "'~'"],
)
def test_what_nothing_expands_is_remarked_on(value: str) -> None:
    """Neither a value of `env` nor a word in a list is ever given to a shell, as those who write it may think."""
    assert codes(f"command: x\n    env:\n      X: {value}") == [(6, "not-expanded")]
    assert codes(f"command:\n    - cat\n    - {value}") == [(6, "not-expanded")]


@pytest.mark.parametrize("value", ["pa$$word", "$ecret", "a$B", "x~", "~~~", "a~/b", "$1", "costs $5", "$"])
def test_other_dollars_and_tildes_are_nobodys_concern(value: str) -> None:
    """A password, a price, a backup's name."""
    assert codes(f"command: x\n    env:\n      X: {value}") == []


def test_a_shell_expands() -> None:
    """A command as one text goes through a shell where it needs one, and so may hold both."""
    assert codes("command: cat $HOME/x ~/y") == []
    assert codes("command: [sh, -c, 'cat $HOME/x ~/y']") == []


def test_defaults_are_looked_at_once_and_no_value_is_quoted() -> None:
    """The remark stands where the value does, belongs to no job, and does not show what may be secret."""
    text = "defaults:\n  env:\n    TOKEN: $SECRET_WORD\n" + JOB + "  b: {every: 5m, command: y}\n"
    (remark,) = lints(read(text))
    assert (remark.line, remark.column, remark.job, remark.code) == (3, 12, "", "not-expanded")
    assert "TOKEN" in remark.message
    assert "SECRET" not in remark.message


@pytest.mark.parametrize(
    "character", ["\u00a0", "\u3000", "\u2009", "\u200b", "\u00ad", "\u202e", "\u2066", "\u3164", "\u2060"]
)
def test_what_looks_like_a_blank_and_is_none_is_remarked_on(character: str) -> None:
    """A no-break space in a command is a part of a word: the program is not found, or gets another argument."""
    remarked = [(4, "unseen-character")]
    assert codes(f"command: backup{character}--all") == remarked
    assert codes(f"command: [backup, 'a{character}b']") == remarked
    assert codes(f"command: x\n    working_directory: /srv{character}app") == [(5, "unseen-character")]
    assert codes(f"command: x\n    env:\n      X: 'a{character}b'") == [(6, "unseen-character")]
    (remark,) = lints(read(f"{JOB[:-2]}backup{character}--all\n"))
    assert f"character 7 of command is U+{ord(character):04X} (" in remark.message


def test_letters_of_any_script_are_seen() -> None:
    """What is not ASCII is no mistake for that."""
    assert codes("command: 'echo grüße 東京 ελλάδα €'") == []
