from __future__ import annotations

import re
from typing import Any

import msgspec
import pytest

from cli.words.entry_lines import event_line, sentence
from cli.words.words import outcome_words
from eventstore.store import GENESIS, Entry
from scheduler import vocabulary as v
from scheduler.wording.entries import parts_of_table
from tests.cli.words.sentences import ANN, MOMENT, READS, entry


@pytest.mark.parametrize(
    ("given", "reads"), READS, ids=lambda value: value.type if isinstance(value, Entry) else ""
)
def test_every_entry_reads_as_a_sentence(given: Entry, reads: str) -> None:
    """Each type is worded for people, with times in the zone that was asked for."""
    assert sentence(given, "Europe/Paris") == reads


def test_no_type_of_the_vocabulary_is_left_without_words() -> None:
    """The table that the command line and the logs read has them all; `docs/vocabulary.md` shows how each is told."""
    types = [entry_type for part in parts_of_table() for entry_type in part]
    assert sorted(types) == sorted(v.PAYLOADS)


def test_a_line_has_the_time_a_symbol_and_the_sentence() -> None:
    """To the millisecond, in the zone of the stream, which a dated line says; without colour if none is wanted."""
    given = next(given for given, reads in READS if "succeeded" in reads)
    line = event_line(given, "Europe/Paris", colour=False)
    assert line == "02:00:00.003  ✓  run 41 of nightly succeeded in 1.2 s"
    assert event_line(given, "UTC", colour=False, unicode=False, date=True).startswith(
        "2026-11-23 01:00:00.003Z  ok "
    )
    here = event_line(given, "Europe/Paris", colour=False, date=True)
    assert here.startswith("2026-11-23 02:00:00.003+01:00  ✓ ")
    assert "\x1b[32m" in event_line(given, "UTC", colour=True)


@pytest.mark.parametrize(
    ("type_", "data"),
    [
        ("moon.rose", {"a": 1}),
        ("run.finished", {"outcome": "exploded"}),
        ("run.started", {}),
        ("job.disabled", {"until": 7}),
    ],
)
def test_what_is_not_understood_still_gets_a_line(type_: str, data: dict[str, Any]) -> None:
    """Unknown types and payloads of later versions are named, not choked on."""
    raw = msgspec.Raw(msgspec.json.encode(data))
    given = Entry(41, MOMENT, type_, ANN, raw, 41, GENESIS, GENESIS, "nightly", 41)
    assert sentence(given) == f"{type_} run 41 of nightly by user:ann@web1"
    assert type_ in event_line(given, "UTC", colour=True)


def test_names_and_reasons_cannot_break_the_terminal() -> None:
    """Whatever stands in an entry, its line is one printable line."""
    nasty = entry(v.JobDisabled(reason="\x1b]0;x\x07\n\u202e"), "user:\x1b[1m@x", "a\tb\x1b[2J")
    assert sentence(nasty).isprintable()
    assert event_line(nasty, "UTC", colour=False).isprintable()


@pytest.mark.parametrize("job", ["m", "2", "run", "of", "nightly", "r", "owed: due"])
def test_a_coloured_line_says_what_the_plain_one_says(job: str) -> None:
    """Colours are put around words, whatever a job is called."""
    for given, _ in READS:
        named = msgspec.structs.replace(given, job=job)
        coloured = event_line(named, "UTC", colour=True)
        assert re.sub(r"\x1b\[[0-9;]*m", "", coloured) == event_line(named, "UTC", colour=False)


def test_outcomes_have_short_words() -> None:
    """For tables."""
    assert outcome_words("succeeded") == "succeeded"
    assert outcome_words("failed", exit_code=3, error="oh\nno") == r"failed with exit code 3: oh\nno"
    assert outcome_words("failed", signal_number=9) == "failed, killed by SIGKILL"
    assert outcome_words("failed", signal_number=99) == "failed, killed by signal 99"
    assert outcome_words("lost") == "lost"
