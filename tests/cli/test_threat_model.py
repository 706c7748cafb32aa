"""`docs/threat-model.md`: what it says is found is found, and what it says goes unnoticed does."""

from __future__ import annotations

import hashlib
import re
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import pytest

from scheduler import vocabulary as v
from scheduler.entry_members import Person
from scheduler.home import Home
from tests.support.command import Answer, call
from tests.support.home import make_home, record, write_config

CONFIG = """\
jobs:
  nightly: {{schedule: "0 2 * * *", command: "true", timezone: UTC}}
ledger:
  anchors: [{{file: {worm}, same_filesystem: true}}]
"""
Act = Callable[[Path], None]


class Audited(NamedTuple):
    """A home that was signed and anchored twice.

    Attributes:
        root: where it and its anchor are.
        home: the home; worm: what remembers its checkpoints; older: its ledger after the first one.
        key: its public key; head: the last entry, as it was written down.
    """

    root: Path
    home: Home
    worm: Path
    older: Path
    key: str
    head: str


def _ok(*arguments: str, home: Home) -> str:
    answer = call(*arguments, home=home.root)
    assert answer.code == 0, answer.err
    return answer.out


def _lived(home: Home) -> None:
    """Some runs, all of them signed and remembered."""
    for _ in range(2):
        _ok("jobs", "run", "nightly", home=home)
    _ok("ledger", "checkpoint", home=home)
    _ok("ledger", "anchor", home=home)


@pytest.fixture(scope="module")
def audited(tmp_path_factory: pytest.TempPathFactory) -> Audited:
    """See `Audited`."""
    root = tmp_path_factory.mktemp("audited")
    worm = root / "worm"
    worm.mkdir()
    home = make_home(root / "home", CONFIG.format(worm=worm))
    said = _ok("ledger", "key", "generate", home=home)
    _lived(home)
    older = root / "older"
    shutil.copytree(home.root, older, symlinks=True)
    _lived(home)
    head = re.search(r"[0-9]+:[0-9a-f]{64}", verify(home.ledger).out)
    assert head is not None
    return Audited(root, home, worm, older, said.split()[2], head[0])


def verify(ledger: Path, *options: str) -> Answer:
    """`ledger verify` on a copy."""
    return call("ledger", "verify", "--ledger", str(ledger), *options)


def _lines(ledger: Path) -> list[bytes]:
    return (ledger / f"{0:020}.jsonl").read_bytes().splitlines(keepends=True)


def _write(ledger: Path, lines: list[bytes]) -> None:
    (ledger / f"{0:020}.jsonl").write_bytes(b"".join(lines))


def alter(ledger: Path) -> None:
    """A word in the middle is another one."""
    lines = _lines(ledger)
    lines[1] = lines[1].replace(b"nightly", b"daily??")
    _write(ledger, lines)


def take_out(ledger: Path) -> None:
    """An entry in the middle is gone."""
    lines = _lines(ledger)
    del lines[5]
    _write(ledger, lines)


def swap(ledger: Path) -> None:
    """Two entries have changed places."""
    lines = _lines(ledger)
    lines[5], lines[6] = lines[6], lines[5]
    _write(ledger, lines)


def cut(ledger: Path) -> None:
    """The last entries are gone; what reaches past them is left."""
    _write(ledger, _lines(ledger)[:-4])


def write_anew(ledger: Path) -> None:
    """An entry is another one, and every hash after it is made anew; there is no key to sign that."""
    alter(ledger)
    lines, prev = _lines(ledger), b"0" * 64
    for number, line in enumerate(lines):
        body = re.sub(rb'"prev":"[0-9a-f]{64}","hash":.*', b'"prev":"' + prev + b'"', line.rstrip(b"\n"))
        prev = hashlib.sha256(body).hexdigest().encode()
        lines[number] = body + b',"hash":"' + prev + b'"}\n'
    _write(ledger, lines)
    (ledger / "HEAD").unlink()


@pytest.mark.parametrize("act", [alter, take_out, swap, cut, write_anew])
def test_what_shows_by_itself(audited: Audited, tmp_path: Path, act: Act) -> None:
    """An alteration in the middle, a cut that left what reaches past it, a new history without the key."""
    ledger = tmp_path / "ledger"
    shutil.copytree(audited.home.ledger, ledger)
    assert verify(ledger).code == 0
    act(ledger)
    assert verify(ledger).code in (1, 3)


def test_an_older_copy_shows_by_what_is_remembered_elsewhere(audited: Audited) -> None:
    """By an anchor, or a head that was written down; alone, and with the key, it is sound."""
    older = Home(audited.older).ledger
    assert verify(older).code == 0
    assert verify(older, "--key", audited.key).code == 0
    assert verify(older, "--anchor", str(audited.worm)).code == 3
    assert verify(older, "--expect", audited.head).code == 3
    assert verify(audited.home.ledger, "--anchor", str(audited.worm), "--expect", audited.head).code == 0


def test_an_older_copy_that_is_called_a_restore_shows_until_it_is_known(
    audited: Audited, tmp_path: Path
) -> None:
    """Whoever appends the entry that says so cannot accept it for whoever verifies."""
    restored = Home(tmp_path / "home")
    shutil.copytree(audited.older, restored.root)
    _ok("home", "adopt", home=restored)
    _ok("ledger", "continue", "--reason", "a bad day", home=restored)
    _ok("ledger", "checkpoint", home=restored)
    assert verify(restored.ledger, "--key", audited.key).code == 0
    assert verify(restored.ledger, "--anchor", str(audited.worm)).code == 3
    document = verify(restored.ledger, "--json").document
    went_on = str(document["keys"][-1]["from_entry"])
    accepted = verify(restored.ledger, "--anchor", str(audited.worm), "--continued", went_on)
    assert (accepted.code, "left behind" in accepted.out) == (0, True)


def test_another_ledger_with_a_key_of_its_own_shows_by_the_key(audited: Audited, tmp_path: Path) -> None:
    """It names its keys itself: only one from elsewhere tells."""
    worm = tmp_path / "worm"
    worm.mkdir()
    home = make_home(tmp_path / "home", CONFIG.format(worm=worm))
    _ok("ledger", "key", "generate", home=home)
    _lived(home)
    assert verify(home.ledger).code == 0
    assert verify(home.ledger, "--key", audited.key).code != 0
    assert verify(home.ledger, "--anchor", str(audited.worm)).code != 0


def test_whoever_has_the_key_makes_a_second_story_that_only_an_anchor_tells(
    audited: Audited, tmp_path: Path
) -> None:
    """With all anchors, which is a new one here, nothing tells."""
    forged, worm = Home(tmp_path / "home"), tmp_path / "worm"
    shutil.copytree(audited.older, forged.root)
    worm.mkdir()
    write_config(forged.root, CONFIG.format(worm=worm))
    _ok("home", "adopt", home=forged)
    _lived(forged)
    assert verify(forged.ledger, "--key", audited.key, "--anchor", str(worm)).code == 0
    assert verify(forged.ledger, "--key", audited.key, "--anchor", str(audited.worm)).code == 3


def test_a_process_of_the_same_user_adds_false_entries(audited: Audited, tmp_path: Path) -> None:
    """They are as sound as the others; what breaks a law is named."""
    false = Home(tmp_path / "home")
    shutil.copytree(audited.home.root, false.root)
    record(false, v.event(v.JobDisabled(reason="I never said so"), "user:bob@elsewhere", job="nightly"))
    assert verify(false.ledger, "--key", audited.key, "--anchor", str(audited.worm)).code == 0
    ended = v.ApprovalGiven(request=1, revision="", person=Person(name="bob", by="uid"))
    record(false, v.event(ended, "user:bob@elsewhere", job="nightly"))
    told = verify(false.ledger)
    assert told.code == 1
    assert "nothing was pending for nightly by entry 1" in told.out + told.err
