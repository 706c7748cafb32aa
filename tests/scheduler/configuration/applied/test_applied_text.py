"""The text of an applied config: no secret in it, the same for the same config, read by the same reader."""

from __future__ import annotations

import string
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scheduler.configuration.applied.applied_text import (
    AppliedText,
    NotApplied,
    applied_text,
    read_applied,
    tree_of_files,
)
from scheduler.configuration.applied.withheld import digest_in, with_values, withheld_in
from scheduler.configuration.applied.yaml_text import yaml_text
from scheduler.configuration.files.joined import ConfigFile
from scheduler.configuration.load import parse
from scheduler.configuration.model import Config
from scheduler.configuration.variables.environment import env_digest
from scheduler.configuration.yaml_tree.problems import Problems
from scheduler.configuration.yaml_tree.source import decode
from scheduler.configuration.yaml_tree.tree import Mapping, Node, Scalar, Sequence, compose
from tests.support.examples import examples

SALT = b"a grain"
FULL = """\
# s3cret in a comment
defaults: &all
  timezone: Europe/Paris
  env: {PGPASSWORD: s3cret, EMPTY: ""}
scheduler:
  max_parallel: 3
  heartbeat: {url: "https://hc.example/s3cret", interval: 1m}
ledger:
  anchors:
    - {webhook: "https://a.example/s3cret"}
    - {file: /mnt/worm}
channels:
  pager: {webhook: "https://p.example/s3cret", headers: {X-Key: s3cret, X-Other: {env: KEY}}}
  check: {ping: "https://c.example/s3cret"}
  desk: {webhook: {file: keys/desk}}
  mail: {email: ops@example.org, smtp: {host: mail.example.org, user: me, password: {file: keys/smtp}}}
jobs:
  plain: {command: echo plain, every: 5m, notify: {channels: pager}}
  own: {command: [echo, "a: b # c"], schedule: "0 2 * * *", env: {OWN: s3cret, N: 5}}
  asked: {on_demand: yes, command: "printf '%s\\n' on", params: {n: 1e5, s: "1e5", none: , b: true}}
  script:
    every: 1h
    command: |
      set -e

      echo "done"
"""


def _applied(text: str, *parts: ConfigFile, salt: bytes = SALT) -> AppliedText:
    top = tree_of_files([ConfigFile("", text.encode()), *parts])
    assert top is not None
    return applied_text(top, salt, {})


def _parsed(raw: bytes, *parts: ConfigFile) -> Config:
    return parse(raw, Path("config.yaml"), salt=SALT, parts=parts)


def test_nothing_that_may_be_secret_is_in_the_text() -> None:
    """Values of variables and headers, addresses, and comments are not there; where a secret is read is."""
    text = _applied(FULL).raw.decode()
    assert "s3cret" in FULL
    assert "s3cret" not in text
    assert all(place in text for place in ("keys/desk", "keys/smtp", "env: KEY", "echo plain", "/mnt/worm"))


def test_it_is_read_by_the_same_reader() -> None:
    """With the values put back it says what the config says: definitions, settings, channels, anchors."""
    text = _applied(FULL)
    top = tree_of_files([ConfigFile("", FULL.encode())])
    assert top is not None
    values = {env_digest(name, value, SALT): value for _, name, value in withheld_in(top)}
    back = _parsed(yaml_text(with_values(read_applied(text.raw).top, values)).encode())
    config = _parsed(FULL.encode())
    assert back.definitions == config.definitions
    assert {name: job.env for name, job in back.jobs.items()} == {
        name: job.env for name, job in config.jobs.items()
    }
    assert (back.settings, back.ledger, back.channels) == (config.settings, config.ledger, config.channels)
    assert list(back.jobs) == list(config.jobs)


def test_without_the_values_it_is_a_config_all_the_same() -> None:
    """An address stays an address, so that the reader finds no mistake in it."""
    assert set(_parsed(_applied(FULL).raw).channels) == {"pager", "check", "desk", "mail"}


def test_digests_of_variables_are_those_of_definitions() -> None:
    """What stands for the value of a variable is what `job.defined` has for it."""
    (own,) = [each.value for each in withheld_in(_applied(FULL).top) if each.path[-1] == "OWN"]
    assert digest_in(own) == _parsed(FULL.encode()).jobs["own"].definition.env["OWN"]


def test_what_does_not_change_the_config_does_not_change_the_digest() -> None:
    """Comments, quotes that mean nothing, the file in which a job stands: the digest is the same."""
    whole = "jobs: {a: {command: echo a, every: 5m}, b: {command: echo b, every: 5m}}\n"
    first = "jobs: # all of them\n  a: {command: 'echo a', every: 5m}\n"
    part = ConfigFile("config.d/b.yaml", b"jobs: {b: {command: echo b, every: 5m}}")
    same = _applied(first.replace("'", ""), part)
    assert same.digest == _applied(whole).digest
    assert same.digest != _applied(whole.replace("echo b", "echo c")).digest


def test_where_the_database_is_is_not_in_it() -> None:
    """Each machine says for itself where the ledger is kept, and may reach it by another name."""
    one = "ledger: {store: 'postgresql://me:s3cret@db1/x', origin: here}\njobs: {}\n"
    assert _applied(one).digest == _applied(one.replace("me:s3cret@db1", "db2")).digest
    assert b"db1" not in _applied(one).raw


def test_another_salt_is_told_only_where_it_matters() -> None:
    """Where there is no secret, any home makes the same text; where there is one, the text says which salt it was."""
    plain = "jobs: {a: {command: echo a, every: 5m}}\n"
    assert _applied(plain, salt=b"x").digest == _applied(plain, salt=b"y").digest
    assert _applied(FULL, salt=b"x").salt != _applied(FULL, salt=b"y").salt != ""
    assert SALT not in _applied(FULL).raw
    assert SALT.hex().encode() not in _applied(FULL).raw


@pytest.mark.parametrize(
    ("raw", "said"),
    [
        (b"jobs: {}\n", "not the text of an applied config"),
        (b'# cronledger: applied {"format":0}\njobs: {}\n', "not the text"),
        (b'# cronledger: applied {"format":2}\njobs: {}\n', "later version"),
        (b'# cronledger: applied {"format":1,"more":1}\njobs: {}\n', "not the text"),
        (b'# cronledger: applied {"format":1}\njobs: [\n', "not the text"),
        (b"", "not the text"),
    ],
)
def test_what_is_no_applied_config_is_refused(raw: bytes, said: str) -> None:
    """A file of the same name with something else in it is not taken for one."""
    with pytest.raises(NotApplied, match=said):
        read_applied(raw)


_WORDS = st.text(st.sampled_from(string.printable[:95] + "\n\t\x7f\x85\u2028\ufeffäß😀"), max_size=12)
_VALUES = st.recursive(
    _WORDS.map(lambda text: Scalar(text, False, None)),  # type: ignore[arg-type]
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_WORDS, inner, max_size=3),
    max_leaves=8,
)


def _node(value: object) -> Node:
    if isinstance(value, Scalar):
        return value
    if isinstance(value, list):
        items = Sequence(None)  # type: ignore[arg-type]
        items.items = [_node(each) for each in value]
        return items
    assert isinstance(value, dict)
    found = Mapping(None)  # type: ignore[arg-type]
    found.entries = {key: (Scalar(key, False, None), _node(each)) for key, each in value.items()}  # type: ignore[arg-type]
    return found


def _plain(node: Node) -> object:
    if isinstance(node, Scalar):
        return (node.text, node.plain)
    if isinstance(node, Mapping):
        return {word: _plain(value) for word, (_, value) in node.entries.items()}
    return [_plain(each) for each in node.items]


@given(st.dictionaries(_WORDS, _VALUES, max_size=4))
@settings(max_examples=examples(60), deadline=None)
def test_every_tree_is_the_same_after_its_text(value: dict[str, object]) -> None:
    """Whatever the texts are made of, reading what was written gives the tree again."""
    top = _node(value)
    again = _read(yaml_text(top))
    assert _plain(again) == _plain(top)


def _read(text: str) -> Node:
    """The tree of any YAML."""
    problems = Problems()
    readable = decode(text.encode(), problems)
    assert readable is not None, "what is written can be read"
    found = compose(readable, problems)
    assert found is not None
    assert not problems
    return found
