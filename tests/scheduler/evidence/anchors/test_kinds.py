"""Each kind of anchor: what it is given, what it gives back, and how it fails."""

from __future__ import annotations

import signal
import sys
import time
from pathlib import Path

import pytest

from eventstore.proofs.notes.checkpoint import origin_hash
from eventstore.proofs.notes.cosignature import parse_timed_signature
from eventstore.proofs.notes.note import Note
from eventstore.proofs.notes.signing import Cosigner
from eventstore.proofs.witnessing.request import parse_request
from scheduler.evidence import program
from scheduler.evidence.anchors import command_anchor, file_anchor, webhook, witness_client
from scheduler.evidence.anchors.parcel import AnchorFailed, Parcel, parcel_of
from scheduler.evidence.anchors.settings import AnchorSettings
from tests.support.receiver import Receiver, always
from tests.support.tree_log import ORIGIN, TreeLog
from tests.support.witness_server import COSIGNER, WitnessServer

LOG, FORK = TreeLog(), TreeLog("another story ")
OTHER = Cosigner("witness.example/w2", bytes(32))


def parcel(root: Path, size: int = 20, log: TreeLog = LOG, known_size: int = 0) -> Parcel:
    """A checkpoint on its way, from a home in `root`."""
    (root / "ledger").mkdir(exist_ok=True)
    return parcel_of(
        log.note(size), root, root / "ledger", lambda old: list(log.proof(old, size)), known_size
    )


def folder_anchor(root: Path) -> AnchorSettings:
    """An anchor in a folder."""
    (root / "worm").mkdir(exist_ok=True)
    return AnchorSettings(kind="file", target="worm", same_filesystem=True)


def test_a_folder_keeps_each_checkpoint(tmp_path: Path) -> None:
    """In a file of its own, by the log and the size; the largest is read back; the same one again changes nothing."""
    anchor = folder_anchor(tmp_path)
    assert file_anchor.recall(tmp_path / "worm", ORIGIN) is None
    for size in (3, 20, 20):
        file_anchor.deliver(anchor, parcel(tmp_path, size))
    own = tmp_path / "worm" / origin_hash(ORIGIN)
    assert sorted(path.name for path in own.iterdir()) == [f"{3:020d}", f"{20:020d}"]
    assert file_anchor.recall(tmp_path / "worm", ORIGIN) == LOG.note(20)
    assert file_anchor.recall(tmp_path / "worm", "another") is None


def test_a_folder_that_contradicts(tmp_path: Path) -> None:
    """An older copy of the ledger, and one with another story, are not kept: the folder remembers better."""
    anchor = folder_anchor(tmp_path)
    file_anchor.deliver(anchor, parcel(tmp_path, 20))
    with pytest.raises(AnchorFailed, match="remembers 20 entries, and this ledger has 19 signed"):
        file_anchor.deliver(anchor, parcel(tmp_path, 19))
    with pytest.raises(AnchorFailed, match="two trees were signed"):
        file_anchor.deliver(anchor, parcel(tmp_path, 20, FORK))


def test_a_folder_that_is_not_what_it_should_be(tmp_path: Path) -> None:
    """It is not there; it is on the disk of the ledger; it is a link; it cannot be written; a file is damaged."""
    anchor = folder_anchor(tmp_path)
    strict = AnchorSettings(kind="file", target="worm")
    with pytest.raises(AnchorFailed, match="on the file system of the ledger"):
        file_anchor.deliver(strict, parcel(tmp_path))
    with pytest.raises(AnchorFailed, match="is it mounted"):
        file_anchor.deliver(AnchorSettings(kind="file", target="none"), parcel(tmp_path))
    with pytest.raises(AnchorFailed, match="is it mounted"):
        file_anchor.recall(tmp_path / "none", ORIGIN)
    own = tmp_path / "worm" / origin_hash(ORIGIN)
    own.symlink_to(tmp_path)
    with pytest.raises(AnchorFailed, match="cannot be written"):
        file_anchor.deliver(anchor, parcel(tmp_path))
    own.unlink()
    own.mkdir()
    for raw in (b"nonsense", LOG.note(19).raw):
        (own / f"{20:020d}").write_bytes(raw)
        with pytest.raises(AnchorFailed, match=r"is no checkpoint|is about 19"):
            file_anchor.recall(tmp_path / "worm", ORIGIN)


def test_a_webhook_gets_the_note(tmp_path: Path) -> None:
    """As it is signed; a short text is its receipt, anything else is none; a bad status is a failure."""
    with Receiver(always(200, b"kept as 17\n")) as receiver:
        anchor = AnchorSettings(kind="webhook", target=receiver.url)
        assert webhook.deliver(anchor, parcel(tmp_path)).receipt == "kept as 17"
        assert receiver.received[0].body == LOG.note(20).raw
        for body in (b"", b"\xff", b"\x1b[31m", b"a" * 5_000):
            receiver.behaviour = always(200, body)
            assert webhook.deliver(anchor, parcel(tmp_path)).receipt is None
        for status in (301, 400, 404, 500, 503):
            receiver.behaviour = always(status, b"secret")
            with pytest.raises(AnchorFailed, match=f"it answered {status}"):
                webhook.deliver(anchor, parcel(tmp_path))


def script(root: Path, text: str) -> list[str]:
    """A command in Python."""
    path = root / "program.py"
    path.write_text(text)
    return [sys.executable, str(path)]


def command_anchor_of(root: Path, text: str) -> AnchorSettings:
    """An anchor behind such a command."""
    target, *arguments = script(root, text)
    return AnchorSettings(kind="command", target=target, arguments=arguments)


@pytest.mark.real
def test_a_command_gets_the_note(tmp_path: Path) -> None:
    """On its standard input, in the folder of the home; what it prints is its receipt."""
    text = "import sys; open('got', 'wb').write(sys.stdin.buffer.read()); print('kept')"
    assert command_anchor.deliver(command_anchor_of(tmp_path, text), parcel(tmp_path)).receipt == "kept"
    assert (tmp_path / "got").read_bytes() == LOG.note(20).raw
    text = "import sys; print('no \\x1b[31m room', file=sys.stderr); sys.exit(3)"
    with pytest.raises(AnchorFailed, match=r"failed with exit code 3: no \?\[31m room"):
        command_anchor.deliver(command_anchor_of(tmp_path, text), parcel(tmp_path))
    with pytest.raises(AnchorFailed, match="cannot be started: No such file"):
        command_anchor.deliver(AnchorSettings(kind="command", target="/no/such"), parcel(tmp_path))


@pytest.mark.real
def test_a_command_that_hangs_or_floods(tmp_path: Path) -> None:
    """It is killed with all that it started, in time; what goes on behind its back is not waited for."""
    told = tmp_path / "pid"
    hanging = ["sh", "-c", f"sleep 1000 & echo $! > {told}; sleep 1000"]
    with pytest.raises(program.ProgramFailed, match=r"did not end within 1\.5 s"):
        program.run(hanging, b"", tmp_path, 1.5)
    give_up_s = time.monotonic() + 60
    while _lives(int(told.read_text())) and time.monotonic() < give_up_s:
        time.sleep(0.01)
    assert not _lives(int(told.read_text()))
    with pytest.raises(program.ProgramFailed, match="wrote more than"):
        program.run(["yes"], b"", tmp_path)
    assert program.run(["sh", "-c", "sleep 1000 & echo done"], b"", tmp_path).out == b"done\n"
    with pytest.raises(program.ProgramFailed, match=f"ended by signal {signal.SIGTERM}"):
        program.run(["sh", "-c", "kill $$"], b"", tmp_path)
    assert program.run(["cat"], b"x" * 1_000_000, tmp_path).out == b"x" * 1_000_000


def _lives(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


@pytest.mark.real
def test_a_command_that_remembers(tmp_path: Path) -> None:
    """It is told the origin and prints the newest note, or nothing."""
    (tmp_path / "note").write_bytes(LOG.note(9).raw)
    text = f"import sys; assert sys.stdin.read() == {ORIGIN + chr(10)!r}; print(open('note').read(), end='')"
    anchor = AnchorSettings(kind="command", target="true", recall=script(tmp_path, text))
    assert command_anchor.recall(anchor, ORIGIN, tmp_path) == LOG.note(9)
    (tmp_path / "note").write_text("")
    assert command_anchor.recall(anchor, ORIGIN, tmp_path) is None
    (tmp_path / "note").write_text("nonsense")
    with pytest.raises(AnchorFailed, match="no signatures"):
        command_anchor.recall(anchor, ORIGIN, tmp_path)


def witness_anchor(url: str, key: str = COSIGNER.verifier_key.text) -> AnchorSettings:
    """An anchor that is a witness."""
    return AnchorSettings(kind="witness", target=f"{url}/", key=key)


def test_a_witness_cosigns(tmp_path: Path) -> None:
    """From the size that it has, whatever we believe; each cosignature is verified, and read back it is the last."""
    server = WitnessServer(tmp_path / "w", LOG.signer.verifier_key)
    with Receiver(server.answer) as receiver:
        anchor = witness_anchor(receiver.url)
        assert witness_client.recall(anchor, ORIGIN, {}) is None
        for known, size, asked in ((0, 3, 1), (3, 20, 1), (5, 30, 2), (0, 30, 2), (30, 40, 1)):
            receiver.received.clear()
            taken = witness_client.deliver(anchor, parcel(tmp_path, size, known_size=known))
            assert taken.cosigned is not None
            assert parse_timed_signature(taken.cosigned.signature.signature)[0] == 1_700_000_000
            assert taken.cosigned.note.signatures == (*LOG.note(size).signatures, taken.cosigned.signature)
            assert len(receiver.received) == asked
        remembered = witness_client.recall(anchor, ORIGIN, {})
        assert remembered is not None
        assert remembered.text == LOG.note(40).text
        with pytest.raises(AnchorFailed, match="not cosigned by its key"):
            witness_client.recall(witness_anchor(receiver.url, OTHER.verifier_key.text), ORIGIN, {})


def test_a_witness_that_remembers_more(tmp_path: Path) -> None:
    """An older copy of the ledger, and one that goes on by itself, get no cosignature, and it is said why."""
    server = WitnessServer(tmp_path / "w", LOG.signer.verifier_key)
    with Receiver(server.answer) as receiver:
        anchor = witness_anchor(receiver.url)
        witness_client.deliver(anchor, parcel(tmp_path, 20))
        with pytest.raises(AnchorFailed, match="remembers 20 entries, and this ledger has 19 signed"):
            witness_client.deliver(anchor, parcel(tmp_path, 19))
        with pytest.raises(AnchorFailed, match="does not extend what it cosigned"):
            witness_client.deliver(anchor, parcel(tmp_path, 30, FORK))
        with pytest.raises(AnchorFailed, match=r"does not know this ledger or its key \(404\)"):
            witness_client.deliver(anchor, parcel(tmp_path, 30, TreeLog(origin="another.example")))
        with pytest.raises(AnchorFailed, match=r"does not know this ledger or its key \(403\)"):
            witness_client.deliver(anchor, parcel(tmp_path, 30, TreeLog(seed=bytes(32))))


def test_a_witness_that_lies(tmp_path: Path) -> None:
    """A cosignature of another key, of another checkpoint, none, too many, nonsense, a size that changes for ever."""
    note = LOG.note(20)
    good = COSIGNER.cosign(note.text, 5).line.encode()
    wrong = [
        (OTHER.cosign(note.text, 5).line.encode(), "no cosignature of its key"),
        (COSIGNER.cosign(LOG.note(19).text, 5).line.encode(), "is wrong"),
        (LOG.signer.sign(note.text).line.encode(), "no cosignature of its key"),
        (b"", "no cosignature of its key"),
        (b"nonsense\n", "no cosignature of its key"),
        (good + good.replace(b"w1", b"w3") * 20, "21 signatures, and one or two are expected"),
        (COSIGNER.cosign(note.text, 2**60).line.encode(), "a time that no clock tells"),
    ]
    with Receiver(always()) as receiver:
        anchor = witness_anchor(receiver.url)
        for body, why in wrong:
            receiver.behaviour = always(200, body)
            with pytest.raises(AnchorFailed, match=why):
                witness_client.deliver(anchor, parcel(tmp_path))
        for body, why in (
            (b"19", "without a size"),
            (b"", "without a size"),
            (b"3\n", "another size each time"),
        ):
            receiver.behaviour = always(409, body)
            with pytest.raises(AnchorFailed, match=why):
                witness_client.deliver(anchor, parcel(tmp_path))
        receiver.behaviour = always(200, OTHER.cosign(note.text, 5).line.encode() + good)
        taken = witness_client.deliver(anchor, parcel(tmp_path))
        assert taken.cosigned is not None
        assert [each.name for each in taken.cosigned.note.signatures] == [
            ORIGIN,
            OTHER.verifier_key.name,
            COSIGNER.verifier_key.name,
        ]
        receiver.behaviour = always(500, b"\x1b[31m")
        with pytest.raises(AnchorFailed, match="it answered 500"):
            witness_client.deliver(anchor, parcel(tmp_path))
        with pytest.raises(AnchorFailed, match="its key is none"):
            witness_client.deliver(witness_anchor(receiver.url, "nonsense"), parcel(tmp_path))


def test_a_witness_that_is_asked_once_more(tmp_path: Path) -> None:
    """It signs with another time; the cosignature that is there stays the one that is kept."""
    note = LOG.note(20)
    first = COSIGNER.cosign(note.text, 5)
    kept = Note(note.text, (*note.signatures, first))
    with Receiver(always(200, COSIGNER.cosign(note.text, 6).line.encode())) as receiver:
        taken = witness_client.deliver(witness_anchor(receiver.url), parcel(tmp_path)._replace(note=kept))
        assert taken.cosigned == (kept, first)
        wrong = Note(note.text, (*note.signatures, COSIGNER.cosign(LOG.note(19).text, 5)))
        with pytest.raises(AnchorFailed, match="kept has a cosignature that is wrong"):
            witness_client.deliver(witness_anchor(receiver.url), parcel(tmp_path)._replace(note=wrong))
        receiver.behaviour = always(200, OTHER.cosign(note.text, 6).line.encode())
        with pytest.raises(AnchorFailed, match="no cosignature of its key"):
            witness_client.deliver(witness_anchor(receiver.url), parcel(tmp_path)._replace(note=kept))


def test_a_witness_sees_the_signatures_of_the_log_alone(tmp_path: Path) -> None:
    """What others have cosigned before is not sent on."""
    note = LOG.note(20)
    kept = Note(note.text, (*note.signatures, OTHER.cosign(note.text, 5)))
    with Receiver(always(500)) as receiver:
        sent = parcel(tmp_path)._replace(note=kept, known_size=9)
        with pytest.raises(AnchorFailed):
            witness_client.deliver(witness_anchor(receiver.url), sent)
    request = parse_request(receiver.received[0].body)
    assert request == LOG.request(9, 20)
