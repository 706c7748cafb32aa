"""Time stamps in bundles, made by an authority that `openssl` is, and checked by it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from eventstore.proofs.kept_checkpoints import parse_kept
from eventstore.proofs.notes.checkpoint import log_signed
from tests.support.bundles import KEY, SignedHome, members_of, stamp_of, verified, zipped
from tests.support.time_stamper import TimeStamper

pytestmark = [
    pytest.mark.real,
    pytest.mark.unshifted("certificates are of the day on which openssl makes them"),
]


@pytest.fixture
def stamper(tmp_path: Path) -> TimeStamper:
    """An authority."""
    return TimeStamper(tmp_path / "tsa")


@pytest.fixture
def home(tmp_path: Path) -> SignedHome:
    """A home with two checkpoints, the first of which is cosigned."""
    home = SignedHome(tmp_path / "home")
    home.run()
    home.sign(cosigned=True)
    home.run()
    home.sign()
    return home


def test_a_stamp_is_of_what_the_log_signed(home: SignedHome, stamper: TimeStamper, tmp_path: Path) -> None:
    """The verifier finds what was stamped, and the command that it prints is content with the members of the zip."""
    for size in (7, 10):
        home.stamp(stamper, size)
    path = home.bundle()
    code, said = verified(path, "--key", KEY)
    assert (code, said.count("stamped 20")) == (0, 2)
    members = members_of(path)
    for stamp, data in re.findall(r"openssl ts -verify -in (\S+) -data (\S+) -CAfile", said):
        assert stamper.verify(members[data], members[stamp])
    assert "What was time-stamped was there" in members["README.txt"].decode()


def test_a_stamp_of_something_else_is_refused(home: SignedHome, stamper: TimeStamper, tmp_path: Path) -> None:
    """Of another checkpoint; of less than all of the text; under another name; with a bit of the digest flipped."""
    home.stamp(stamper, 7)
    members = members_of(home.bundle())
    data, stamp = (next(name for name in members if name.endswith(end)) for end in (".signed", ".tsr"))
    other = parse_kept(members[next(name for name in members if name.endswith("10.note"))])
    at = members[stamp].index(b"\x04 ") + 5
    flipped = members[stamp][:at] + bytes([members[stamp][at] ^ 1]) + members[stamp][at + 1 :]
    renamed = {
        name.replace("07-1.tsr", "10-1.tsr").replace("07.signed", "10.signed"): members[name]
        for name in members
    }
    for changed in (
        {**members, stamp: flipped},
        {**members, data: members[data][:40]},
        # Genuine, of a beginning of the note: it says nothing of the root.
        {**members, data: members[data][:40], stamp: stamp_of(stamper, members[data][:40])},
        {**members, data: b""},
        {**members, data: log_signed(other.note, other.checkpoint).raw},
        {name: members[name] for name in members if name != data},
        renamed,
    ):
        assert verified(zipped(changed, tmp_path / "b.zip"), "--key", KEY)[0] == 1


def test_a_stamp_that_is_not_of_the_checkpoint_is_left_out(home: SignedHome, stamper: TimeStamper) -> None:
    """Whatever stands in an entry, what is given out fits together."""
    from eventstore.proofs.base64_text import in_base64
    from scheduler import vocabulary as v

    for receipt in ("no base64", in_base64(b"no stamp"), None):
        home.record(v.CheckpointAnchored(size=7, anchor="timestamp http://t.example/", receipt=receipt))
    assert not [name for name in members_of(home.bundle()) if name.endswith(".tsr")]
