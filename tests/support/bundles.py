"""Evidence bundles of made-up homes whose checkpoints are signed, and bundles that somebody has altered with care."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Mapping
from contextlib import redirect_stdout
from pathlib import Path

import rfc3161_client

from cli.evidence.bundle import verify
from cli.evidence.bundle.bundle_zip import MANIFEST, BundleZip
from eventstore.proofs.base64_text import in_base64
from eventstore.proofs.kept_checkpoints import keep, read
from eventstore.proofs.merkle_tree import TreeHead
from eventstore.proofs.notes.checkpoint import Checkpoint, log_signed
from eventstore.proofs.notes.note import Note
from eventstore.proofs.notes.signing import Cosigner, Signer
from scheduler import vocabulary as v
from tests.support.command import Answer, call
from tests.support.merkle_oracle import tree_hash
from tests.support.output import HandWritten
from tests.support.receiver import Request
from tests.support.signed_ledger import lines_of
from tests.support.time_stamper import TimeStamper

ORIGIN = "cronledger/test"
SIGNER = Signer(ORIGIN, bytes(32))
KEY = SIGNER.verifier_key.text
WITNESS = Cosigner("witness.example/w", b"\1" * 32)
WITNESS_KEY = WITNESS.verifier_key.text
WITNESSED_S = 1_795_000_000
Members = dict[str, bytes]


class SignedHome(HandWritten):
    """A home whose checkpoints are signed by hand, with key `KEY`."""

    def __init__(self, root: Path) -> None:
        super().__init__(root)
        self.define("nightly")
        self.define("weekly")
        self.record(v.KeyCreated(origin=ORIGIN, vkey=KEY), actor="user:ada@host")

    def run(self, job: str = "nightly", printed: bytes = b"done\n") -> int:
        """A run, which takes a minute; its number."""
        run = self.begin(job)
        self.wait(minutes=1)
        self.put(run, printed)
        self.end(run)
        return run

    @property
    def lines(self) -> list[bytes]:
        """The lines of the ledger, without LF."""
        return lines_of(self.home.ledger)

    def sign(self, *, cosigned: bool = False) -> int:
        """Sign a checkpoint of all entries, and have it cosigned; its size."""
        lines = self.lines
        keep(self.home.ledger, signed_note(lines, cosigned=cosigned).raw)
        return len(lines)

    def stamp(self, stamper: TimeStamper, size: int) -> None:
        """Have a checkpoint that is kept stamped, and record that."""
        kept = read(self.home.ledger, size)
        assert kept is not None
        query = rfc3161_client.TimestampRequestBuilder().data(log_signed(kept.note, kept.checkpoint).raw)
        query = query.hash_algorithm(rfc3161_client.HashAlgorithm.SHA256).cert_request(cert_request=True)
        reply = stamper.answer(Request("POST", "/", {}, query.build().as_bytes()))
        self.record(
            v.CheckpointAnchored(
                size=size, anchor="timestamp http://t.example/", receipt=in_base64(reply.body)
            )
        )

    def bundle(self, *options: str, name: str = "bundle.zip") -> Path:
        """A bundle, by the command."""
        path = self.home.root.parent / name
        answer = self.ask("--from", "2026-11-01", "--to", "2026-12-01", "-o", str(path), *options)
        assert answer.code == 0, answer
        return path

    def ask(self, *options: str) -> Answer:
        """What `audit bundle` answers."""
        return call("audit", "bundle", *options, home=self.home.root)


def stamp_of(stamper: TimeStamper, data: bytes) -> bytes:
    """A time stamp of some bytes."""
    query = rfc3161_client.TimestampRequestBuilder().data(data)
    query = query.hash_algorithm(rfc3161_client.HashAlgorithm.SHA256).cert_request(cert_request=True)
    return stamper.answer(Request("POST", "/", {}, query.build().as_bytes())).body


def signed_note(lines: list[bytes], *, cosigned: bool = False, origin: str = ORIGIN) -> Note:
    """A checkpoint of these entries."""
    text = Checkpoint(origin, TreeHead(len(lines), tree_hash(lines))).text
    note = Note(text, (SIGNER.sign(text),))
    return Note(text, (*note.signatures, WITNESS.cosign(text, WITNESSED_S))) if cosigned else note


def members_of(path: Path) -> Members:
    """The members of a bundle but for its manifest."""
    with zipfile.ZipFile(path) as bundle:
        return {name: bundle.read(name) for name in bundle.namelist() if name != MANIFEST}


def entries_in(path: Path) -> list[bytes]:
    """The entries in a bundle."""
    members = members_of(path)
    return [line for name in members if name.startswith("entries/") for line in members[name].splitlines()]


def zipped(members: Mapping[str, bytes], path: Path) -> Path:
    """A bundle with these members, its manifest and all its checksums anew."""
    with path.open("w+b") as file:
        bundle = BundleZip(file)
        for name, content in members.items():
            bundle.add(name, [content])
        bundle.close()
    return path


def verified(path: Path, *options: str) -> tuple[int, str]:
    """The exit code of `verify.py`, and what it says."""
    said = io.StringIO()
    with redirect_stdout(said):
        code = verify.main([str(path), *options])
    return code, said.getvalue()
