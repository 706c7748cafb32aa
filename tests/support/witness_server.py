"""A witness that answers through a `Receiver`."""

from __future__ import annotations

from pathlib import Path

from eventstore.proofs.notes.note import VerifierKey
from eventstore.proofs.notes.signing import Cosigner
from scheduler.evidence.witness.application import WitnessApplication
from scheduler.evidence.witness.folder import WitnessFolder
from scheduler.evidence.witness.witness import Witness
from tests.support.disks import FastDisk
from tests.support.receiver import Reply, Request

COSIGNER = Cosigner("witness.example/w1", bytes(range(32, 64)))


class WitnessServer:
    """A witness with its application; its `answer` is the behaviour of a receiver.

    Attributes:
        folder: what it keeps.
        application: what answers.
    """

    def __init__(self, path: Path, *logs: VerifierKey) -> None:
        self.folder = WitnessFolder(path, FastDisk())
        for key in logs:
            self.folder.trust(key.name, key)
        witness = Witness(self.folder, COSIGNER, lambda: 1_700_000_000)
        self.application = WitnessApplication(witness, self.folder, lambda _: None)

    def answer(self, request: Request) -> Reply:
        """As the application answers."""
        if request.method == "GET":
            raw = self.folder.last_raw(request.path.split("/")[1])
            return Reply(404) if raw is None else Reply(200, raw)
        response = self.application.add_checkpoint(request.body)
        return Reply(response.status, response.body, (("Content-Type", response.content_type),))
