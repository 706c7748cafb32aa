"""The kept outline of a config: which one is believed."""

from __future__ import annotations

import hmac
import os
from collections.abc import Callable
from pathlib import Path
from unittest import mock

import pytest

from scheduler.configuration.home_config import load_config
from scheduler.configuration.outline import kept_outline
from scheduler.configuration.outline.kept_outline import keep_outline, outline_in_force
from scheduler.home import Home
from scheduler.rules.state import Rejection, State
from scheduler.version import VERSION
from tests.support.home import make_home
from tests.support.ledger import START

CONFIG = "jobs: {a: {command: echo a, every: 1h}}\n"
LEDGER = "0" * 32


@pytest.fixture
def home(tmp_path: Path) -> Home:
    """A home whose config has just come into force."""
    home = make_home(tmp_path, CONFIG)
    keep_outline(home, load_config(home), LEDGER)
    return home


def state_of(home: Home) -> State:
    """What the ledger of that home knows."""
    return State(ledger=LEDGER, config=load_config(home).digest)


def seal_again(home: Home, raw: bytes) -> None:
    """Keep something as an outline, as only whoever knows the salt can."""
    digest, salt = load_config(home).digest, (home.var / "salt").read_bytes()
    seal = hmac.digest(salt, f"{VERSION}\n{digest}\n{LEDGER}\n".encode() + raw, "sha256").hex()
    home.config_outline.write_bytes(seal.encode() + raw)


def test_the_one_of_the_config_in_force_is_believed(home: Home) -> None:
    """It says where the keys of each job stand."""
    found = outline_in_force(home, state_of(home))
    assert found is not None
    places = found.places("a")
    assert places is not None
    assert (places.written, places.inherited, places.file) == ({"command": 1, "every": 1}, {}, "")
    assert found.places("b") is None


def _flip(path: Path) -> None:
    raw = bytearray(path.read_bytes())
    raw[-3] ^= 1
    path.write_bytes(raw)


def _cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-1])


def _empty(path: Path) -> None:
    path.write_bytes(b"")


def _long(path: Path) -> None:
    os.truncate(path, 2**40)


def _replaced(make: Callable[[Path], object]) -> Callable[[Path], None]:
    def replace(path: Path) -> None:
        path.rename(path.with_name("kept"))
        make(path)

    return replace


@pytest.mark.parametrize(
    "change",
    [
        _flip, _cut, _empty, _long, Path.unlink,
        _replaced(os.mkfifo), _replaced(os.mkdir), _replaced(lambda path: path.symlink_to("kept")),
    ],
    ids=["flip", "cut", "empty", "long", "none", "fifo", "folder", "link"],
)  # fmt: skip
def test_what_is_not_whole_is_not_believed(home: Home, change: Callable[[Path], None]) -> None:
    """Nor is what is no regular file; nobody waits for a FIFO."""
    change(home.config_outline)
    assert outline_in_force(home, state_of(home)) is None


def test_one_of_another_time_or_place_is_not_believed(home: Home, tmp_path: Path) -> None:
    """Of another version, ledger, config or home; nor where the last edit was rejected, or on record is no config."""
    state = state_of(home)
    with mock.patch.object(kept_outline, "VERSION", "0.0.0"):
        assert outline_in_force(home, state) is None
    assert outline_in_force(home, State(ledger="1" * 32, config=state.config)) is None
    assert outline_in_force(home, State(ledger=LEDGER, config="1" * 64)) is None
    assert outline_in_force(home, State(ledger=LEDGER)) is None
    rejected = Rejection(seq=1, time=START, config="", errors=[], error_count=1)
    assert outline_in_force(home, State(ledger=LEDGER, config=state.config, rejection=rejected)) is None
    other = make_home(tmp_path / "other", CONFIG)
    load_config(other)  # this makes its salt
    other.config_outline.write_bytes(home.config_outline.read_bytes())
    assert outline_in_force(other, state) is None
    assert outline_in_force(home, state) is not None


FORGED = [
    b"",
    b"[" * 100_000,
    b'{"other":' + b"[" * 100_000,
    b'{"blocks":[],"defaults":{},"jobs":{}}',
    b'{"blocks":{},"defaults":{},"jobs":{"a":{"lines":{"every":"x"}}}}',
    b'{"blocks":{},"defaults":{},"jobs":{"a":{"lines":{"every":-1}}}}',
    b'{"blocks":{},"defaults":{},"jobs":{"\xff":{"lines":{}}}}',
]


@pytest.mark.parametrize("raw", FORGED, ids=range(len(FORGED)))
def test_whoever_knows_the_salt_makes_no_reader_fail(home: Home, raw: bytes) -> None:
    """What is no outline is none, well sealed or not."""
    seal_again(home, raw)
    assert outline_in_force(home, state_of(home)) is None


def test_what_cannot_be_kept_is_no_failure(home: Home) -> None:
    """The outline of the config before goes first: it is not that of what is in force."""
    make_home(home.root, CONFIG.replace("echo a", "echo b"))
    config = load_config(home)
    with mock.patch("eventstore.durable.write_file", side_effect=OSError(28, "No space left on device")):
        keep_outline(home, config, LEDGER)
    assert not home.config_outline.exists()
    keep_outline(home, config, LEDGER)
    inode = home.config_outline.stat().st_ino
    keep_outline(home, config, LEDGER)
    assert home.config_outline.stat().st_ino == inode, "it was kept already"
