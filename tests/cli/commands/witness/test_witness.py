"""`cronledger witness`: its key, the logs that it knows, checkpoints in files, and the server."""

from __future__ import annotations

import signal
import subprocess
from pathlib import Path

import pytest
import urllib3

from eventstore.proofs.files.consistency_file import ConsistencyFile
from eventstore.proofs.notes.note import COSIGNATURE, VerifierKey, parse_note, parse_verifier_key
from eventstore.proofs.notes.signing import verify_note
from eventstore.proofs.witnessing.request import parse_cosignatures
from tests.support.command import DEADLINE_S, call, start
from tests.support.tree_log import ORIGIN, TreeLog

LOG, FORK = TreeLog(), TreeLog("another story ")


@pytest.fixture
def state(tmp_path: Path) -> Path:
    """The folder of a witness that has a key and knows the log."""
    folder = tmp_path / "witness"
    assert (
        call("witness", "key", "generate", "--state", str(folder), "--name", "witness.example/w1").code == 0
    )
    assert call("witness", "trust", LOG.signer.verifier_key.text, "--state", str(folder)).code == 0
    return folder


def key_of(state: Path) -> VerifierKey:
    """Its public half, as it is given to others."""
    return parse_verifier_key(call("witness", "key", "show", "--state", str(state)).out.strip(), COSIGNATURE)


def test_a_key_is_made_once(state: Path) -> None:
    """It is shown; a second one is refused; a witness without one says what to do."""
    before = key_of(state)
    again = call("witness", "key", "generate", "--state", str(state), "--name", "another")
    assert (again.code, "left as it is" in again.err) == (2, True)
    assert key_of(state) == before
    document = call("witness", "key", "show", "--state", str(state), "--json").document
    assert document == {"key": before.text, "name": "witness.example/w1", "id": before.key_id.hex()}
    none = call("witness", "key", "show", "--state", str(state / "none"))
    assert (none.code, f"key generate --state {state / 'none'} --name" in " ".join(none.err.split())) == (
        2,
        True,
    )
    bad = call("witness", "key", "generate", "--state", str(state / "x"), "--name", "a name")
    assert (bad.code, "--name" in bad.err) == (2, True)
    (state / "key").chmod(0o644)
    assert "chmod 600" in call("witness", "key", "show", "--state", str(state)).err
    (state / "key").write_text("nonsense")
    assert call("witness", "key", "show", "--state", str(state)).code == 3


def test_a_log_is_trusted(state: Path) -> None:
    """By its key, under its name or another origin; what is no key of a log is refused."""
    key = LOG.signer.verifier_key
    assert "was trusted already" in call("witness", "trust", key.text, "--state", str(state)).out
    other = call("witness", "trust", key.text, "--origin", "another.example", "--state", str(state))
    assert "is trusted for another.example" in other.out
    for wrong in ("nonsense", key_of(state).text):
        assert call("witness", "trust", wrong, "--state", str(state)).code == 2
    assert call("witness", "trust", key.text, "--origin", "a b", "--state", str(state)).code == 2
    (state / "logs").write_text("nonsense\n")
    assert call("witness", "trust", key.text, "--state", str(state)).code == 3


def test_a_checkpoint_is_cosigned_by_files(state: Path, tmp_path: Path) -> None:
    """The first without a proof, the next with it or as a whole request; two stories never."""
    note, proof, request = tmp_path / "note", tmp_path / "proof", tmp_path / "request"

    def cosign(*arguments: str) -> tuple[int, bytes, str]:
        done = call("witness", "cosign", *arguments, "--state", str(state))
        return done.code, done.raw_out, done.err

    note.write_bytes(LOG.note(5).raw)
    code, raw, _ = cosign(str(note))
    assert code == 0
    assert verify_note(parse_note(raw), [key_of(state)]) == [key_of(state)]

    note.write_bytes(LOG.note(9).raw)
    code, _, told = cosign(str(note))
    assert (code, "ledger prove --from 5" in told) == (1, True)
    proof.write_bytes(ConsistencyFile(LOG.head(5), LOG.proof(5, 9), LOG.note(9)).raw)
    output = tmp_path / "cosigned"
    assert cosign(str(note), "--proof", str(proof), "-o", str(output))[0] == 0
    assert verify_note(parse_note(output.read_bytes()), [key_of(state)])
    assert cosign(str(note), "--proof", str(proof), "-o", str(output))[0] == 2
    assert cosign(str(note), "--force")[0] == 2
    assert cosign(str(note), "--proof", str(note))[0] == 1
    proof.write_bytes(ConsistencyFile(LOG.head(9), LOG.proof(9, 11), LOG.note(11)).raw)
    code, raw, _ = cosign(str(proof))
    assert (code, parse_note(raw).text) == (0, LOG.note(11).text)

    request.write_bytes(LOG.request(11, 20).raw)
    assert cosign(str(request))[0] == 0
    request.write_bytes(FORK.request(20, 30).raw)
    code, raw, told = cosign(str(request))
    assert (code, raw, "not cosigned" in told) == (1, b"", True)
    request.write_bytes(b"nonsense")
    assert cosign(str(request))[0] == 1


@pytest.mark.real
def test_a_witness_that_listens(state: Path) -> None:
    """A log is cosigned over HTTP, and what was cosigned is given out; a signal ends the server in order."""
    listening: subprocess.Popen[bytes] = start(
        "witness", "serve", "--state", str(state), "--listen", "127.0.0.1:0"
    )
    try:
        assert listening.stdout is not None
        line = listening.stdout.readline().decode()
        assert "witness of 1 log" in line
        url = line.rpartition(" ")[2].strip()
        with urllib3.PoolManager(timeout=DEADLINE_S, retries=False) as client:
            answer = client.request("POST", f"{url}/add-checkpoint", body=LOG.request(0, 9).raw)
            assert answer.status == 200
            assert verify_note(parse_cosignatures(answer.data, LOG.note(9)), [key_of(state)])
            told = client.request("POST", f"{url}/add-checkpoint", body=LOG.request(0, 20).raw)
            assert (told.status, told.data) == (409, b"9\n")
        assert f"cosigned {ORIGIN}, 9 leaves" in listening.stdout.readline().decode()
        listening.send_signal(signal.SIGTERM)
        assert listening.wait(DEADLINE_S) == 0
    finally:
        listening.kill()
        listening.communicate()


def test_where_it_cannot_listen(state: Path) -> None:
    """What is no address is refused, and so is a port that is in use or not ours; without a key nothing is tried."""
    for address in ("nonsense", "127.0.0.1:x", ":80", "127.0.0.1:99999", "192.0.2.1:80"):
        assert call("witness", "serve", "--state", str(state), "--listen", address).code == 2
    assert call("witness", "serve", "--state", str(state / "none")).code == 2


def test_what_a_witness_knows_is_shown(state: Path, tmp_path: Path) -> None:
    """Its key, each log, and what was cosigned last of it; a memory that is damaged is told."""

    def ask(*options: str) -> tuple[int, str]:
        done = call("witness", "status", "--utc", "--state", str(state), *options)
        return done.code, done.out + done.err

    assert "nothing was cosigned yet" in ask()[1]
    note = tmp_path / "note"
    note.write_bytes(LOG.note(5).raw)
    assert call("witness", "cosign", str(note), "--state", str(state)).code == 0
    code, told = ask()
    assert (code, "up to 5 leaves" in told, key_of(state).text in told) == (0, True, True)
    assert f"\nlog:  {ORIGIN}\n      up to 5 leaves, " in told
    document = call("witness", "status", "--json", "--state", str(state)).document
    (log,) = document["logs"]
    assert (log["origin"], log["size"], log["keys"]) == (ORIGIN, 5, [LOG.signer.verifier_key.text])
    (kept,) = (state / "checkpoints").iterdir()
    kept.write_bytes(b"nonsense")
    assert ask()[0] == 3
