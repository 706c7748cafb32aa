"""The JSON Schema of the config: whatever `check` accepts it accepts, and common slips it refuses."""

from __future__ import annotations

import json
import re
from itertools import chain
from pathlib import Path
from textwrap import dedent

import jsonschema
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scheduler.configuration.errors import ConfigInvalid
from scheduler.configuration.json_schema.config_schema import config_schema
from scheduler.configuration.keys.block_values.telemetry import TELEMETRY_KEYS
from scheduler.configuration.keys.channel_keys import CHANNEL_KEYS, KINDS
from scheduler.configuration.keys.key import Key
from scheduler.configuration.keys.ledger_keys import LEDGER_KEYS
from scheduler.configuration.keys.nodes import NODE_KEYS
from scheduler.configuration.keys.scheduler_keys import SCHEDULER_KEYS
from scheduler.configuration.keys.starter import STARTER
from scheduler.configuration.keys.table import DEFAULTS_KEYS, JOB_KEYS
from scheduler.configuration.keys.written_form import ANYTHING, form_of
from scheduler.configuration.load import parse
from scheduler.configuration.settings.job_settings import TIMING_KEYS
from tests.scheduler.configuration.config_docs import SCHEMA, schema
from tests.scheduler.configuration.json_schema.instances import instances
from tests.scheduler.configuration.reading import EVERYTHING, PATH
from tests.support.command import call
from tests.support.examples import examples

ROOT = Path(__file__).resolve().parents[4]
PAGES = sorted([ROOT / "README.md", *(ROOT / "docs").rglob("*.md")])
VALIDATOR = jsonschema.Draft7Validator(config_schema())
TABLES = {
    "job": JOB_KEYS,
    "scheduler": SCHEDULER_KEYS,
    "ledger": LEDGER_KEYS,
    "channel": CHANNEL_KEYS,
    "node": NODE_KEYS,
    "telemetry": TELEMETRY_KEYS,
}
_BLOCK = re.compile(r"^( *)```ya?ml\n(.*?)^ *```", re.MULTILINE | re.DOTALL)


def is_valid(text: str) -> bool:
    """Whether check accepts a config."""
    try:
        parse(text.encode(), PATH)
    except ConfigInvalid:
        return False
    return True


def refusals(text: str) -> list[str]:
    """What the schema refuses in a config, by whichever YAML."""
    found = chain.from_iterable(VALIDATOR.iter_errors(each) for each in instances(text))
    return [f"{error.json_path}: {error.message}" for error in found]


def check_not_stricter(text: str) -> bool:
    """A config that check accepts is one by the schema too; whether it is accepted."""
    if not is_valid(text):
        return False
    assert refusals(text) == [], text
    return True


def test_the_schema_is_one() -> None:
    """By the dialect that it says it is in."""
    jsonschema.Draft7Validator.check_schema(config_schema())


def test_the_schema_in_the_docs_is_current() -> None:
    """`python -m tests.scheduler.configuration.config_docs` writes it."""
    assert SCHEMA.read_text(encoding="utf-8") == schema()


def test_the_command_prints_it(tmp_path: Path) -> None:
    """Also where there is no home."""
    answer = call("schema", home=tmp_path / "none")
    assert (answer.code, json.loads(answer.out)) == (0, config_schema())
    assert answer.out == schema()


def test_a_terminal_gets_the_same_bytes(tmp_path: Path) -> None:
    """However wide it is: a line that is broken to fit is no JSON any more."""
    assert call("schema", home=tmp_path / "none", terminal=True).out == schema()


@pytest.mark.parametrize("table", list(TABLES))
def test_each_reader_says_how_its_values_are_written(table: str) -> None:
    """`@of_form(…)` before the reader: without one an editor knows nothing of the key."""
    assert [name for name, key in TABLES[table].items() if form_of(key.read) is ANYTHING] == []


def test_no_page_of_the_docs_shows_what_the_schema_refuses() -> None:
    """Each block of YAML that is a config, and jobs that are shown without `jobs:`."""
    accepted = 0
    for page in PAGES:
        for _, block in _BLOCK.findall(page.read_text(encoding="utf-8")):
            text = dedent(block)
            accepted += check_not_stricter(text) or check_not_stricter("jobs:\n" + block)
    assert accepted >= 10


def test_the_starter_config_is_right_by_the_schema() -> None:
    """As it stands, and with each block that it comments out."""
    assert check_not_stricter(STARTER)
    assert check_not_stricter(EVERYTHING)


@pytest.mark.parametrize(
    ("table", "name"), [(table, name) for table, keys in TABLES.items() for name in keys]
)
def test_the_example_of_each_key_is_right_by_the_schema(table: str, name: str) -> None:
    """As the starter config shows it."""
    key = TABLES[table][name]
    assert refusals(_with(table, name, key)) == []


def _with(table: str, name: str, key: Key) -> str:
    body = "\n".join("      " + line for line in key.example.split("\n"))
    if table in ("scheduler", "ledger"):
        return f"{table}:\n{body}\n"
    if table == "channel":
        return f"channels:\n    a:\n{body}\n"
    job = key.only[0] if key.only else "a"
    shared = f"defaults:\n{body}\n" if key.shared else ""
    return f"{shared}jobs:\n    {job}:\n{body}\n"


@pytest.mark.parametrize(
    "text",
    [
        "jobs: {a: {comand: x, every: 1h, command: y}}",
        "jobs: {a: {command: x, every: 1h, overlap: sometimes}}",
        "jobs: {a: {command: x, every: 1h, timeout: 90}}",
        "jobs: {a: {command: x, every: 1h, timeout: 90 seconds}}",
        "jobs: {a: {command: x, every: 1h, enabled: maybe}}",
        "jobs: {a: {command: x, every: 1h, catch_up_limit: 0}}",
        "jobs: {a: {command: x, every: 1h, retry: {atempts: 3}}}",
        "jobs: {a: {command: x, every: 1h, env: [A=b]}}",
        "jobs: {a: {command: x, every: 1h, env: {A-B: c}}}",
        "jobs: {a: {command: [], every: 1h}}",
        "jobs: {a: {command: x, every: 1h, secrets: {A: hunter2}}}",
        "jobs: {log-cleanup: {every: 1h, retention: 3}}",
        "jobs: [a]",
        "jobz: {}",
        "scheduler: {fsync: often}",
        "scheduler: {locks: [a]}",
        "defaults: {command: x}",
        "ledger: {checkpoint: {entries: many}}",
        "calendars: {a: {date: 2026-12-24}}",
        "channels: {a: {email: a@b.example, digest: 5}}",
    ],
)
def test_slips_are_marked(text: str) -> None:
    """An editor shows them while they are made."""
    assert refusals(text)
    assert not is_valid(text)


def test_keys_of_a_class_are_not_marked() -> None:
    """A job without a command may be a class of that name, which declares what else stands there."""
    assert refusals('jobs: {report: {schedule: "@daily", region: eu}}') == []
    assert refusals('jobs: {report: {schedule: "@daily", region: eu, command: x}}')


def test_a_merge_key_is_not_marked() -> None:
    """Whether an editor merges or not: what `<<` brings along is not missed."""
    for instance in ({"jobs": {"a": {"<<": {"every": "1h"}, "command": "x"}}}, {"defaults": {"<<": None}}):
        assert list(VALIDATOR.iter_errors(instance)) == []


ODD = [
    "yes", "On", "FALSE", "tRue", "~", "null", "''", "1", "010", "0o17", "0x1F", "1e3", ".5", "1:30", ".inf", "-1",
    "2026-12-24", "none", "never", "1h", "90s", "1d2h", "'5'", "x", "[x]", "[]", "[1, 2]", "{}", "{a: b}", "[[x]]",
    "'@daily'", "'0 2 * * *'", "['0 2 * * *', '@daily']", "{a: {default: 1}}", "{A: {env: B}}", "{A: 1e3}", "2GB",
    "a:b", "a.b:c", "Europe/Paris", "{attempts: 3, backoff: 1.5, if: [75, failed]}", "{memory: 2GB, output: none}",
    "1h from 2026-01-05T09:00",
]  # fmt: skip
"""Values of all kinds; what some YAML takes for something else is among them."""


def values_of(keys: dict[str, Key]) -> st.SearchStrategy[dict[str, str]]:
    """Some keys of a block, each with its example or with any of the values."""
    pairs = st.sampled_from(list(keys)).flatmap(
        lambda name: st.tuples(
            st.just(name),
            st.sampled_from([*([_example(keys[name])] * 10), *ODD]),
        )
    )
    return st.lists(pairs, max_size=4).map(dict)


def _example(key: Key) -> str:
    """What the example of a key has behind its colon."""
    first, *more = key.example.split("\n")
    value = first.partition(":")[2].strip()
    return value if value and not more else "none"


@given(values_of(JOB_KEYS), values_of(DEFAULTS_KEYS), values_of(SCHEDULER_KEYS), values_of(LEDGER_KEYS))
@settings(max_examples=examples(150))
def test_what_check_accepts_the_schema_accepts(
    job: dict[str, str], defaults: dict[str, str], scheduler: dict[str, str], ledger: dict[str, str]
) -> None:
    """For whatever is written behind the keys of jobs and blocks."""
    check_not_stricter(_flow("jobs: {a", {"command": "x", "every": "1h", **job}) + "}")
    for registered in ("cleanup-sessions", "log-cleanup"):
        check_not_stricter(_flow(f"jobs: {{{registered}", {"every": "1h", **job}) + "}")
    for name, block in (("defaults", defaults), ("scheduler", scheduler), ("ledger", ledger)):
        check_not_stricter(_flow(name, block))


@given(values_of(CHANNEL_KEYS))
@settings(max_examples=examples(100))
def test_so_it_does_of_channels(channel: dict[str, str]) -> None:
    """Of each kind."""
    for kind in ("email: a@b.example", "webhook: 'https://a.example/in'", "command: [x]"):
        name, _, value = kind.partition(": ")
        check_not_stricter(_flow("channels: {a", {name: value, **channel}) + "}")


def _flow(name: str, keys: dict[str, str]) -> str:
    return f"{name}: {{{', '.join(f'{key}: {value}' for key, value in keys.items())}}}"


@pytest.mark.parametrize("table", list(TABLES))
def test_each_key_is_tried_with_each_value(table: str) -> None:
    """One at a time, so that none is missed by chance; some value of each key is accepted."""
    for name, key in TABLES[table].items():
        accepted = 0
        for value in (_example(key), *ODD):
            accepted += check_not_stricter(_single(table, name, key, value))
        assert accepted, name


REST = """, extract: {every: 1h, command: y}}
calendars: {holidays: {weekdays: sun}, freeze: {weekdays: sun}}
channels: {mail: {email: a@b.example}}
"""
"""What the examples name."""


def _single(table: str, name: str, key: Key, value: str) -> str:
    """A config that has one key, and else only what it needs."""
    if table in ("scheduler", "ledger", "telemetry"):
        return _flow(table, {name: value})
    if table == "node":
        return _flow("nodes: {a", {name: value}) + "}"
    if table == "channel":
        kind = (
            {"email": "a@b.example"} if name in ("smtp", "subject") else {"webhook": "'https://a.example/in'"}
        )
        return _flow("channels: {a", {**({} if name in KINDS else kind), name: value}) + "}"
    timing = {} if name in (*TIMING_KEYS, "after") else {"schedule": "'0 2 * * *'"}
    work = {} if key.only or name in ("command", "python") else {"command": "x"}
    return _flow(f"jobs: {{{key.only[0] if key.only else 'a'}", {**timing, **work, name: value}) + REST
