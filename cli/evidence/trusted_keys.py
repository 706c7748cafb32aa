"""The options by which a person gives keys that came from elsewhere, and what these texts mean."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, TypeVar

import click

if TYPE_CHECKING:
    from eventstore.proofs.notes.note import VerifierKey

_Command = TypeVar("_Command", bound=Callable[..., Any] | click.Command)

witness_option = click.option(
    "--witness",
    "witnesses",
    multiple=True,
    metavar="VKEY",
    help="The key of a witness that is trusted, got from that witness. May be given again.",
)


def key_option(*, required: bool) -> Callable[[_Command], _Command]:
    """`--key`."""
    return click.option(
        "--key",
        "keys",
        multiple=True,
        required=required,
        metavar="VKEY",
        help="A key that is trusted, as NAME+ID+KEY, got from elsewhere. May be given again.",
    )


def trusted_keys(texts: Sequence[str]) -> list[VerifierKey]:
    """The keys that were given with `--key`.

    Raises:
        click.BadParameter: one is not written as keys are.
    """
    from eventstore.proofs.notes.note import ED25519

    return _parsed(texts, ED25519, "--key")


def trusted_witnesses(texts: Sequence[str]) -> list[VerifierKey]:
    """The keys that were given with `--witness`.

    Raises:
        click.BadParameter: one is not written as keys of witnesses are.
    """
    from eventstore.proofs.notes.note import COSIGNATURE

    return _parsed(texts, COSIGNATURE, "--witness")


def _parsed(texts: Sequence[str], algorithm: int, option: str) -> list[VerifierKey]:
    from eventstore.proofs.errors import InvalidKey
    from eventstore.proofs.notes.note import parse_verifier_key

    found = []
    for text in texts:
        try:
            found.append(parse_verifier_key(text.strip(), algorithm))
        except InvalidKey as problem:
            raise click.BadParameter(str(problem), param_hint=option) from None
    return found
