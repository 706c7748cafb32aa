"""The folder of a witness, as its commands take it, and what is said when it cannot be used."""

from __future__ import annotations

import shlex
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click

from cli.app.failures import ExitCode, Failure
from cli.terminal.printable import printable

if TYPE_CHECKING:
    from eventstore.proofs.notes.signing import Cosigner
    from scheduler.evidence.witness.folder import WitnessFolder
    from scheduler.evidence.witness.witness import Witness

state_option = click.option(
    "--state",
    "state",
    type=click.Path(file_okay=False, path_type=Path),
    required=True,
    metavar="DIR",
    help="The folder of the witness: its key, the logs that it knows, what it cosigned last.",
)


@contextmanager
def witness_folder(state: Path) -> Iterator[WitnessFolder]:
    """The folder, while the context lasts; what is wrong with it becomes words.

    Raises:
        Failure: something in it is damaged, or another process holds its lock.
    """
    from eventstore.errors import LockHeld
    from scheduler.evidence.witness.folder import DamagedWitness, WitnessFolder

    try:
        yield WitnessFolder(state.absolute())
    except DamagedWitness as problem:
        raise Failure(
            f"what the witness keeps is damaged: {problem}",
            "Nothing was cosigned. Restore the file; without what was cosigned last, a witness vouches for nothing.",
            ExitCode.LEDGER,
        ) from None
    except LockHeld as held:
        raise Failure(
            f"another process uses the folder of the witness: gave up after {held.waited_s:g} s",
            "Let it come to its end, or end it, then try again.",
            ExitCode.FAILED,
        ) from None


def key_of(folder: WitnessFolder) -> Cosigner:
    """The key of the witness.

    Raises:
        Failure: there is none, or it is damaged.
    """
    from eventstore.proofs.errors import InvalidKey
    from eventstore.proofs.notes.signing import Cosigner

    try:
        return Cosigner.parse(folder.read_key())
    except FileNotFoundError:
        raise Failure(
            f"there is no key in {printable(str(folder.path))}",
            f"`cronledger witness key generate --state {shlex.quote(printable(str(folder.path)))} --name NAME`"
            " makes one.",
        ) from None
    except InvalidKey as problem:
        raise Failure(
            f"{printable(str(folder.key_file))} is no key of a witness: {problem}",
            "Restore it: another key is another witness.",
            ExitCode.LEDGER,
        ) from None


def opened_witness(folder: WitnessFolder) -> Witness:
    """The witness with its key.

    Raises:
        Failure: see `key_of`.
    """
    from scheduler.evidence.witness.witness import Witness

    return Witness(folder, key_of(folder), time.time)
