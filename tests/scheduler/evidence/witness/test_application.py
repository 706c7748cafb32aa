"""The witness over HTTP, by the specification's cases, without a socket."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, MutableMapping
from pathlib import Path
from typing import Any

import pytest

from eventstore.proofs.notes.checkpoint import origin_hash
from eventstore.proofs.notes.note import Note
from eventstore.proofs.notes.signing import Cosigner, verify_note
from eventstore.proofs.witnessing.request import REQUEST_BYTES_MAX, AddCheckpoint, parse_cosignatures
from scheduler.evidence.witness.application import Response, WitnessApplication
from scheduler.evidence.witness.folder import WitnessFolder
from scheduler.evidence.witness.witness import Witness
from tests.support.disks import FastDisk
from tests.support.tree_log import ORIGIN, TreeLog

LOG, FORK = TreeLog(), TreeLog("another story ")
COSIGNER = Cosigner("witness.example/w1", bytes(range(32, 64)))


class Asked:
    """An application, and what it told."""

    def __init__(self, path: Path) -> None:
        folder = WitnessFolder(path, FastDisk())
        folder.trust(ORIGIN, LOG.signer.verifier_key)
        self.told: list[str] = []
        witness = Witness(folder, COSIGNER, lambda: 1_700_000_000)
        self.application = WitnessApplication(witness, folder, self.told.append)

    def ask(self, method: str, path: str, *parts: bytes) -> Response:
        """Send a request, its body in parts."""
        messages: Iterator[dict[str, Any]] = iter(
            [{"type": "http.request", "body": part, "more_body": True} for part in parts]
            + [{"type": "http.request", "body": b"", "more_body": False}]
        )
        sent: list[MutableMapping[str, Any]] = []

        async def receive() -> MutableMapping[str, Any]:
            return next(messages)

        async def send(message: MutableMapping[str, Any]) -> None:
            sent.append(message)

        asyncio.run(self.application({"type": "http", "method": method, "path": path}, receive, send))
        headers = dict(sent[0]["headers"])
        assert int(headers[b"content-length"]) == len(sent[1]["body"])
        return Response(sent[0]["status"], sent[1]["body"], headers[b"content-type"].decode())

    def add(self, request: AddCheckpoint) -> Response:
        """Send a checkpoint."""
        return self.ask("POST", "/add-checkpoint", request.raw)


@pytest.fixture
def asked(tmp_path: Path) -> Asked:
    """An application that knows one log."""
    return Asked(tmp_path)


def test_the_specification_s_answers(asked: Asked) -> None:
    """Each status that tlog-witness names, with the content that it names."""
    assert asked.add(TreeLog(origin="another.example").request(0, 3)).status == 404
    assert asked.add(TreeLog(seed=bytes(32)).request(0, 3)).status == 403
    wrong = LOG.note(3)._replace(text=LOG.note(4).text)
    assert asked.add(AddCheckpoint(0, (), wrong)).status == 403
    assert asked.add(AddCheckpoint(0, (bytes(32),), LOG.note(3))).status == 422
    assert asked.add(AddCheckpoint(4, (), LOG.note(3))).status == 400
    assert asked.add(AddCheckpoint(2, (), LOG.note(3))) == Response(409, b"0\n", "text/x.tlog.size")

    answer = asked.add(LOG.request(0, 3))
    assert answer.status == 200
    cosigned = parse_cosignatures(answer.body, LOG.note(3))
    assert verify_note(cosigned, [COSIGNER.verifier_key]) == [COSIGNER.verifier_key]

    assert asked.add(LOG.request(0, 20)) == Response(409, b"3\n", "text/x.tlog.size")
    assert asked.add(FORK.request(3, 20)).status == 422
    assert asked.add(AddCheckpoint(3, (), FORK.note(3))).status == 422
    assert asked.add(LOG.request(3, 20)).status == 200
    assert asked.ask("POST", "/add-checkpoint", b"old 3\n").status == 400
    assert len([line for line in asked.told if line.startswith("cosigned")]) == 2


def test_what_was_cosigned_last_is_given_out(asked: Asked) -> None:
    """With the signature of the log and the cosignature, by the hash of the origin; nothing before there is one."""
    page = f"/{origin_hash(ORIGIN)}/checkpoint"
    assert asked.ask("GET", page).status == 404
    asked.add(LOG.request(0, 3))
    answer = asked.add(LOG.request(3, 20))
    note = LOG.note(20)
    signed = Note(note.text, note.signatures)
    assert asked.ask("GET", page) == Response(200, parse_cosignatures(answer.body, signed).raw)
    assert asked.ask("GET", f"/{origin_hash('another')}/checkpoint").status == 404


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/add-checkpoint", 405),
        ("POST", f"/{origin_hash(ORIGIN)}/checkpoint", 405),
        ("GET", "/", 404),
        ("GET", f"/{'A' * 64}/checkpoint", 404),
        ("GET", "/../key", 404),
        ("POST", "/x/add-checkpoint", 404),
    ],
)
def test_what_else_is_asked(asked: Asked, method: str, path: str, status: int) -> None:
    """There is nothing but the two pages."""
    assert asked.ask(method, path).status == status


def test_a_request_in_parts_and_one_without_end(asked: Asked) -> None:
    """The parts of a body are put together; of one that is longer than any request no more is taken."""
    raw = LOG.request(0, 3).raw
    assert asked.ask("POST", "/add-checkpoint", raw[:10], b"", raw[10:]).status == 200
    part = bytes(100_000)
    assert asked.ask("POST", "/add-checkpoint", *[part] * (REQUEST_BYTES_MAX // len(part) + 2)).status == 413


def test_a_folder_that_cannot_be_used_is_said(asked: Asked, tmp_path: Path) -> None:
    """The client is told that it failed, the owner why; nothing is cosigned."""
    (tmp_path / "logs").write_text("nonsense\n")
    assert asked.add(LOG.request(0, 3)) == Response(500, b"the witness cannot use what it keeps\n")
    assert "logs: line 1" in asked.told[-1]
