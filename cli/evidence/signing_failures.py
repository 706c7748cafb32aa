"""What can go wrong with keys and checkpoints, in words and exit codes."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from cli.app.failures import ExitCode, Failure
from cli.terminal.printable import printable

if TYPE_CHECKING:
    from scheduler.evidence.signing.errors import StateDiffers

_CONTINUE = (
    "It is an older copy of the ledger, or another one. If it was restored for good, "
    "`cronledger ledger continue --reason TEXT` lets it go on under another name; docs/checkpoints.md tells more."
)

_STATE_LOST = (
    "Put it back from a copy that is not older than the newest checkpoint. If there is none, "
    "`cronledger ledger verify --anchor` says whether the ledger is what is remembered elsewhere; then move the file "
    "away: without it the signer remembers only what the kept checkpoints and the anchors do."
)


@contextmanager
def signing_explained() -> Iterator[None]:
    """Turn the errors of keys and signing into failures for people."""
    from eventstore.proofs.errors import InvalidKey
    from scheduler.evidence.keys.creation import HasKey
    from scheduler.evidence.keys.errors import KeyMissing, KeyUnusable, NoLedgerKey
    from scheduler.evidence.signing.errors import (
        NotAnExtension,
        OriginDiffers,
        SigningRefused,
        StateDiffers,
        StateUnusable,
    )

    try:
        with checkpoints_explained():
            yield
    except NoLedgerKey:
        raise no_key() from None
    except HasKey as problem:
        raise Failure(
            f"this ledger has a key: {problem.vkey}", "`cronledger ledger key rotate` replaces it."
        ) from None
    except KeyMissing as problem:
        raise Failure(
            f"{problem}: nothing was signed",
            "Put it back from where a copy of it is kept. Without it nobody can sign this ledger under its name.",
        ) from None
    except KeyUnusable as problem:
        raise Failure(f"the key cannot be used: {problem}") from None
    except InvalidKey as problem:
        raise Failure(f"this is not the public key of this ledger: {problem}") from None
    except NotAnExtension as problem:
        raise Failure(f"not signed: {problem}", _CONTINUE, ExitCode.LEDGER) from None
    except StateDiffers as problem:
        raise Failure(f"not signed: {problem}", _state_hint(problem), ExitCode.LEDGER) from None
    except StateUnusable as problem:
        raise Failure(f"not signed: {problem}", _STATE_LOST, ExitCode.LEDGER) from None
    except OriginDiffers as problem:
        raise Failure(
            f"not signed: {problem}",
            "The name is fixed by the first key: take `origin` out of the config, or write the ledger's own.",
        ) from None
    except SigningRefused as problem:
        raise Failure(
            f"not signed: {problem}",
            "`cronledger ledger verify` says what fits the entries and what does not.",
            ExitCode.LEDGER,
        ) from None


def _state_hint(problem: StateDiffers) -> str:
    from scheduler.evidence.keys.origin import is_earlier

    if is_earlier(problem.origin, problem.told):
        return f"{_CONTINUE} Do that until its name is one under which nothing was signed."
    return (
        f"{problem.path} is of another ledger: a key and its state are those of one ledger. "
        "Name another file with `ledger: key:` in the config, or put the state of this ledger back."
    )


@contextmanager
def checkpoints_explained() -> Iterator[None]:
    """Turn what is wrong with a kept checkpoint into a failure for people."""
    from eventstore.proofs.kept_checkpoints import DamagedCheckpoint, OtherCheckpoint

    try:
        yield
    except (DamagedCheckpoint, OtherCheckpoint) as problem:
        raise Failure(
            f"a kept checkpoint is damaged: {printable(str(problem))}",
            "`cronledger ledger verify` says what else is. If nothing is, move this file away: each checkpoint also "
            "stands in its entry, `checkpoint.signed`.",
            ExitCode.LEDGER,
        ) from None


def no_key() -> Failure:
    """A ledger that has no key."""
    return Failure(
        "this ledger has no key, so nothing of it is signed", "`cronledger ledger key generate` makes one."
    )
