from __future__ import annotations

import re
from textwrap import indent

import msgspec
import pytest

from scheduler.configuration.job_kinds.builtin_jobs import REGISTERED
from scheduler.configuration.keys.key import Key
from scheduler.configuration.keys.ledger_keys import LEDGER_KEYS
from scheduler.configuration.keys.scheduler_keys import SCHEDULER_KEYS
from scheduler.configuration.keys.starter import STARTER
from scheduler.configuration.keys.table import JOB_KEYS
from scheduler.configuration.settings.job_settings import TIMING_KEYS
from scheduler.definition import JobDefinition, SchedulerSettings
from scheduler.evidence.settings import LedgerSettings
from tests.scheduler.configuration.config_docs import PAGE, page
from tests.scheduler.configuration.reading import read, refused

ALL = [*JOB_KEYS.items(), *SCHEDULER_KEYS.items(), *LEDGER_KEYS.items()]
UNBRACKETED = {"dry_run"}
"""Its comment in the starter config does not say what applies without it."""


def each_key(keys: list[tuple[str, Key]] = ALL) -> pytest.MarkDecorator:
    """A test of each of these keys, with its name."""
    return pytest.mark.parametrize(("name", "key"), keys, ids=[name for name, _ in keys])


def block_of(key: Key) -> str:
    """The block beside the jobs that takes the key; empty if it is one of a job."""
    blocks = {"scheduler": SCHEDULER_KEYS, "ledger": LEDGER_KEYS}
    return next((name for name, keys in blocks.items() if any(key is each for each in keys.values())), "")


def with_value(name: str, value: str, key: Key) -> str:
    """A config in which a key has a value, with what else is needed."""
    return with_lines(name, f"{name}: {value}", key)


def with_lines(name: str, lines: str, key: Key) -> str:
    """A config that holds a key as it is written in these lines, with what else is needed."""
    if block := block_of(key):
        return f"jobs: {{}}\n{block}:\n{indent(lines, '  ')}\n"
    job = key.only[0] if key.only else "a"
    also = [] if key.only or name in ("command", "python") else ["command: x"]
    also += [] if name in (*TIMING_KEYS, "after") else ["every: 5m"]
    body = indent("\n".join([lines, *also]), "    ")
    before = "  extract: {command: x, every: 5m}\n" if name == "after" else ""
    return f"jobs:\n  {job}:\n{body}\n{before}{channels_for(name)}"


def channels_for(name: str) -> str:
    """The channel that the example of `notify` names."""
    return "channels: {mail: {email: ops@example.org}}\n" if name == "notify" else ""


def read_of(key: Key, config: str) -> object:
    """What the reading of a config sets: the definition of its job, or the settings of a block."""
    found = read(config)
    match block_of(key):
        case "scheduler":
            return found.settings
        case "ledger":
            return found.ledger
    return next(iter(found.jobs.values())).definition


def test_the_page_of_the_config_is_true() -> None:
    """`docs/config.md` is what the table of keys says."""
    assert PAGE.read_text(encoding="utf-8") == page()


def test_each_member_has_its_key() -> None:
    """What a definition and the scheduler's settings hold is set by exactly one key; a job's name is a key itself."""
    for keys, kind, without in (
        (JOB_KEYS, JobDefinition, ["name"]),
        (SCHEDULER_KEYS, SchedulerSettings, []),
        (LEDGER_KEYS, LedgerSettings, []),
    ):
        members = [member for key in keys.values() for member in (key.member, *key.setting.derived)]
        assert sorted([*members, *without]) == sorted(kind.__struct_fields__)


@each_key()
def test_each_key_is_complete(name: str, key: Key) -> None:
    """A key says what it takes, what it means, and how it is written; a comment teaches what is not filled in."""
    assert key.takes
    assert key.meaning.endswith(".")
    assert re.match(rf"{name}:\s", key.example)
    assert key.comment or key.fill
    assert set(key.only) <= set(REGISTERED)
    assert not (key.only and key.shared), "what only registered jobs take is not for all jobs"


@each_key()
def test_each_default_is_the_one_that_applies(name: str, key: Key) -> None:
    """The default that people are told is the one of the definition, as it is shown."""
    kinds: dict[str, type[msgspec.Struct]] = {"scheduler": SchedulerSettings, "ledger": LedgerSettings}
    kind = kinds.get(block_of(key), JobDefinition)
    field = next(each for each in msgspec.structs.fields(kind) if each.name == key.member)
    if name == "max_parallel":
        assert key.default == "eight for each processor core, at least 32"
    elif name in ("command", *TIMING_KEYS) and name != "on_demand":
        assert field.default is None
        assert key.default.startswith("none: ")
    elif key.fill is not None:
        assert key.setting.show(key.fill()) == key.default
    else:
        default = field.default if field.default_factory is msgspec.NODEFAULT else field.default_factory()
        assert key.setting.show(default, *()) == key.default


@each_key([(name, key) for name, key in ALL if key.comment and not key.default.startswith("none: ")])
def test_the_starter_tells_each_default(name: str, key: Key) -> None:
    """In brackets the comment of a key has what applies if the key is left out."""
    bracketed = "({})".format(key.default or '""')
    assert (bracketed in key.comment) is (name not in UNBRACKETED)


@each_key()
def test_each_key_takes_what_its_reader_asks_for(name: str, key: Key) -> None:
    """What people are told that a key takes begins with what the message of a mistake asks for."""
    takes_mapping = (
        name
        in (
            "env",
            "params",
            "retry",
            "secrets",
            "limits",
            "expect",
            "heartbeat",
            "key",
            "checkpoint",
            "notify",
        )
        or key is SCHEDULER_KEYS["locks"]
    )
    (error,) = refused(with_value(name, "[]" if takes_mapping else "{}", key))
    asked = re.sub(r", not a (list|mapping)$", "", error.message.removeprefix("this takes "))
    assert key.takes.startswith(asked)


@each_key()
def test_each_example_is_taught_and_valid(name: str, key: Key) -> None:
    """The example of a key stands in the starter config, and is accepted where the key may stand."""
    taught = [line.strip(" #") for line in STARTER.splitlines()]
    for line in key.example.split("\n"):
        assert any(each.startswith(line.strip()) for each in taught), line
    found = read_of(key, with_lines(name, key.example, key))
    assert key.setting.shown(found)
    if key.shared:
        read(f"defaults:\n{indent(key.example, '  ')}\njobs: {{}}\n{channels_for(name)}")


@pytest.mark.parametrize(("name", "written", "shown"), [
    ("command", "[echo, a b]", "echo 'a b'"),
    ("command", "echo $HOME", "echo $HOME (through /bin/sh)"),
    ("env", "{A: b, C: d}", "A, C"),
    ("timeout", "90m", "1h30m"),
    ("timeout", "never", "never"),
    ("enabled", "no", "false"),
    ("directories", "[{path: /a, pattern: '*.b'}, {path: c}]", "/a/*.b, c/*"),
    ("catch_up_limit", "7", "7"),
    ("tags", "prod", "prod"),
    ("tags", "[prod, 2026]", "prod, 2026"),
    ("tags", "none", "none"),
    ("locks", "[disk, database]", "database, disk"),
    ("locks", "none", "none"),
    ("retry", "{attempts: 3}", "{attempts: 3}"),
    ("retry", "{if: 75, backoff: 1.5, attempts: 5, within: 90m}",
     "{attempts: 5, backoff: 1.5, within: 1h30m, if: [75]}"),
    ("retry", "none", "none"),
    ("after", "[extract]", "extract"),
    ("shutdown_grace", "1m", "1m"),
    ("key", "{file: /mnt/key}", "{file: /mnt/key}"),
    ("key", "{command: [sign, 7]}", "{command: [sign, 7]}"),
    ("checkpoint", "{interval: 90m}", "{entries: 1000, interval: 1h30m}"),
])  # fmt: skip
def test_values_are_shown_as_people_write_them(name: str, written: str, shown: str) -> None:
    """What is shown of a value is what could be written, with what follows from it."""
    key = (SCHEDULER_KEYS | LEDGER_KEYS | JOB_KEYS)[name]
    assert key.setting.shown(read_of(key, with_value(name, written, key))) == shown


def test_capacities_of_locks_are_shown_as_they_are_written() -> None:
    """The key of the scheduler block has the name of one of a job."""
    key = SCHEDULER_KEYS["locks"]
    assert (
        key.setting.shown(read_of(key, with_value("locks", "{database: 2, disk: 1}", key)))
        == "{database: 2, disk: 1}"
    )


def test_no_word_is_meant_for_two_keys() -> None:
    """A synonym is no key itself and leads to one key."""
    words = [word for _, key in ALL for word in key.synonyms]
    assert len(words) == len(set(words))
    assert not set(words) & (JOB_KEYS | SCHEDULER_KEYS | LEDGER_KEYS).keys()
