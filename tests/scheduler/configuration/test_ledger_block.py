"""The `ledger:` block: what it sets, and what is refused in it."""

from __future__ import annotations

import pytest

from scheduler.configuration.errors import ConfigInvalid
from scheduler.evidence.settings import CheckpointTimes, LedgerSettings, SigningKey
from tests.scheduler.configuration.reading import read, refused


def test_without_the_block_the_defaults_hold() -> None:
    """The key is in the home, the ledger is named by its id, and it is signed every thousand entries or hour."""
    assert read("jobs: {}").ledger == LedgerSettings()
    assert LedgerSettings().checkpoint == CheckpointTimes(entries=1_000, interval_ms=3_600_000)


def test_what_is_written_is_read() -> None:
    """Each key sets its member, and of a block what is left out keeps its default."""
    found = read(
        "ledger: {key: {command: [/bin/sign, '7']}, origin: db1.example, checkpoint: {entries: 5}}\njobs: {}"
    )
    assert found.ledger == LedgerSettings(
        key=SigningKey(command=["/bin/sign", "7"]),
        origin="db1.example",
        checkpoint=CheckpointTimes(entries=5),
    )


@pytest.mark.parametrize(
    ("written", "message"),
    [
        ("key: {file: a, command: [b]}", "not both"),
        ("key: {command: sign it}", "no shell reads it"),
        ("key: {command: []}", "no shell reads it"),
        ("key: {fill: a}", "unknown key 'fill'"),
        ("key: {file: ~/key}", "not expanded"),
        ("key: none", "this takes"),
        ("key: keys/signing-key", "this takes"),
        ("origin: a b", "without blanks or plus signs"),
        ("origin: a+b", "without blanks or plus signs"),
        (f"origin: {'a' * 201}", "longer than 200 bytes"),
        ("checkpoint: {entries: 0}", "from 1 to 1000000"),
        ("checkpoint: {interval: 5s}", "10s or more"),
        ("checkpoint: {}", "this takes"),
        ("cheskpoint: {entries: 1}", "unknown key 'cheskpoint'"),
        ("max_parallel: 3", "the scheduler block"),
    ],
)
def test_what_is_wrong_is_told(written: str, message: str) -> None:
    """One mistake, with what the key takes."""
    (error,) = refused(f"ledger: {{{written}}}\njobs: {{}}")
    assert message in error.message


@pytest.mark.parametrize(
    "url", ["postgresql://u:hunter2@h/c", "postgresql://u@h/c?password=hunter2", "postgresql:/u:hunter2@h/c"]
)
def test_the_password_in_an_address_is_not_quoted(url: str) -> None:
    """Neither by what is wrong with it, nor by the line in which it stands."""
    with pytest.raises(ConfigInvalid) as caught:
        read(f"ledger:\n  store: {url}\njobs: {{}}")
    (error,) = caught.value.errors
    assert caught.value.excerpt_of(error) == ""
    assert "hunter2" not in f"{caught.value} {error}"
