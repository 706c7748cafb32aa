from __future__ import annotations

from pathlib import Path

import pytest

from scheduler import vocabulary as v
from scheduler.entry_members import FAILURES, MISFIRE_REASONS, OUTCOMES, SKIP_REASONS, TRIGGERS, Outcome
from scheduler.wording import causes, entries, outcomes
from tests.scheduler.vocabulary_docs import PAGE, entry_of, examples

ROOT = Path(__file__).resolve().parents[3]
EXAMPLES = examples(PAGE.read_text(encoding="utf-8"))


def test_every_name_of_the_vocabulary_has_its_words() -> None:
    """Outcomes, triggers and the reasons of misfires and skips: none is left without words, and none is made up."""
    assert set(outcomes.OUTCOME_WORDINGS) == set(OUTCOMES)
    assert set(causes.TRIGGER_WORDS) == set(TRIGGERS)
    assert set(causes.MISFIRE_WORDINGS) == set(MISFIRE_REASONS)
    assert set(causes.SKIP_WORDS) == set(SKIP_REASONS)


@pytest.mark.parametrize("outcome", OUTCOMES)
def test_a_failure_is_told_as_one_everywhere(outcome: Outcome) -> None:
    """A failure is bad at the terminal and an error in the logs, where all begin alike; nothing else is."""
    wording = outcomes.OUTCOME_WORDINGS[outcome]
    is_failure = outcome in FAILURES
    assert (wording.tone == "bad") == is_failure
    assert (wording.level == "error") == is_failure
    assert f"{wording.message}: ".startswith(outcomes.FAILED) == is_failure


@pytest.mark.parametrize("name", v.PAYLOADS)
def test_the_table_tells_every_type(name: str) -> None:
    """Neither the sentence nor the message of an entry is the plain one of a type that is not known."""
    entry = entry_of(EXAMPLES[name])
    assert name not in entries.sentence(entry)
    assert name not in entries.message(entry, v.payload(entry)).text


def test_the_words_know_no_terminal() -> None:
    """They stand below the command line: what a tone looks like is not their business."""
    for path in (ROOT / "scheduler" / "wording").glob("*.py"):
        text = path.read_text(encoding="utf-8")
        assert "click" not in text
        assert "\x1b" not in text
        assert "import cli" not in text
        assert "from cli" not in text
