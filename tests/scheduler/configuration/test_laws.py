from __future__ import annotations

import contextlib
import json

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from scheduler.command import command_argv, command_digest
from scheduler.configuration.errors import ConfigInvalid
from scheduler.configuration.keys.ledger_keys import LEDGER_KEYS
from scheduler.configuration.keys.scheduler_keys import SCHEDULER_KEYS
from scheduler.configuration.keys.starter import STARTER
from scheduler.configuration.keys.table import JOB_KEYS
from scheduler.configuration.lints import lints
from scheduler.configuration.load import parse
from scheduler.configuration.settings.origins import origins
from scheduler.definition import JobDefinition
from tests.scheduler.configuration.reading import EVERYTHING, PATH
from tests.support.examples import examples

LINES = EVERYTHING.splitlines()
WORDS = st.sampled_from([
    *JOB_KEYS, *SCHEDULER_KEYS, *LEDGER_KEYS, "ledger", "jobs", "defaults", "scheduler", "a", "log-cleanup",
    "cleanup-sessions",
    "path", "pattern", "<<", "*a", "&a ", "!x ", "~", "on", "010", "1:30", "90s", "5m", "'* * * * *'",
    '"@daily"', "*/5", "UTC", "[", "]", "{", "}", ", ", ": ", ":", "- ", "\n", "\n  ", "\n    ", "\n      ",
    "\t", "'", '"', "#", "|", ">", "---\n", "%", "é", "\0", "\r", "\u2028", "2026-12-24T18:00:00Z",
    "Europe/Paris", "[a, b]", "{path: x}", "never", "true", "-1", "0",
])  # fmt: skip


def judged(raw: bytes) -> None:
    """Read it; it is valid or refused with places that exist, and nothing else happens."""
    try:
        config = parse(raw, PATH)
    except ConfigInvalid as invalid:
        assert invalid.errors  # noqa: PT017 -- a config may also be valid
        places = [(each.line, each.column) for each in invalid.errors]
        assert places == sorted(places)
        lines = invalid.sources[""].count("\n") + 1
        for each in invalid.errors:
            assert 1 <= each.line <= lines
            assert each.column >= 1
            assert each.message
            assert "\n" not in each.message
            invalid.excerpt_of(each)
        msgspec.json.encode(invalid.errors)
        return
    for name, job in config.jobs.items():
        definition = job.definition
        assert definition.name == name
        assert msgspec.json.decode(msgspec.json.encode(definition), type=JobDefinition) == definition
        assert sum(each is not None for each in (definition.schedule, definition.every, definition.at)) == 1
        assert job.env.keys() == definition.env.keys()
        assert len(command_digest(definition)) == 64
        assert all(origin.line is not None for origin in origins(job).values() if origin.kind != "default")
        with contextlib.suppress(ValueError):
            assert all("\0" not in each for each in command_argv(definition))
    assert lints(config) == sorted(lints(config))


@settings(max_examples=examples(66), deadline=None)
@given(st.binary(max_size=80))
def test_any_bytes_are_valid_or_refused(raw: bytes) -> None:
    """No bytes make reading fail in another way than by a list of mistakes."""
    judged(raw)


@settings(max_examples=examples(133), deadline=None)
@given(st.lists(WORDS, max_size=25))
def test_anything_like_yaml_is_valid_or_refused(words: list[str]) -> None:
    """No text that looks like a config makes reading fail in another way."""
    judged("".join(words).encode())


@settings(max_examples=examples(100), deadline=None)
@given(st.lists(st.tuples(st.integers(0, len(LINES) - 1), st.integers(0, 40), WORDS), min_size=1, max_size=4))
def test_a_damaged_config_is_valid_or_refused(damages: list[tuple[int, int, str]]) -> None:
    """A valid config with words inserted anywhere is read or refused."""
    lines = list(LINES)
    for line, column, word in damages:
        lines[line] = lines[line][:column] + word + lines[line][column:]
    judged("\n".join(lines).encode())


@settings(max_examples=examples(33), deadline=None)
@given(st.integers(0, len(STARTER.encode())))
def test_a_half_written_config_is_valid_or_refused(length: int) -> None:
    """A config cut at any byte, as an editor may leave it for a moment, is read or refused."""
    judged(STARTER.encode()[:length])


NAMES = st.from_regex(r"[A-Z_][A-Z0-9_]{0,5}", fullmatch=True)
TEXT = st.text(
    st.characters(exclude_categories=["Cs", "Cc", "Zl", "Zp", "Cn"], exclude_characters="\ufeff"), max_size=12
)


@settings(max_examples=examples(50), deadline=None)
@given(st.dictionaries(NAMES, TEXT, max_size=4), st.lists(TEXT, min_size=1, max_size=4))
def test_quoted_values_come_through_unchanged(env: dict[str, str], argv: list[str]) -> None:
    """Whatever text is written in quotes reaches the process as that text (JSON is YAML)."""
    argv = ["/bin/x", *argv]
    text = json.dumps({"jobs": {"a": {"command": argv, "every": "5m", "env": env}}}, ensure_ascii=False)
    job = parse(text.encode(), PATH).jobs["a"]
    assert (job.env, job.definition.command) == (env, argv)
