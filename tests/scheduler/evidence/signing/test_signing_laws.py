"""Lives of a signed ledger: crashes at every step, rotations, restores; and the one law that holds in all of them."""

from __future__ import annotations

import contextlib
import random
import shutil
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from eventstore.proofs import kept_checkpoints
from eventstore.proofs.notes.checkpoint import parse_checkpoint
from eventstore.proofs.notes.note import Note
from scheduler.evidence.keys.errors import KeyUnusable
from scheduler.evidence.signing import rotation, signer
from scheduler.evidence.signing.errors import SigningRefused
from scheduler.evidence.signing.restore import continue_ledger
from scheduler.ledger.open import open_ledger
from scheduler.rules.laws.ledger_laws import illegal_entries
from tests.support.keyed_home import PERSON, KeyedHome

STEPS = ((signer, "write_state"), (signer, "signed_note"), (kept_checkpoints, "keep"), (signer, "_record"))
"""What a crash can come before or behind."""


class Crash(BaseException):
    """The process is gone: nothing may catch this."""


class Life:
    """A ledger and all that was ever signed of it, in order: under which name, and the lines that it covers."""

    def __init__(self, folder: Path, seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
        self.random = random.Random(seed)
        self.folder, self.patch = folder, monkeypatch
        self.home = KeyedHome(folder / "home")
        self.home.create_key()
        self.signed: list[tuple[str, list[bytes]]] = []
        self.backups: list[Path] = []
        self.refused = 0
        real: Callable[..., Note] = vars(signer)["signed_note"]
        monkeypatch.setattr(signer, "signed_note", lambda *given: self.noted(real(*given)))

    def noted(self, note: Note) -> Note:
        """Whatever becomes of a signature, it was given."""
        checkpoint = parse_checkpoint(note.text)
        segments = sorted(self.home.home.ledger.glob("*.jsonl"))
        lines = b"".join(path.read_bytes() for path in segments).split(b"\n")
        self.signed.append((checkpoint.origin, lines[: checkpoint.head.size]))
        return note

    def live(self, events: int) -> None:
        """So many things happen."""
        whatever = (
            self.record,
            self.record,
            self.sign,
            self.sign,
            self.crash,
            self.rotate,
            self.back_up,
            self.restore,
        )
        for _ in range(events):
            self.random.choice(whatever)()

    def record(self) -> None:
        """Something is recorded."""
        self.home.record(self.random.randint(1, 3))

    def sign(self) -> None:
        """It is signed; if that is refused, the ledger perhaps goes on under another name."""
        try:
            self.home.sign()
        except (SigningRefused, KeyUnusable):
            self.refused += 1
            if self.random.random() < 0.5:
                self.go_on()

    def crash(self) -> None:
        """It is signed by a process that is gone before or behind a step."""
        where, step = self.random.choice(STEPS)
        before = self.random.random() < 0.5
        real = getattr(where, step)

        def dying(*given: Any, **more: Any) -> None:
            if not before:
                real(*given, **more)
            raise Crash

        with self.patch.context() as patch, contextlib.suppress(Crash):
            patch.setattr(where, step, dying)
            self.sign()

    def rotate(self) -> None:
        """Another key signs from here on."""
        ledger = open_ledger(self.home.home, PERSON)
        with closing(ledger.store), contextlib.suppress(SigningRefused, KeyUnusable):
            rotation.rotate_key(self.home.home, ledger, self.home.place, PERSON, None)

    def back_up(self) -> None:
        """The ledger is copied."""
        self.backups.append(self.folder / f"backup-{len(self.backups)}")
        shutil.copytree(self.home.home.ledger, self.backups[-1])

    def restore(self) -> None:
        """An older copy takes its place; what the signer remembers stays."""
        if self.backups:
            shutil.rmtree(self.home.home.ledger)
            shutil.copytree(self.random.choice(self.backups), self.home.home.ledger)

    def go_on(self) -> None:
        """It goes on under another name."""
        ledger = open_ledger(self.home.home, PERSON)
        with closing(ledger.store):
            continue_ledger(self.home.home, ledger, self.home.place, "restored", PERSON, None)


def test_no_two_trees_of_one_name_are_signed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, hunt: bool
) -> None:
    """Under each name, whatever was signed later begins with all that was signed before."""
    signed = refused = 0
    for seed in range(300 if hunt else 12):
        with monkeypatch.context() as patch:
            life = Life(tmp_path / str(seed), seed, patch)
            life.live(40)
        newest: dict[str, list[bytes]] = {}
        for origin, lines in life.signed:
            before = newest.get(origin, [])
            assert lines[: len(before)] == before, (seed, origin, len(before), len(lines))
            newest[origin] = lines
        assert list(illegal_entries(life.home.entries())) == [], seed
        signed += len(life.signed)
        refused += life.refused
    assert signed > 50
    assert refused > 5
