"""Time stamps by RFC 3161, against an authority that `openssl` is."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from eventstore.proofs.base64_text import from_base64
from eventstore.proofs.notes.note import Note
from eventstore.proofs.notes.signing import Cosigner
from scheduler.evidence.anchors import time_stamp
from scheduler.evidence.anchors.parcel import AnchorFailed, Parcel, parcel_of
from scheduler.evidence.anchors.settings import AnchorSettings
from tests.support.receiver import Receiver, Reply, Request, always
from tests.support.time_stamper import TimeStamper
from tests.support.tree_log import TreeLog

pytestmark = [
    pytest.mark.real,
    pytest.mark.unshifted("certificates are of the day on which openssl makes them"),
]

LOG = TreeLog()


@pytest.fixture
def stamper(tmp_path: Path) -> TimeStamper:
    """An authority."""
    return TimeStamper(tmp_path / "tsa")


def parcel(root: Path) -> Parcel:
    """A checkpoint that a witness has cosigned before it is stamped."""
    note = LOG.note(20)
    cosigned = Note(note.text, (*note.signatures, Cosigner("w", bytes(32)).cosign(note.text, 5)))
    return parcel_of(cosigned, root, root, lambda _: [])


def anchor(url: str, certificates: Path) -> AnchorSettings:
    """A time stamper whose certificate is trusted."""
    return AnchorSettings(kind="timestamp", target=url, certificates=str(certificates))


def test_a_checkpoint_is_stamped(tmp_path: Path, stamper: TimeStamper) -> None:
    """The receipt is the time stamp of the note as the log signed it: openssl verifies it, and of nothing else."""
    with Receiver(stamper.answer) as receiver:
        taken = time_stamp.deliver(anchor(receiver.url, stamper.root), parcel(tmp_path))
    assert receiver.received[0].headers["content-type"] == "application/timestamp-query"
    assert taken.receipt is not None
    response = from_base64(taken.receipt)
    assert stamper.verify(LOG.note(20).raw, response)
    assert not stamper.verify(LOG.note(21).raw, response)


def test_a_time_stamp_that_is_not_right(tmp_path: Path, stamper: TimeStamper) -> None:
    """Of another authority; an old one sent again; with any of some bits flipped; nonsense; too long."""
    other = TimeStamper(tmp_path / "other")
    with Receiver(stamper.answer) as receiver:
        trusted = anchor(receiver.url, stamper.root)
        with pytest.raises(AnchorFailed, match="its time stamp is not right"):
            time_stamp.deliver(anchor(receiver.url, other.root), parcel(tmp_path))
        good = stamper.answer(Request("POST", "/", {}, receiver.received[0].body)).body
        receiver.behaviour = always(200, good)
        with pytest.raises(AnchorFailed, match="its time stamp is not right"):
            time_stamp.deliver(trusted, parcel(tmp_path))

        def flipped(place: int) -> Reply:
            raw = bytearray(stamper.answer(receiver.received[-1]).body)
            raw[len(raw) * place // 8] ^= 1
            return Reply(200, bytes(raw))

        for place in range(8):
            receiver.behaviour = lambda _, place=place: flipped(place)  # type: ignore[misc]
            with pytest.raises(AnchorFailed, match="its time stamp is not right"):
                time_stamp.deliver(trusted, parcel(tmp_path))
        receiver.behaviour = always(200, b"nonsense")
        with pytest.raises(AnchorFailed, match="its time stamp is not right"):
            time_stamp.deliver(trusted, parcel(tmp_path))
        receiver.behaviour = always(200, bytes(time_stamp.RESPONSE_BYTES_MAX + 1))
        with pytest.raises(AnchorFailed, match="is longer than"):
            time_stamp.deliver(trusted, parcel(tmp_path))
        receiver.behaviour = always(503)
        with pytest.raises(AnchorFailed, match="it answered 503"):
            time_stamp.deliver(trusted, parcel(tmp_path))


def test_certificates_that_are_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """They cannot be read, are no PEM, or hold no root; or the library is not installed: nothing is asked."""
    stamper = TimeStamper(tmp_path / "tsa")
    with Receiver(always(500)) as receiver:
        for path, why in (
            (tmp_path / "none", "cannot be read"),
            (tmp_path / "tsa" / "config", "are none"),
            (tmp_path / "tsa" / "tsa.pem", "is no root"),
        ):
            with pytest.raises(AnchorFailed, match=why):
                time_stamp.deliver(anchor(receiver.url, path), parcel(tmp_path))
        monkeypatch.setitem(sys.modules, "rfc3161_client", None)
        with pytest.raises(AnchorFailed, match=r"pip install 'cronledger\[timestamp\]'"):
            time_stamp.deliver(anchor(receiver.url, stamper.root), parcel(tmp_path))
    assert receiver.received == []
