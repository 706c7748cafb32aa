"""`ledger key sign`: the command that signs, for a key that another user keeps."""

from __future__ import annotations

from pathlib import Path

import click

from cli.app.failures import ExitCode, Failure
from cli.app.input_file import piped_bytes
from cli.evidence.signing_failures import signing_explained
from cli.terminal.console import out, out_bytes
from cli.terminal.printable import printable


@click.command("sign", epilog="Example: cronledger ledger key sign /home/signer/key < checkpoint")
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@click.option(
    "--new", "name", metavar="NAME", help="Make a key for the ledger of this name, and show its public half."
)
@click.option(
    "--rotates", is_flag=True, help="Sign another key for the ledger too, as `key rotate` asks for."
)
def key_sign(file: Path, name: str | None, rotates: bool) -> None:
    """Sign the text on standard input with the private key in FILE, and print the signature line.

    It is meant for a user that the jobs cannot become: `ledger: key: {command: [sudo, -n, -u, signer, cronledger,
    ledger, key, sign, FILE]}`. It needs no home. Only checkpoints of the ledger that the key is for are signed. The
    largest one is remembered in FILE.signed: none that is smaller is signed, and no second one of that size.

    Exit code 1 if the text is not signed, 2 if the key cannot be used.
    """
    from eventstore.proofs.errors import InvalidKey
    from eventstore.proofs.notes.signing import Signer
    from scheduler.evidence.keys.agent import TEXT_BYTES_MAX, NotSigned, sign_as_agent
    from scheduler.evidence.keys.key_file import keep_key

    if name is not None:
        try:
            signer = Signer.generate(name)
            keep_key(Path(file), signer)
        except InvalidKey as problem:
            raise Failure(str(problem)) from None
        except FileExistsError:
            raise Failure(f"there is a file {printable(str(file))}: nothing was written") from None
        out(signer.verifier_key.text)
        return
    raw = piped_bytes("the text of a checkpoint", TEXT_BYTES_MAX)
    if len(raw) > TEXT_BYTES_MAX:
        raise Failure(f"not signed: it is longer than {TEXT_BYTES_MAX:,} bytes", exit_code=ExitCode.FAILED)
    with signing_explained():
        try:
            signature = sign_as_agent(file, raw.decode("utf-8"), rotates=rotates)
        except (NotSigned, UnicodeDecodeError) as problem:
            raise Failure(f"not signed: {problem}", exit_code=ExitCode.FAILED) from None
    out_bytes(signature.line.encode())
